"""Exact tests on rings of points in hundredths of a pixel (int64), the precision in which outlines are stored."""

import numpy as np
import numpy.typing as npt

Ring = npt.NDArray[np.int64]
Pairs = npt.NDArray[np.int64]

SCALE = 100
CHUNK = 1_000_000
MOST_PAIRS = 20_000_000


def to_ring(points: npt.NDArray[np.float64]) -> Ring:
    """[N, 2] pixel coordinates as whole hundredths."""
    return np.rint(points * SCALE).astype(np.int64)


def without_repeats(ring: Ring) -> Ring:
    """The ring without a point that equals the one before it, and without a closing repetition of the first."""
    keep = np.any(ring != np.roll(ring, 1, axis=0), axis=1)
    return ring[keep] if keep.any() else ring[:1]


def doubled_area(ring: Ring) -> int:
    """Twice the signed area in 1e-4 px² (shoelace formula); positive when clockwise on screen (y points down)."""
    shifted = ring - ring[0]
    following = np.roll(shifted, -1, axis=0)
    return int(np.sum(shifted[:, 0] * following[:, 1] - following[:, 0] * shifted[:, 1]))


def is_simple(ring: Ring) -> bool:
    """Whether the ring encloses an area and does not cross or overlap itself; touching itself in a corner is allowed.

    Rings so tangled that above twenty million pairs of edges would have to be compared count as crossing.
    """
    if len(ring) < 3 or doubled_area(ring) == 0:
        return False
    following = np.roll(ring, -1, axis=0)
    low, high = np.minimum(ring, following), np.maximum(ring, following)
    best = min((_sweep(low[:, axis], high[:, axis]) for axis in (0, 1)), key=lambda found: int(found[1].sum()))
    order, counts = best
    if int(counts.sum()) > MOST_PAIRS:
        return False
    for first, second in _candidates(order, counts):
        boxes = np.all((low[first] <= high[second]) & (low[second] <= high[first]), axis=1)
        if _any_crossing(ring, following, first[boxes], second[boxes]):
            return False
    return not _turns_over_at_a_corner(ring)


def _sweep(low: Pairs, high: Pairs) -> tuple[Pairs, Pairs]:
    """Edges in the order of their lower end, and for each how many later ones begin before it ends."""
    order = np.argsort(low, kind="stable")
    ends = np.searchsorted(low[order], high[order], side="right")
    return order, ends - np.arange(1, len(order) + 1)


def _candidates(order: Pairs, counts: Pairs) -> "list[tuple[Pairs, Pairs]]":
    """Pairs of edges that may meet, in pieces of bounded size."""
    pieces, begin = [], 0
    totals = np.cumsum(counts)
    while begin < len(order):
        before = int(totals[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(totals, before + CHUNK, side="right")))
        part = counts[begin:end]
        rows = np.repeat(np.arange(begin, end), part)
        steps = np.arange(int(part.sum())) - np.repeat(np.cumsum(part) - part, part)
        pieces.append((order[rows], order[rows + 1 + steps]))
        begin = end
    return pieces


def _turn(a: Ring, b: Ring, c: Ring) -> Pairs:
    """Sign of the turn a, b, c."""
    ab, ac = b - a, c - a
    return np.sign(ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0])


def _any_crossing(ring: Ring, following: Ring, first: Pairs, second: Pairs) -> bool:
    """Whether any pair of edges crosses, or overlaps along a line."""
    a, b, c, d = ring[first], following[first], ring[second], following[second]
    abc, abd, cda, cdb = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if np.any((abc * abd < 0) & (cda * cdb < 0)):
        return True
    shared = np.any([np.all(p == q, axis=1) for p, q in ((a, c), (a, d), (b, c), (b, d))], axis=0)
    through = ((abc * abd < 0) & (cda * cdb == 0)) | ((abc * abd == 0) & (cda * cdb < 0))
    if np.any(through & ~shared):
        return True
    flat = (abc == 0) & (abd == 0)
    if not flat.any():
        return False
    a, b, c, d = a[flat], b[flat], c[flat], d[flat]
    axis = np.argmax(np.abs(b - a), axis=1)[:, None]
    ends = [np.take_along_axis(p, axis, axis=1)[:, 0] for p in (a, b, c, d)]
    overlap = np.minimum(np.maximum(ends[0], ends[1]), np.maximum(ends[2], ends[3])) - np.maximum(
        np.minimum(ends[0], ends[1]), np.minimum(ends[2], ends[3])
    )
    return bool(np.any(overlap > 0))


def _turns_over_at_a_corner(ring: Ring) -> bool:
    """Whether the ring meets itself in a corner and goes round the other way from there, as a figure of eight does."""
    _, inverse, counts = np.unique(ring, axis=0, return_inverse=True, return_counts=True)
    if np.all(counts == 1):
        return False
    whole = np.sign(doubled_area(ring))
    for value in np.flatnonzero(counts > 1)[:1000]:
        visits = np.flatnonzero(inverse.ravel() == value)
        for begin, end in zip(visits[:-1], visits[1:], strict=True):
            part = ring[begin:end]
            if len(part) < 3 or np.sign(doubled_area(part)) != whole:
                return True
    return False


def inside(ring: Ring, points: Ring) -> npt.NDArray[np.bool_]:
    """Which of ``points`` lie in the ring or on it (even-odd rule)."""
    result = np.zeros(len(points), bool)
    following = np.roll(ring, -1, axis=0)
    step = max(1, CHUNK // max(len(ring), 1))
    for begin in range(0, len(points), step):
        part = points[begin : begin + step, None, :]
        turn = (following[:, 0] - ring[:, 0]) * (part[..., 1] - ring[:, 1]) - (following[:, 1] - ring[:, 1]) * (part[..., 0] - ring[:, 0])
        below, above = ring[:, 1] <= part[..., 1], following[:, 1] <= part[..., 1]
        crossings = ((below & ~above & (turn > 0)) | (~below & above & (turn < 0))).sum(axis=1)
        box = np.all((np.minimum(ring, following) <= part) & (part <= np.maximum(ring, following)), axis=2)
        result[begin : begin + step] = (crossings % 2 == 1) | np.any((turn == 0) & box, axis=1)
    return result


def encloses(outer: Ring, inner: Ring) -> bool:
    """Whether every point of ``inner`` (at most a thousand of them, evenly taken) lies in ``outer`` or on it."""
    if np.any(inner.min(axis=0) < outer.min(axis=0)) or np.any(inner.max(axis=0) > outer.max(axis=0)):
        return False
    return bool(inside(outer, inner[:: max(1, len(inner) // 1000)]).all())
