"""Projection onto convex sets in the f-k domain of overlapping windows.

After Abma and Kabir, "3D interpolation of irregular data with a POCS algorithm", Geophysics 71 (2006): what is weaker than a threshold in
f-k is dropped, recorded traces are put back, and the threshold falls exponentially.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from pentaprism.engines.seismic.methods.arrays import Array, Check, Mask, Spectrum
from pentaprism.engines.seismic.methods.windows import Blend, Tiling, taper_2d

FIRST, LAST = 0.99, 1e-3


@dataclass(frozen=True)
class Settings:
    """``window`` = (traces, samples); ``batch`` windows a step."""

    window: tuple[int, int] = (32, 64)
    overlap: float = 0.5
    iterations: int = 60
    batch: int = 8


def reconstruct(data: Array, recorded: Mask, settings: Settings, check: Check) -> Array:
    """``data`` [trace, sample] with the traces that are not ``recorded`` filled; their content is not used."""
    shown = np.where(recorded[:, None], data, np.float32(0))
    tiling = Tiling.of((data.shape[0], data.shape[1]), settings.window, settings.overlap)
    weight, blend = taper_2d(tiling.window, 2), Blend(tiling.shape)
    height, width = tiling.window
    padded = (fft.next_fast_len(2 * height, True), fft.next_fast_len(2 * width, True))
    known = np.broadcast_to(recorded[:, None], data.shape)
    for corners in tiling.batches(4 * settings.batch):
        observed, mask = tiling.cut(shown, corners), tiling.cut(known, corners)
        current = observed
        level = None
        for turn in range(settings.iterations):
            check()
            spectrum: Spectrum = fft.rfft2(current, padded)
            size = np.abs(spectrum)
            level = size.max(axis=(1, 2), keepdims=True) * np.float32(FIRST) if level is None else level
            share = (LAST / FIRST) ** (turn / max(1, settings.iterations - 1))
            spectrum[size < level * np.float32(share)] = 0
            current = np.where(mask, observed, fft.irfft2(spectrum, padded)[:, :height, :width])
        blend.add(corners, current * weight, weight)
    return np.where(recorded[:, None], data, blend.result())
