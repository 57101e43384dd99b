"""The window of a section that a picture shows, reduced to its pixels."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.errors import ParameterError
from pentaprism.engines.seismic.formats.section import Rows, Section
from pentaprism.engines.seismic.gathers import Gathers
from pentaprism.engines.seismic.pictures.gains import read_gained
from pentaprism.engines.seismic.pictures.limits import CHUNK_SAMPLES, Magnitudes
from pentaprism.engines.seismic.pictures.parameters import PreviewParameters

TRACES_A_PIXEL = 4
# Samples that one picture reads at most, beyond a trace a column.
MOST_READ = 64_000_000


@dataclass(frozen=True, slots=True)
class Window:
    """Neighbouring traces and samples."""

    first_trace: int
    traces: int
    first_sample: int
    samples: int


def window_of(section: Section, parameters: PreviewParameters, gathers: Gathers | None) -> Window:
    """The window that parameters ask for; ParameterError when it does not lie inside the section."""
    if parameters.gather is not None:
        if gathers is None:
            raise ParameterError("gather", "The section has no gathers")
        first, traces = gathers.span(parameters.gather)
    else:
        first, traces = _part("first_trace", "traces", parameters.first_trace, parameters.traces, section.traces)
    first_sample, samples = _part("first_sample", "samples", parameters.first_sample, parameters.samples, section.samples)
    return Window(first, traces, first_sample, samples)


def _part(first_name: str, count_name: str, first: int | None, count: int | None, total: int) -> tuple[int, int]:
    first = 0 if first is None else first
    if not 0 <= first < total:
        raise ParameterError(first_name, f"Must lie between 0 and {total - 1}")
    count = total - first if count is None else count
    if not 1 <= count <= total - first:
        raise ParameterError(count_name, f"Must lie between 1 and {total - first}")
    return first, count


def columns_of(window: Window, width: int) -> npt.NDArray[np.int64]:
    """Traces behind each of ``width`` columns, [width, up to 4]; a column that is narrower than a trace shows the nearest one."""
    each = min(TRACES_A_PIXEL, math.ceil(window.traces / width), max(1, MOST_READ // (window.samples * width)))
    places = (np.arange(width)[:, None] + (np.arange(each) + 0.5) / each) * (window.traces / width)
    return window.first_trace + np.minimum(places.astype(np.int64), window.traces - 1)


def reduced(section: Section, window: Window, width: int, height: int, parameters: PreviewParameters) -> tuple[Rows, float]:
    """Amplitudes [height, width] of a window, and its clip limit. Reads at most four traces a column."""
    columns = columns_of(window, width)
    traces, places = np.unique(columns, return_inverse=True)
    magnitudes = Magnitudes(traces.size, window.samples)
    thin = np.empty((traces.size, height), np.float32)
    step = max(1, CHUNK_SAMPLES // window.samples)
    for at in range(0, traces.size, step):
        rows = read_gained(section, traces[at : at + step], window.first_sample, window.samples, parameters)
        magnitudes.add(rows)
        thin[at : at + step] = resampled(rows, height)
    means = thin[places.reshape(columns.shape)].mean(axis=1) if columns.shape[1] > 1 else thin[places.reshape(-1)]
    return np.ascontiguousarray(means.T), magnitudes.limit(parameters.clip)


def resampled(rows: Rows, length: int) -> Rows:
    """Traces [n, samples] at ``length`` points: means over cells where there are fewer, linear in between where there are more."""
    if rows.shape[1] == length:
        return rows
    kind = cv2.INTER_AREA if length < rows.shape[1] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(rows, (length, rows.shape[0]), interpolation=kind), np.float32).reshape(rows.shape[0], length)
