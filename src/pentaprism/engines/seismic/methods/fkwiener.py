"""Two-stage Wiener filter in the f-k domain of overlapping windows of several sizes.

The first stage drops coefficients below some noise deviations in every window size and averages; the second weighs the coefficients of the
noisy data by the power of that estimate, as in collaborative filtering (Dabov et al., IEEE Trans. Image Process. 16 (2007)) but with
windows in place of groups of similar blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import fft

from pentaprism.engines.seismic.methods.arrays import Array, Check
from pentaprism.engines.seismic.methods.windows import Blend, Tiling, taper_2d

WINDOWS = ((8, 32), (12, 48), (16, 32), (32, 32))


@dataclass(frozen=True)
class Settings:
    """``windows`` = (traces, samples) each; ``strength`` of the first threshold in noise deviations; ``batch`` windows a step."""

    windows: Sequence[tuple[int, int]] = WINDOWS
    overlap: float = 0.75
    strength: float = 2.7
    batch: int = 8


def denoise(data: Array, sigma: float, settings: Settings, check: Check) -> Array:
    """``data`` [trace, sample] without noise of the deviation ``sigma``."""
    if sigma <= 0:
        return data.copy()
    pilot = _mean([_stage(data, None, sigma, window, settings, check) for window in settings.windows])
    return _mean([_stage(data, pilot, sigma, window, settings, check) for window in settings.windows])


def _mean(parts: list[Array]) -> Array:
    return np.asarray(sum(parts[1:], start=parts[0]) / np.float32(len(parts)), np.float32)


def _stage(data: Array, pilot: Array | None, sigma: float, window: tuple[int, int], settings: Settings, check: Check) -> Array:
    """One pass: a threshold without ``pilot``, a Wiener filter with it."""
    tiling = Tiling.of((data.shape[0], data.shape[1]), window, settings.overlap)
    analysis, blend = taper_2d(tiling.window), Blend(tiling.shape)
    energy = np.float32(sigma**2 * float(np.square(analysis).sum()))
    for corners in tiling.batches(16 * settings.batch):
        check()
        spectrum = fft.rfft2(tiling.cut(data, corners) * analysis)
        if pilot is None:
            spectrum[np.square(np.abs(spectrum)) < np.float32(settings.strength**2) * energy] = 0
        else:
            power = np.square(np.abs(fft.rfft2(tiling.cut(pilot, corners) * analysis)))
            spectrum *= power / (power + energy)
        blend.add(corners, fft.irfft2(spectrum, tiling.window) * analysis, np.square(analysis))
    return blend.result()
