"""Which ring lies in which; borders count as inside, because editors draw holes up to them."""

import numpy as np
import numpy.typing as npt

from pentaprism.imaging.polygons.rings import Points

CHUNK = 1_000_000
MOST_TESTED = 1_000
TOLERANCE = 0.01


def inside(ring: Points, points: Points) -> npt.NDArray[np.bool_]:
    """Which of ``points`` [M, 2] lie in the ring [N, 2] (even-odd rule) or within a hundredth of a pixel of it."""
    result = np.zeros(len(points), bool)
    along = np.roll(ring, -1, axis=0) - ring
    length = np.maximum(np.einsum("ni,ni->n", along, along), 1e-12)
    step = max(1, CHUNK // len(ring))
    for begin in range(0, len(points), step):
        part = points[begin : begin + step, None, :] - ring
        turn = along[:, 0] * part[..., 1] - along[:, 1] * part[..., 0]
        rises, falls = (part[..., 1] >= 0) & (part[..., 1] < along[:, 1]), (part[..., 1] < 0) & (part[..., 1] >= along[:, 1])
        crossings = ((rises & (turn > 0)) | (falls & (turn < 0))).sum(axis=1)
        share = np.clip(np.einsum("mni,ni->mn", part, along) / length, 0, 1)
        distance = np.abs(part - share[..., None] * along).max(axis=2)
        result[begin : begin + step] = (crossings % 2 == 1) | (distance <= TOLERANCE).any(axis=1)
    return result


def encloses(outer: Points, inner: Points) -> bool:
    """Whether every point of ``inner`` (at most a thousand of them, evenly taken) lies in ``outer``."""
    if np.any(inner.min(axis=0) < outer.min(axis=0) - TOLERANCE) or np.any(inner.max(axis=0) > outer.max(axis=0) + TOLERANCE):
        return False
    return bool(inside(outer, inner[:: max(1, len(inner) // MOST_TESTED)]).all())


def overlaps(outer: Points, inner: Points) -> bool:
    """Whether at least one point of ``inner`` lies in ``outer``."""
    return bool(inside(outer, inner[:: max(1, len(inner) // MOST_TESTED)]).any())
