"""All borders of a label image as rings of cracks, the unit edges between pixels of different labels."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.imaging.polygons.rings import Points

# Objects on the border are continued outwards by this many pixels, so that smoothing sees no corner there.
MARGIN = 8

Index = npt.NDArray[np.int64]


@dataclass(slots=True)
class Cracks:
    """Every crack of every object, ring after ring, each ring in order with its object on the right-hand side.

    `inside`, `outside`: centres of the two pixels [E, 2]; `corner`: lattice point where the crack starts [E, 2]; `label` of the object
    and `other` label beyond [E]; `horizontal` [E]; `starts`: ring r is [starts[r], starts[r + 1]).
    """

    inside: Points
    outside: Points
    corner: Points
    label: Index
    other: Index
    horizontal: npt.NDArray[np.bool_]
    starts: Index

    def links(self) -> tuple[Index, Index]:
        """Indices of the next and the previous crack of each crack."""
        return ring_links(self.starts)


def ring_links(starts: Index) -> tuple[Index, Index]:
    """Indices of the next and the previous element in concatenated rings."""
    count = int(starts[-1])
    ahead, back = np.arange(1, count + 1), np.arange(-1, count - 1)
    ahead[starts[1:] - 1] = starts[:-1]
    back[starts[:-1]] = starts[1:] - 1
    return ahead, back


def _cracks(flat: npt.NDArray[Any], grid: npt.NDArray[Any]) -> tuple[Index, Index, Index, Index, npt.NDArray[np.int8]]:
    """(inside pixel, outside pixel, start corner, end corner, heading 0..3 = east, south, west, north) of all cracks, unordered."""
    width = grid.shape[1]
    upper = np.flatnonzero(grid[1:] != grid[:-1])
    row, column = np.divmod(np.flatnonzero(grid[:, 1:] != grid[:, :-1]), width - 1)
    left = row * width + column
    found = []
    for heading, (inside, outside) in enumerate(((upper + width, upper), (left, left + 1), (upper, upper + width), (left + 1, left))):
        keep = flat[inside] > 0
        inside, outside = inside[keep], outside[keep]
        row, column = np.divmod(inside, width)
        corner = row * (width + 1) + column
        begin = corner + (0, 1, width + 2, width + 1)[heading]
        end = corner + (1, width + 2, width + 1, 0)[heading]
        found.append((inside, outside, begin, end, np.full(len(inside), heading, np.int8)))
    inside, outside, begin, end, headings = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return inside, outside, begin, end, headings


def _successors(label: Index, begin: Index, end: Index, heading: npt.NDArray[np.int8]) -> Index:
    """The crack that follows each crack of the same object; where four cracks meet, diagonal pixels stay together (8-connected)."""
    factor = int(label.max()) + 1
    key_begin, key_end = begin * factor + label, end * factor + label
    order = np.argsort(key_begin, kind="stable")
    ordered = key_begin[order]
    at = np.searchsorted(ordered, key_end)
    beside = np.minimum(at + 1, len(order) - 1)
    forked = (ordered[beside] == key_end) & (beside != at)
    second = order[beside]
    return np.where(forked & (heading[second] == (heading + 3) % 4), second, order[at])


def _in_order(following: Index) -> tuple[Index, Index]:
    """Walk the cycles of a permutation: indices in order, and where each cycle starts."""
    steps = following.tolist()
    seen = bytearray(len(steps))
    order: list[int] = []
    starts = [0]
    for first in range(len(steps)):
        if seen[first]:
            continue
        at = first
        while not seen[at]:
            seen[at] = 1
            order.append(at)
            at = steps[at]
        starts.append(len(order))
    return np.array(order, np.int64), np.array(starts, np.int64)


def trace(labels: npt.NDArray[np.integer[Any]]) -> Cracks | None:
    """Trace the borders of all objects of a label image [H, W] (0 is background); None without objects.

    Objects that touch the image border are traced as if they went on beyond it.
    """
    grid = np.pad(np.pad(labels, MARGIN, mode="edge"), 1)
    flat = grid.ravel()
    inside, outside, begin, end, heading = _cracks(flat, grid)
    if not len(inside):
        return None
    order, starts = _in_order(_successors(flat[inside].astype(np.int64), begin, end, heading))
    inside, outside, begin, heading = inside[order], outside[order], begin[order], heading[order]
    shift, width = MARGIN + 1, grid.shape[1]

    def pixels(index: Index, columns: int, offset: float) -> Points:
        row, column = np.divmod(index, columns)
        return np.stack([column, row], axis=1) + (offset - shift)

    return Cracks(
        pixels(inside, width, 0.5),
        pixels(outside, width, 0.5),
        pixels(begin, width + 1, 0.0),
        flat[inside].astype(np.int64),
        flat[outside].astype(np.int64),
        heading % 2 == 0,
        starts,
    )
