"""Sums by label, in bands of rows: numpy's bincount would hold two 64-bit copies of the whole plane."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.engines.cells.parameters import Labels, Mask

BAND = 512


def areas_of(labels: Labels, count: int, where: Mask | None = None) -> npt.NDArray[np.int64]:
    """Pixels of every label 0..count, of those in ``where`` if given; [count + 1]."""
    total = np.zeros(count + 1, np.int64)
    for top in range(0, labels.shape[0], BAND):
        band = labels[top : top + BAND]
        values = band.ravel() if where is None else band[where[top : top + BAND]]
        total += np.bincount(values, minlength=count + 1)
    return total


def sums_of(labels: Labels, values: npt.NDArray[Any], count: int) -> npt.NDArray[np.float64]:
    """Sum of ``values`` over every label 0..count; [count + 1]."""
    total = np.zeros(count + 1, np.float64)
    for top in range(0, labels.shape[0], BAND):
        total += np.bincount(labels[top : top + BAND].ravel(), values[top : top + BAND].ravel(), count + 1)
    return total
