"""Large arrays in overlapping tiles: each tile is worked on alone, results are blended without seams."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Work = Callable[[npt.NDArray[Any]], npt.NDArray[np.floating[Any]]]
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Tile:
    """A window of rows [top, bottom) and columns [left, right)."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def window(self) -> tuple[slice, slice]:
        """Slices for [rows, columns]."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def _starts(length: int, size: int, overlap: int) -> list[int]:
    if length <= size:
        return [0]
    number = -(-(length - overlap) // (size - overlap))
    return [round(k * (length - size) / (number - 1)) for k in range(number)]


def tiles(height: int, width: int, size: int = 1024, overlap: int = 128) -> Iterator[Tile]:
    """Windows of at most `size` a side that cover an array and overlap by at least `overlap`, spread evenly, row by row.

    Raises:
        ValueError: the overlap is not smaller than half the size.
    """
    if not 0 <= overlap < size / 2:
        raise ValueError(f"an overlap of {overlap} does not go with tiles of {size}")
    for top in _starts(height, size, overlap):
        for left in _starts(width, size, overlap):
            yield Tile(top, min(top + size, height), left, min(left + size, width))


def _ramp(length: int, overlap: int, first: bool, last: bool) -> npt.NDArray[np.float32]:
    """Weights along one side: rising over the overlap, except at the border of the whole array."""
    weight = np.ones(length, np.float32)
    rise = (np.arange(overlap, dtype=np.float32) + 1) / (overlap + 1)
    part = rise[: min(overlap, length)]
    if not first:
        weight[: len(part)] = np.minimum(weight[: len(part)], part)
    if not last:
        weight[length - len(part) :] = np.minimum(weight[length - len(part) :], part[::-1])
    return weight


def blended(
    array: npt.NDArray[Any], work: Work, size: int = 1024, overlap: int = 128, progress: Progress | None = None
) -> npt.NDArray[np.float32]:
    """Run `work` on every tile of an array [H, W, ...] and blend the answers with weights that fall towards tile borders.

    Besides the array, the float32 result and one float32 plane of weights are held, and one tile at a time.

    Args:
        work: takes a tile [h, w, ...] and returns [h, w] or [h, w, c] of the same height and width.
        progress: told the share done, rising to 1.0.

    Raises:
        ValueError: `work` changed the size of a tile.
    """
    height, width = array.shape[:2]
    places = list(tiles(height, width, size, overlap))
    total: npt.NDArray[np.float32] | None = None
    sums = np.zeros((height, width), np.float32) if len(places) > 1 else None
    for done, tile in enumerate(places, 1):
        answer = np.asarray(work(array[tile.window]), np.float32)
        if answer.shape[:2] != (tile.bottom - tile.top, tile.right - tile.left):
            raise ValueError(f"a tile of {tile.bottom - tile.top} x {tile.right - tile.left} came back as {answer.shape}")
        if sums is None:
            total = answer
        else:
            if total is None:
                total = np.zeros((height, width, *answer.shape[2:]), np.float32)
            rows = _ramp(tile.bottom - tile.top, overlap, tile.top == 0, tile.bottom == height)
            columns = _ramp(tile.right - tile.left, overlap, tile.left == 0, tile.right == width)
            weight = rows[:, None] * columns
            sums[tile.window] += weight
            total[tile.window] += answer * weight.reshape(weight.shape + (1,) * (answer.ndim - 2))
        if progress is not None:
            progress(done / len(places))
    assert total is not None
    if sums is not None:
        total /= sums.reshape(sums.shape + (1,) * (total.ndim - 2))
    return total
