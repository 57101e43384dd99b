"""Closed rings of points: the elementary geometry.

A ring is a float64 array [n, 2] of x, y without a repeated last point. The origin is the top-left corner of the top-left pixel, x runs
right and y down, so pixel (row i, column j) covers [j, j+1] x [i, i+1]. Outer rings run clockwise on screen, which makes their signed area
positive; holes run the other way.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]

# Candidate pairs that `is_simple` looks at before it gives up; no outline of real objects comes near.
MAX_PAIRS = 200_000_000
_BATCH = 2_000_000


def as_points(points: Any) -> Points:
    """Any sequence of pairs as a float64 array [n, 2]."""
    array = np.asarray(points, np.float64)
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"a ring needs points [n, 2], not {array.shape}")
    return array


def shifted(values: npt.NDArray[np.float64], ahead: int = 1) -> npt.NDArray[np.float64]:
    """The values of the next (`ahead` 1) or previous (-1) point of a ring; much quicker than numpy's roll for short rings."""
    return np.concatenate([values[ahead:], values[:ahead]])


def signed_area(points: Points) -> float:
    """Area by the shoelace formula, positive for clockwise on screen; taken about the first point to keep the digits."""
    local = points - points[0]
    x, y = local[:, 0], local[:, 1]
    return 0.5 * float(np.dot(x, shifted(y)) - np.dot(shifted(x), y))


def perimeter(points: Points) -> float:
    """Length of the closed ring."""
    step = shifted(points) - points
    return float(np.hypot(step[:, 0], step[:, 1]).sum())


def bounds(points: Points) -> tuple[float, float, float, float]:
    """(x, y, width, height) of the enclosing box."""
    low, high = points.min(axis=0), points.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])


def contains(points: Points, queries: Any) -> npt.NDArray[np.bool_]:
    """Which of the query points [m, 2] lie inside, by the even-odd rule (half-open: shared borders belong to one side only)."""
    asked = np.atleast_2d(np.asarray(queries, np.float64))
    inside = np.zeros(len(asked), np.bool_)
    x0, y0 = points[:, 0], points[:, 1]
    x1, y1 = shifted(x0), shifted(y0)
    flip = y0 > y1
    x0, x1, y0, y1 = np.where(flip, x1, x0), np.where(flip, x0, x1), np.where(flip, y1, y0), np.where(flip, y0, y1)
    rise = np.where(y1 > y0, y1 - y0, 1.0)
    size = max(_BATCH // max(len(points), 1), 1)
    for start in range(0, len(asked), size):
        x, y = asked[start : start + size, :1], asked[start : start + size, 1:]
        crossing = (y0 <= y) & (y < y1) & (x0 + (y - y0) * ((x1 - x0) / rise) <= x)
        inside[start : start + size] = crossing.sum(axis=1) % 2 == 1
    return inside


def clip_to_image(points: Points, width: float, height: float) -> Points:
    """The ring with every point moved into [0, width] x [0, height]."""
    return np.clip(points, 0.0, np.array([width, height], np.float64))


def cut_to_image(points: Points, weights: npt.NDArray[np.float64], shape: tuple[int, int]) -> tuple[Points, npt.NDArray[np.float64]]:
    """Cut a ring at the border of an image of `shape` (height, width); source: Sutherland and Hodgman (1974).

    The weights [n] of the points go along; points on the border get 0.
    """
    for axis, bound, sign in ((0, 0.0, 1.0), (0, float(shape[1]), -1.0), (1, 0.0, 1.0), (1, float(shape[0]), -1.0)):
        if not len(points):
            break
        depth = sign * (points[:, axis] - bound)
        inside, deeper, after = depth >= 0, shifted(depth), shifted(points)
        crossing = inside != (deeper >= 0)
        share = np.where(crossing, depth / np.where(crossing, depth - deeper, 1.0), 0.0)
        cuts = points + share[:, None] * (after - points)
        cuts[:, axis] = bound
        merged = np.stack([points, cuts], axis=1).reshape(-1, 2)
        keep = np.stack([inside, crossing], axis=1).ravel()
        weights = np.stack([np.where(depth <= 0, 0.0, weights), np.zeros(len(weights))], axis=1).ravel()[keep]
        points = merged[keep]
    distinct = (points != shifted(points, -1)).any(axis=1)
    return points[distinct], weights[distinct]


def without_repeats(points: Points) -> Points:
    """Drop points equal to their predecessor and points inside straight runs along an axis."""
    if len(points) > 1:
        points = points[(points != shifted(points, -1)).any(axis=1)]
    if len(points) > 3:
        before, after = points - shifted(points, -1), shifted(points) - points
        straight = ((before == 0) & (after == 0)).any(axis=1) & ((before * after).sum(axis=1) > 0)
        if (~straight).sum() >= 3:
            points = points[~straight]
    return points


def _orientation(a: Points, b: Points, c: Points) -> npt.NDArray[np.float64]:
    return np.asarray(np.sign((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])))


def _on_segment(a: Points, b: Points, c: Points) -> npt.NDArray[np.bool_]:
    return np.asarray(((np.minimum(a, b) <= c) & (c <= np.maximum(a, b))).all(axis=1))


def _touch(a: Points, b: Points, c: Points, d: Points) -> npt.NDArray[np.bool_]:
    """Whether the closed segments a-b and c-d have a point in common, row by row."""
    o1, o2, o3, o4 = _orientation(a, b, c), _orientation(a, b, d), _orientation(c, d, a), _orientation(c, d, b)
    found: npt.NDArray[np.bool_] = (o1 != o2) & (o3 != o4)
    for side, p, q, r in ((o1, a, b, c), (o2, a, b, d), (o3, c, d, a), (o4, c, d, b)):
        found |= (side == 0) & _on_segment(p, q, r)
    return found


def _folds_back(points: Points) -> bool:
    """Whether an edge runs back over the one before it."""
    ahead = shifted(points) - points
    before = shifted(ahead, -1)
    cross = before[:, 0] * ahead[:, 1] - before[:, 1] * ahead[:, 0]
    return bool(((cross == 0) & ((before * ahead).sum(axis=1) < 0)).any())


def is_simple(points: Points) -> bool:
    """Whether a ring of at least three distinct points touches itself nowhere.

    Edges are sorted along the axis with fewer overlaps and compared with those whose interval overlaps; this is near n log n for outlines.
    A ring that would need more than `MAX_PAIRS` comparisons is reported as not simple.
    """
    count = len(points)
    if count < 3 or not np.isfinite(points).all():
        return False
    end = shifted(points)
    if (points == end).all(axis=1).any() or _folds_back(points):
        return False
    low, high = np.minimum(points, end), np.maximum(points, end)
    orders = [np.argsort(low[:, axis], kind="stable") for axis in (0, 1)]
    pairs = [np.searchsorted(low[o, axis], high[o, axis], side="right") - np.arange(1, count + 1) for axis, o in enumerate(orders)]
    axis = int(pairs[1].sum() < pairs[0].sum())
    order, number = orders[axis], pairs[axis]
    total = np.concatenate([[0], np.cumsum(number)])
    if total[-1] > MAX_PAIRS:
        return False
    other = 1 - axis
    begin = 0
    while begin < count:
        stop = max(int(np.searchsorted(total, total[begin] + _BATCH, side="right")) - 1, begin + 1)
        first = np.repeat(np.arange(begin, stop), number[begin:stop])
        second = first + 1 + np.arange(len(first)) - (total[first] - total[begin])
        i, j = order[first], order[second]
        near = (low[i, other] <= high[j, other]) & (low[j, other] <= high[i, other])
        gap = np.abs(i - j)
        near &= (gap != 1) & (gap != count - 1)
        i, j = i[near], j[near]
        if _touch(points[i], end[i], points[j], end[j]).any():
            return False
        begin = stop
    return True


def convex_hull(points: Points) -> Points:
    """Vertices of the convex hull, clockwise on screen, by Andrew's monotone chain (1979) in full precision."""
    unique = np.unique(points, axis=0).tolist()
    if len(unique) < 3:
        return np.array(unique, np.float64).reshape(-1, 2)

    def chain(sequence: Sequence[list[float]]) -> list[list[float]]:
        kept: list[list[float]] = []
        for p in sequence:
            while len(kept) > 1:
                (ax, ay), (bx, by) = kept[-2], kept[-1]
                if (bx - ax) * (p[1] - ay) - (by - ay) * (p[0] - ax) > 0:
                    break
                kept.pop()
            kept.append(p)
        return kept[:-1]

    return np.array(chain(unique) + chain(unique[::-1]), np.float64)
