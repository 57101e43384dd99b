"""Smoothing of closed rings without shrinking, and area by an offset along the normals. All rings at once, in concatenated arrays."""

import numpy as np
import numpy.typing as npt

from pentaprism.imaging.polygons.rings import Points
from pentaprism.imaging.polygons.trace import Index, ring_links

Values = npt.NDArray[np.float64]
MAX_OFFSET = 0.75


def binomial(values: Values, ahead: Index, back: Index, passes: int) -> Values:
    """`passes` times the kernel 1/4, 1/2, 1/4 along each ring."""
    for _ in range(passes):
        values = 0.25 * (values[ahead] + values[back]) + 0.5 * values
    return values


def smoothed(points: Points, ahead: Index, back: Index, passes: int = 12, rounds: int = 2) -> Points:
    """Low-pass each ring with the response 1 - (1 - g)^rounds, g being `passes` binomial kernels.

    The flat top of that response keeps the size of round objects, which plain averaging shrinks (G. Taubin, 1995, for the problem).
    """
    total, rest = np.zeros_like(points), points
    for _ in range(rounds):
        part = binomial(rest, ahead, back, passes)
        total, rest = total + part, rest - part
    return total


def ring_sums(values: Values, starts: Index) -> Values:
    """Sums over each ring of concatenated values [E] or [E, k]."""
    return np.add.reduceat(values, starts[:-1], axis=0)


def ring_areas(points: Points, starts: Index, ahead: Index) -> Values:
    """Signed area of each ring, taken about its first point to keep the digits."""
    local = points - np.repeat(points[starts[:-1]], np.diff(starts), axis=0)
    following = local[ahead]
    return 0.5 * ring_sums(local[:, 0] * following[:, 1] - following[:, 0] * local[:, 1], starts)


def ring_lengths(points: Points, starts: Index, ahead: Index) -> Values:
    """Perimeter of each ring."""
    step = points[ahead] - points
    return ring_sums(np.hypot(step[:, 0], step[:, 1]), starts)


def normals(points: Points, ahead: Index, back: Index) -> Points:
    """Unit normals away from the object (to the left of the direction of travel)."""
    along = points[ahead] - points[back]
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-12)
    return np.stack([along[:, 1] / length, -along[:, 0] / length], axis=1)


def with_areas(
    points: Points, starts: Index, target: Values, free: Values, size: tuple[int, int], rounds: int = 3, clipped: bool = True
) -> Points:
    """Move points along their normals until each ring has its target area (signed, px²) inside an image of `size` (height, width).

    `free` [E] in 0..1 says how far a point may move; points on borders shared with a neighbour stay, so that both sides keep one border.
    With `clipped` all points end inside the image, else only the area is that of the part inside.
    """
    ahead, back = ring_links(starts)
    limit = np.array([size[1], size[0]], np.float64)
    moved = np.zeros(len(starts) - 1)
    for _ in range(rounds):
        shown = np.clip(points, 0.0, limit)
        normal = normals(points, ahead, back)
        step = shown[ahead] - shown
        half = 0.5 * np.hypot(step[:, 0], step[:, 1])
        on_border = ((shown <= 0.0) | (shown >= limit)).any(axis=1)
        reach = ring_sums(np.where(on_border, 0.0, free * (half + half[back])), starts)
        shift = (target - ring_areas(shown, starts, ahead)) / np.maximum(reach, 1e-9)
        shift = np.where(reach > 1.0, np.clip(moved + shift, -MAX_OFFSET, MAX_OFFSET) - moved, 0.0)
        moved += shift
        points = points + (np.repeat(shift, np.diff(starts)) * free)[:, None] * normal
    return np.clip(points, 0.0, limit) if clipped else points
