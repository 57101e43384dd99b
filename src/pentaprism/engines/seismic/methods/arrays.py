"""Types that all methods share, and the amplitude unit they work in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Spectrum = npt.NDArray[np.complex64]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.intp]
Check = Callable[[], None]


def idle() -> None:
    """A check that never stops anything."""


def finite(data: npt.NDArray[np.floating]) -> Array:
    """``data`` as float32 with 0 where it is NaN or infinite."""
    return np.asarray(np.nan_to_num(data, copy=True, nan=0.0, posinf=0.0, neginf=0.0), np.float32)


def rms(data: npt.NDArray[np.floating]) -> float:
    """Root of the mean square in float64, 0 for no samples."""
    return float(np.sqrt(np.mean(np.square(data, dtype=np.float64)))) if data.size else 0.0


def between(data: Array, recorded: Mask) -> Array:
    """``data`` [trace, sample] with missing traces interpolated linearly between the nearest recorded ones, the outermost repeated.

    Returns a copy; with no recorded trace it is unchanged.
    """
    known = np.flatnonzero(recorded)
    result = data.copy()
    if len(known) == 0:
        return result
    missing = np.flatnonzero(~recorded)
    place = np.interp(missing, known, np.arange(len(known)))
    low = np.floor(place).astype(np.intp)
    share = (place - low).astype(np.float32)[:, None]
    result[missing] = data[known[low]] * (1 - share) + data[known[np.minimum(low + 1, len(known) - 1)]] * share
    return result
