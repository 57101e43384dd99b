"""Where automatic masks look: crops of the picture, grids of points, and the order in which points are visited.

Source: the behaviour of the published automatic mask generator (Kirillov et al., Segment Anything, 2023).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

OVERLAP = 512 / 1500


@dataclass(frozen=True, slots=True)
class Crop:
    """A part of the picture: x1, y1 inclusive, x2, y2 exclusive; ``layer`` 0 is the whole."""

    x1: int
    y1: int
    x2: int
    y2: int
    layer: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        """x, y, width, height."""
        return self.x1, self.y1, self.x2 - self.x1, self.y2 - self.y1

    @property
    def area(self) -> int:
        """Number of pixels."""
        return (self.x2 - self.x1) * (self.y2 - self.y1)


def crops_of(height: int, width: int, layers: int) -> list[Crop]:
    """The whole picture and, for layer i, a grid of 2^i x 2^i crops, which overlap by 512/1500 of the short side times 2/2^i."""
    crops = [Crop(0, 0, width, height, 0)]
    for layer in range(1, layers + 1):
        parts = 2**layer
        overlap = int(OVERLAP * min(height, width) * (2 / parts))
        step_x, step_y = _side(width, parts, overlap), _side(height, parts, overlap)
        for column in range(parts):
            for row in range(parts):
                left, top = (step_x - overlap) * column, (step_y - overlap) * row
                crops.append(Crop(left, top, min(left + step_x, width), min(top + step_y, height), layer))
    return crops


def _side(length: int, parts: int, overlap: int) -> int:
    return math.ceil((overlap * (parts - 1) + length) / parts)


def grid(side: int) -> npt.NDArray[np.float64]:
    """[side², 2] points (x, y) in 0..1 at (k + 0.5) / side, row by row."""
    offsets = np.linspace(1 / (2 * side), 1 - 1 / (2 * side), side)
    return np.stack([np.tile(offsets[None, :], (side, 1)), np.tile(offsets[:, None], (1, side))], axis=-1).reshape(-1, 2)


def coarse_to_fine(side: int) -> npt.NDArray[np.int64]:
    """The indices of ``grid(side)`` in an order in which every beginning covers the whole square."""
    bits = max(1, (side - 1).bit_length())
    row, column = np.divmod(np.arange(side * side), side)
    key = np.zeros(side * side, np.int64)
    for bit in range(bits):
        level = 2 * (bits - 1 - bit)
        key |= ((((row >> bit) & 1) << 1) | (((row >> bit) ^ (column >> bit)) & 1)) << level
    return np.argsort(key, kind="stable")
