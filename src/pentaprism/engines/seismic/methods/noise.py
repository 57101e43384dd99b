"""How strong the noise is: from the corner of high frequency and high wavenumber, where signals seldom are."""

from __future__ import annotations

import numpy as np
from scipy import fft

from pentaprism.engines.seismic.methods.arrays import Array
from pentaprism.engines.seismic.methods.windows import Tiling, taper_2d

WINDOW = (16, 32)
MOST_WINDOWS = 4096


def estimate(data: Array) -> float:
    """Standard deviation of white noise in ``data`` [trace, sample], in its units; 0 for silence.

    The median power of Fourier coefficients in the outermost quarter of frequencies and wavenumbers; the power of complex Gaussian noise
    has a median of ln 2 times its mean. Windows of silence are left out.
    """
    tiling = Tiling.of((data.shape[0], data.shape[1]), WINDOW, 0.5)
    corners = tiling.corners[:: max(1, -(-len(tiling.corners) // MOST_WINDOWS))]
    weight = taper_2d(tiling.window)
    spectrum = np.abs(fft.rfft2(tiling.cut(data, corners) * weight))
    height, width = tiling.window
    rows = np.flatnonzero(np.abs(fft.fftfreq(height)) >= 0.3)
    columns = np.flatnonzero(fft.rfftfreq(width) >= 0.35)
    corner = spectrum if len(rows) == 0 or len(columns) == 0 else spectrum[:, rows][:, :, columns]
    alive = corner[np.any(corner > 0, axis=(1, 2))]
    if alive.size == 0:
        return 0.0
    scale = float(np.median(alive))
    power = float(np.median(np.square(alive.astype(np.float64) / scale))) * scale**2 if scale else 0.0
    return float(np.sqrt(power / np.log(2) / np.sum(np.square(weight, dtype=np.float64))))
