"""Polygons to pixels: a pixel belongs to a polygon when its centre lies inside (even-odd rule, half-open on borders)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pentaprism.imaging.polygons.rings import Points
from pentaprism.imaging.polygons.trace import Index


@dataclass(slots=True)
class Spans:
    """Horizontal runs of pixels: owner, row, first column, column after the last; sorted by owner, row, column."""

    owner: Index
    row: Index
    start: Index
    stop: Index

    def pixels(self) -> tuple[Index, Index, Index]:
        """(owner, row, column) of every pixel of every run."""
        length = self.stop - self.start
        owner, row = np.repeat(self.owner, length), np.repeat(self.row, length)
        offset = np.arange(int(length.sum())) - np.repeat(np.cumsum(length) - length, length)
        return owner, row, np.repeat(self.start, length) + offset

    def chosen(self, keep: npt.NDArray[np.bool_]) -> "Spans":
        """The runs for which `keep` holds."""
        return Spans(self.owner[keep], self.row[keep], self.start[keep], self.stop[keep])


def spans(rings: Sequence[Points], owners: Sequence[int], shape: tuple[int, int]) -> Spans:
    """Runs of the pixels inside the polygons; rings with the same owner form one polygon with holes. All at once, without a loop."""
    height, width = shape
    none = np.zeros(0, np.int64)
    if not len(rings):
        return Spans(none, none, none, none)
    points = np.concatenate(rings)
    starts = np.concatenate([[0], np.cumsum([len(ring) for ring in rings])])
    ahead = np.arange(1, len(points) + 1)
    ahead[starts[1:] - 1] = starts[:-1]
    owner = np.repeat(np.asarray(owners, np.int64), np.diff(starts))
    a, b = points, points[ahead]
    swap = a[:, 1] > b[:, 1]
    a, b = np.where(swap[:, None], b, a), np.where(swap[:, None], a, b)
    first = np.clip(np.ceil(a[:, 1] - 0.5), 0, height).astype(np.int64)
    last = np.clip(np.ceil(b[:, 1] - 0.5), 0, height).astype(np.int64)
    number = last - first
    edge = np.repeat(np.arange(len(points)), number)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(number) - number, number) + first[edge]
    a, b, owner = a[edge], b[edge], owner[edge]
    x = a[:, 0] + (row + 0.5 - a[:, 1]) * ((b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1]))
    order = np.lexsort((x, row, owner))
    column = np.clip(np.ceil(x[order] - 0.5), 0, width).astype(np.int64)
    start, stop = column[0::2], column[1::2]
    result = Spans(owner[order][0::2], row[order][0::2], start, stop)
    return result.chosen(stop > start)


def rasterize(rings: Sequence[Points], shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Mask [H, W] of the pixels whose centre lies inside the polygon made of all rings (holes by the even-odd rule)."""
    mask = np.zeros(shape, np.bool_)
    _, row, column = spans(rings, [0] * len(rings), shape).pixels()
    mask[row, column] = True
    return mask


def rasterize_labels(rings: Sequence[Points], owners: Sequence[int], shape: tuple[int, int]) -> npt.NDArray[np.int32]:
    """Label image [H, W]; rings with the same owner (> 0) form one polygon with holes; where polygons overlap the lower owner stays."""
    labels = np.zeros(shape, np.int32)
    owner, row, column = spans(rings, owners, shape).pixels()
    # Of repeated indices the last value stays, which holds for arrays in memory order only.
    backwards = np.ascontiguousarray((row * shape[1] + column)[::-1])
    labels.ravel()[backwards] = np.ascontiguousarray(owner[::-1])
    return labels
