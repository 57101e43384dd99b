"""How strong the noise is, and of what colour: from high wavenumbers, where signals seldom are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from pentaprism.engines.seismic.methods.arrays import Array
from pentaprism.engines.seismic.methods.windows import Tiling, taper_2d

WINDOW = (16, 64)
MOST_WINDOWS = 4096
WAVENUMBER, FREQUENCY = 0.3, 0.35
QUANTILE = 0.25
COLOURED = 1.5
STEEPEST = 20.0
SMOOTHING = 5


@dataclass(frozen=True)
class Noise:
    """``sigma`` is the standard deviation; ``spectrum`` the deviation by frequency from 0 to Nyquist, relative to its largest value,
    or None for noise that is as good as white. Both are 0 and None for silence."""

    sigma: float
    spectrum: npt.NDArray[np.float64] | None = None

    def whiten(self, data: Array) -> Array:
        """``data`` [trace, sample] with every frequency of the noise brought to the strength of its strongest."""
        return self._weighted(data, -1)

    def restore(self, data: Array) -> Array:
        """What ``whiten`` did, undone."""
        return self._weighted(data, 1)

    @property
    def level(self) -> float:
        """Deviation of the noise after ``whiten``."""
        if self.spectrum is None:
            return self.sigma
        return self.sigma / float(np.sqrt(np.mean(np.square(self.spectrum))))

    def _weighted(self, data: Array, power: int) -> Array:
        if self.spectrum is None:
            return data
        length = 2 * data.shape[1]
        curve = np.interp(fft.rfftfreq(length), np.linspace(0, 0.5, len(self.spectrum)), self.spectrum)
        weights = (np.maximum(curve, 1 / STEEPEST) ** power).astype(np.float32)
        return np.asarray(fft.irfft(fft.rfft(data, length, axis=1) * weights, length, axis=1)[:, : data.shape[1]], np.float32)


def describe(data: Array) -> Noise:
    """The noise of ``data`` [trace, sample], in its units.

    Power of Fourier coefficients of windows at high wavenumbers: a low quantile for every frequency, because signals can reach there,
    and the median where frequencies are high as well. Power of complex Gaussian noise is distributed exponentially, which turns
    quantiles into means. Windows of silence are left out.
    """
    tiling = Tiling.of((data.shape[0], data.shape[1]), WINDOW, 0.5)
    corners = tiling.corners[:: max(1, -(-len(tiling.corners) // MOST_WINDOWS))]
    weight = taper_2d(tiling.window)
    size = np.abs(fft.rfft2(tiling.cut(data, corners) * weight)).astype(np.float64)
    size = size[np.any(size > 0, axis=(1, 2))] / np.sqrt(np.sum(np.square(weight, dtype=np.float64)))
    if size.size == 0:
        return Noise(0.0)
    height, width = tiling.window
    rows = np.flatnonzero(np.abs(fft.fftfreq(height)) >= WAVENUMBER)
    columns = np.flatnonzero(fft.rfftfreq(width) >= FREQUENCY)
    if len(rows) == 0 or len(columns) < SMOOTHING:
        return Noise(float(np.median(size)) / np.sqrt(np.log(2)))
    corner = float(np.median(size[:, rows][:, :, columns])) / np.sqrt(np.log(2))
    curve = np.quantile(size[:, rows], QUANTILE, axis=(0, 1)) / np.sqrt(-np.log(1 - QUANTILE))
    curve = np.convolve(np.pad(curve, SMOOTHING // 2, mode="edge"), np.full(SMOOTHING, 1 / SMOOTHING), "valid")
    if curve.max() <= COLOURED * curve.min() or curve.max() <= 0:
        return Noise(corner)
    return Noise(float(np.sqrt(np.mean(np.square(curve)))), curve / curve.max())


def estimate(data: Array) -> float:
    """Standard deviation of the noise in ``data`` [trace, sample], in its units; 0 for silence."""
    return describe(data).sigma
