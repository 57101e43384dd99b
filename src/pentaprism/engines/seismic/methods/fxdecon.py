"""f-x prediction: along every frequency slice each trace is predicted from its neighbours, on one side and on the other.

After Canales, "Random noise reduction", SEG 1984, with the prediction filter of every window found by damped least squares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from pentaprism.engines.seismic.methods.arrays import Array, Check, Spectrum
from pentaprism.engines.seismic.methods.windows import Blend, Tiling, taper_2d

DAMPING = 0.35


@dataclass(frozen=True)
class Settings:
    """``window`` = (traces, samples); ``length`` of the filter in traces; ``strength`` in noise deviations; ``batch`` windows a step."""

    window: tuple[int, int] = (32, 64)
    overlap: float = 0.5
    length: int = 4
    strength: float = 2.7
    batch: int = 8


def denoise(data: Array, sigma: float, settings: Settings, check: Check) -> Array:
    """The part of ``data`` [trace, sample] that can be predicted; ``sigma`` is the deviation of the noise."""
    tiling = Tiling.of((data.shape[0], data.shape[1]), settings.window, settings.overlap)
    weight, blend = taper_2d(tiling.window, 2), Blend(tiling.shape)
    height, width = tiling.window
    length = min(settings.length, (height - 1) // 2)
    if length < 1:
        return data.copy()
    padded = fft.next_fast_len(2 * width, True)
    noise = (DAMPING * settings.strength * sigma) ** 2 * width
    for corners in tiling.batches(4 * settings.batch):
        check()
        windows: Array = tiling.cut(data, corners)
        spectrum: Spectrum = fft.rfft(windows, padded, axis=2).transpose(0, 2, 1).astype(np.complex64)
        total = np.zeros_like(spectrum)
        total[..., length:] += predicted(spectrum, length, noise)
        total[..., : height - length] += predicted(spectrum[..., ::-1], length, noise)[..., ::-1]
        total[..., length : height - length] /= 2
        patches = fft.irfft(total.transpose(0, 2, 1), padded, axis=2)[:, :, :width]
        blend.add(corners, patches.astype(np.float32) * weight, weight)
    return blend.result()


def predicted(series: Spectrum, length: int, noise: float) -> Spectrum:
    """Every trace but the first ``length`` from the ones before it, by one filter for each series (last axis)."""
    count = series.shape[-1]
    before = np.lib.stride_tricks.sliding_window_view(series, length, axis=-1)[..., : count - length, ::-1]
    adjoint = before.conj().swapaxes(-1, -2)
    gram = adjoint @ before
    energy = np.trace(gram, axis1=-2, axis2=-1).real / length
    gram = gram + (noise * (count - length) + 1e-3 * energy + 1e-12)[..., None, None] * np.eye(length, dtype=np.complex64)
    taps = np.linalg.solve(gram, adjoint @ series[..., length:, None])
    return np.asarray((before @ taps)[..., 0], np.complex64)
