"""Masks of polygons: a pixel belongs to a polygon when its centre lies inside."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from pentaprism.faces.spheroseg.exports.source import Item, Points

Mask = npt.NDArray[np.bool_]
Box = tuple[int, int, int, int]


def box_of(rings: Iterable[Points], width: int, height: int) -> Box:
    """Left, top, right, bottom (exclusive) of the pixels that rings can cover, inside the image; at least one pixel."""
    points = np.concatenate(list(rings))
    low, high = np.floor(points.min(axis=0)).astype(int), np.ceil(points.max(axis=0)).astype(int)
    left, top = int(np.clip(low[0], 0, width - 1)), int(np.clip(low[1], 0, height - 1))
    return left, top, int(np.clip(high[0], left + 1, width)), int(np.clip(high[1], top + 1, height))


def fill(rings: Iterable[Points], box: Box) -> Mask:
    """[bottom - top, right - left] mask of the area enclosed an odd number of times; holes are rings like any other."""
    left, top, right, bottom = box
    flips = np.zeros((bottom - top, right - left + 1), np.uint8)
    for ring in rings:
        rows, columns = crossings(ring, top, bottom)
        columns = np.clip(columns - left, 0, right - left)
        np.bitwise_xor.at(flips, (rows - top, columns), np.uint8(1))
    return np.bitwise_xor.accumulate(flips, axis=1)[:, :-1].astype(bool)


def crossings(ring: Points, top: int, bottom: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where the outline crosses lines through pixel centres: the row, and the first column whose centre is not left of it."""
    following = np.roll(ring, -1, axis=0)
    upper = np.where((ring[:, 1] <= following[:, 1])[:, None], ring, following)
    lower = np.where((ring[:, 1] <= following[:, 1])[:, None], following, ring)
    first = np.clip(np.ceil(upper[:, 1] - 0.5), top, bottom).astype(np.int64)
    last = np.clip(np.ceil(lower[:, 1] - 0.5), top, bottom).astype(np.int64)
    counts = last - first
    edge = np.repeat(np.arange(len(ring)), counts)
    rows = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
    span = lower[edge] - upper[edge]
    x = upper[edge, 0] + span[:, 0] * (rows + 0.5 - upper[edge, 1]) / span[:, 1]
    return rows, np.ceil(x - 0.5).astype(np.int64)


def mask_of(item: Item, width: int, height: int) -> tuple[Mask, Box]:
    """The object without its holes, cut to its box."""
    box = box_of([item.outer], width, height)
    return fill([item.outer, *item.holes], box), box
