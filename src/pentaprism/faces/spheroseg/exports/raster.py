"""Masks of objects, cut to their boxes: a pixel belongs to an object when its centre lies inside."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from pentaprism.faces.spheroseg.exports.source import Item, Points
from pentaprism.imaging.polygons.raster import rasterize

Mask = npt.NDArray[np.bool_]
Box = tuple[int, int, int, int]


def box_of(rings: Iterable[Points], width: int, height: int) -> Box:
    """Left, top, right, bottom (exclusive) of the pixels that rings can cover, inside the image; at least one pixel."""
    points = np.concatenate(list(rings))
    low, high = np.floor(points.min(axis=0)).astype(int), np.ceil(points.max(axis=0)).astype(int)
    left, top = int(np.clip(low[0], 0, width - 1)), int(np.clip(low[1], 0, height - 1))
    return left, top, int(np.clip(high[0], left + 1, width)), int(np.clip(high[1], top + 1, height))


def mask_of(item: Item, width: int, height: int) -> tuple[Mask, Box]:
    """[bottom - top, right - left] mask of the object without its holes, and its box."""
    box = box_of([item.outer], width, height)
    left, top, right, bottom = box
    corner = np.array([left, top], np.float64)
    return rasterize([ring - corner for ring in (item.outer, *item.holes)], (bottom - top, right - left)), box
