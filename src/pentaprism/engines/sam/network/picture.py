"""Pictures and masks between their own size and that of the network.

Source: ``ResizeLongestSide``, ``Sam.preprocess`` and ``Sam.postprocess_masks`` of the published code.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from pentaprism.engines.sam.engine import Rgb
from pentaprism.engines.sam.masks import BoolMask, tight

Floats = npt.NDArray[np.float32]
MEAN = np.array([123.675, 116.28, 103.53], np.float32)
DEVIATION = np.array([58.395, 57.12, 57.375], np.float32)
SHRINK = 4


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture of ``height`` x ``width`` px inside a padded square of ``side`` px."""

    height: int
    width: int
    side: int

    @property
    def inner(self) -> tuple[int, int]:
        """Height and width of the picture in the square."""
        scale = self.side / max(self.height, self.width)
        return max(1, int(self.height * scale + 0.5)), max(1, int(self.width * scale + 0.5))

    def prepare(self, rgb: Rgb) -> Floats:
        """[1, 3, side, side]: resized with antialiasing, normalised, padded with zeros at the bottom and on the right."""
        height, width = self.inner
        small = np.asarray(Image.fromarray(np.ascontiguousarray(rgb)).resize((width, height), Image.Resampling.BILINEAR), np.float32)
        padded = np.zeros((1, 3, self.side, self.side), np.float32)
        padded[0, :, :height, :width] = ((small - MEAN) / DEVIATION).transpose(2, 0, 1)
        return padded

    def points(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        """Points [..., 2] (x, y) of the picture in px of the square."""
        height, width = self.inner
        return np.asarray(points * np.array([width / self.width, height / self.height]), np.float32)


class Enlarger:
    """Logits of the network at the size of the picture: bilinear to the square, cut, bilinear to the picture, as the published code does.

    Both steps are linear and separable, so one product with a matrix a side does them, for the rows and columns that are wanted alone.
    """

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        low = frame.side // SHRINK
        inner = frame.inner
        self._rows, self._columns = (
            _bilinear(size, inner[axis]) @ _bilinear(frame.side, low)[: inner[axis]]
            for axis, size in enumerate((frame.height, frame.width))
        )

    def above(self, logits: Floats, level: float) -> tuple[slice, slice] | None:
        """Rows and columns of the picture outside of which no pixel can pass ``level``; None where none can."""
        found = tight(logits > level)
        if found is None:
            return None
        rows, columns = (_reached(matrix, part) for matrix, part in zip((self._rows, self._columns), found, strict=True))
        return (rows, columns) if rows.stop > rows.start and columns.stop > columns.start else None

    def window(self, logits: Floats, rows: slice, columns: slice) -> Floats:
        """Logits [side/4, side/4] in a window of the picture."""
        down, used_rows = _used(self._rows[rows])
        across, used_columns = _used(self._columns[columns])
        return np.asarray(down @ logits[used_rows, used_columns] @ across.T, np.float32)

    def mask(self, logits: Floats, offset: float) -> tuple[BoolMask, int, int, float] | None:
        """Pixels above 0 in their window with left and top, and the stability: the area above ``offset`` over that above -``offset``."""
        found = self.above(logits, -offset)
        if found is None:
            return None
        rows, columns = found
        values = self.window(logits, rows, columns)
        wide = np.count_nonzero(values > -offset)
        stability = np.count_nonzero(values > offset) / wide if wide else 0.0
        return values > 0, columns.start, rows.start, stability


def _bilinear(target: int, source: int) -> Floats:
    """[target, source] weights of linear interpolation between the centres of pixels, the ends repeated."""
    at = np.clip((np.arange(target) + 0.5) * (source / target) - 0.5, 0, None)
    low = np.minimum(at.astype(np.int64), source - 1)
    high = np.minimum(low + 1, source - 1)
    share = (at - low).astype(np.float32)
    matrix = np.zeros((target, source), np.float32)
    matrix[np.arange(target), low] += 1 - share
    matrix[np.arange(target), high] += share
    return matrix


def _reached(matrix: Floats, part: slice) -> slice:
    """The rows of ``matrix`` that take anything from the columns ``part``."""
    rows = np.flatnonzero(matrix[:, part].any(axis=1))
    return slice(int(rows[0]), int(rows[-1]) + 1) if len(rows) else slice(0, 0)


def _used(matrix: Floats) -> tuple[Floats, slice]:
    """``matrix`` without the columns before the first and after the last that is not zero."""
    columns = np.flatnonzero(matrix.any(axis=0))
    used = slice(int(columns[0]), int(columns[-1]) + 1)
    return np.ascontiguousarray(matrix[:, used]), used
