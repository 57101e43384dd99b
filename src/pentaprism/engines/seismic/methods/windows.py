"""Overlapping windows of a section: where they lie, cutting them out, and putting them together again without a seam."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.methods.arrays import Array

Corners = npt.NDArray[np.intp]


def starts(length: int, width: int, step: int) -> list[int]:
    """First positions of windows that cover ``length`` completely, whatever its divisors; the last window ends at the end."""
    if length <= width:
        return [0]
    return [*range(0, length - width, step), length - width]


def step_of(width: int, overlap: float) -> int:
    """Distance of neighbouring windows that overlap by the fraction ``overlap``."""
    return max(1, round(width * (1 - overlap)))


def taper(width: int) -> Array:
    """Half a sine that never reaches zero; squared, half-overlapped copies add up to a constant."""
    return np.sin(np.pi * (np.arange(width) + 0.5) / width).astype(np.float32)


def taper_2d(shape: tuple[int, int], power: int = 1) -> Array:
    """Product of two tapers, each to the power ``power``; [traces, samples]."""
    return np.asarray(np.outer(taper(shape[0]) ** power + 1e-3, taper(shape[1]) ** power + 1e-3), np.float32)


@dataclass(frozen=True)
class Tiling:
    """Windows of ``window`` = (traces, samples), cut to the size of the section where that is smaller."""

    shape: tuple[int, int]
    window: tuple[int, int]
    corners: Corners = field(repr=False)

    @staticmethod
    def of(shape: tuple[int, int], window: tuple[int, int], overlap: float) -> Tiling:
        """Windows that overlap by at least the fraction ``overlap`` in both directions."""
        size = (min(window[0], shape[0]), min(window[1], shape[1]))
        rows, columns = (starts(n, w, step_of(w, overlap)) for n, w in zip(shape, size, strict=True))
        return Tiling(shape, size, np.asarray([(i, j) for i in rows for j in columns], np.intp))

    def batches(self, count: int) -> Iterator[Corners]:
        """Corners in steps of ``count`` windows."""
        for first in range(0, len(self.corners), count):
            yield self.corners[first : first + count]

    def cut(self, data: npt.NDArray[Any], corners: Corners) -> npt.NDArray[Any]:
        """The windows at ``corners``, stacked along a new first axis."""
        return np.lib.stride_tricks.sliding_window_view(data, self.window)[corners[:, 0], corners[:, 1]]


class Blend:
    """Weighted sum of overlapping windows."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._sum: Array = np.zeros(shape, np.float32)
        self._weight: Array = np.zeros(shape, np.float32)

    def add(self, corners: Corners, patches: Array, weight: Array) -> None:
        """Adds ``patches`` [n, traces, samples], already multiplied by ``weight`` [traces, samples]."""
        height, width = weight.shape
        for (i, j), patch in zip(corners.tolist(), patches, strict=True):
            self._sum[i : i + height, j : j + width] += patch
            self._weight[i : i + height, j : j + width] += weight

    def result(self) -> Array:
        """Sum over weight."""
        return np.asarray(self._sum / np.maximum(self._weight, np.float32(1e-12)), np.float32)
