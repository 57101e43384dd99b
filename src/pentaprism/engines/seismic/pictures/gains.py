"""Gains for display. They look at whole traces, so that windows of a section agree with each other."""

import math

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.formats.section import Rows, Section
from pentaprism.engines.seismic.pictures.parameters import TileParameters

# Without a known interval the window of the AGC has the samples that it would have at this one.
USUAL_INTERVAL_US = 4000.0


def read_gained(section: Section, traces: npt.NDArray[np.int64], first_sample: int, samples: int, parameters: TileParameters) -> Rows:
    """Samples of any traces [n, samples] with gain and polarity."""
    if parameters.gain in ("agc", "trace"):
        rows = gained(section.pick(traces), section, parameters)[:, first_sample : first_sample + samples]
    else:
        rows = gained(section.pick(traces, first_sample, samples), section, parameters, first_sample)
    return rows * np.float32(parameters.sign)


def gained(rows: Rows, section: Section, parameters: TileParameters, first_sample: int = 0) -> Rows:
    """``rows`` [n, samples] with the gain of ``parameters``; whole traces for agc and trace."""
    match parameters.gain:
        case "trace":
            rms = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64) / rows.shape[1])
            return (rows / np.where(rms > 0, rms, 1)[:, None]).astype(np.float32)
        case "agc":
            return _agc(rows, parameters.agc_ms * 1000 / (section.interval_us or USUAL_INTERVAL_US))
        case "t2":
            step = (section.interval_us or USUAL_INTERVAL_US) / 1e6
            times = section.delay_ms / 1000 + step * (first_sample + np.arange(rows.shape[1]))
            return (rows * times**2).astype(np.float32)
    return rows


def _agc(rows: Rows, window: float) -> Rows:
    """Divide by the RMS in a centred window, cut at the ends of the trace."""
    peak = float(np.abs(rows).max(initial=0))
    if peak == 0:
        return rows
    scaled = rows / np.float32(peak)
    length = min(2 * math.ceil(max(window, 3) / 2) + 1, 2 * rows.shape[1] + 1)
    share = cv2.blur(np.ones((1, rows.shape[1]), np.float32), (length, 1), borderType=cv2.BORDER_CONSTANT)
    power = cv2.blur(scaled * scaled, (length, 1), borderType=cv2.BORDER_CONSTANT) / share
    rms = np.sqrt(np.maximum(power, 0))
    leveled: Rows = np.divide(scaled, rms, out=np.zeros_like(scaled), where=rms > 1e-6)
    return leveled
