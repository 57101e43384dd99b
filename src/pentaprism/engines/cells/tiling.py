"""Overlapping tiles that cover a plane, so that memory depends on the tile and not on the picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

TILE_SIDE = 2048


@dataclass(frozen=True)
class Tile:
    """``outer`` is read, ``inner`` (without the overlap) is written; both as (top, bottom, left, right)."""

    outer: tuple[int, int, int, int]
    inner: tuple[int, int, int, int]

    @property
    def read(self) -> tuple[slice, slice]:
        """Rows and columns to read."""
        top, bottom, left, right = self.outer
        return slice(top, bottom), slice(left, right)

    @property
    def write(self) -> tuple[slice, slice]:
        """Rows and columns to write."""
        top, bottom, left, right = self.inner
        return slice(top, bottom), slice(left, right)

    @property
    def crop(self) -> tuple[slice, slice]:
        """The written part inside what was read."""
        top, bottom, left, right = self.inner
        y, x = self.outer[0], self.outer[2]
        return slice(top - y, bottom - y), slice(left - x, right - x)


def tiles_of(shape: tuple[int, int], side: int = TILE_SIDE, overlap: int = 128) -> Iterator[Tile]:
    """Tiles in reading order; a plane up to ``side`` square is one tile. ``overlap`` pixels are read around each written part."""
    height, width = shape
    if max(shape) <= side:
        yield Tile((0, height, 0, width), (0, height, 0, width))
        return
    step = side - 2 * overlap
    for top in range(0, height, step):
        for left in range(0, width, step):
            bottom, right = min(top + step, height), min(left + step, width)
            outer = (max(0, top - overlap), min(height, bottom + overlap), max(0, left - overlap), min(width, right + overlap))
            yield Tile(outer, (top, bottom, left, right))
