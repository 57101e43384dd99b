"""The true area behind a digitised outline.

The pixel count of a small round object scatters by several percent with its sub-pixel position. Cracks carry unequal information: where
the border runs along a pixel row, the cracks between rows only say that it lies somewhere within one pixel, while those across the row
say it to a fraction. A weighted least-squares ellipse uses that and halves the scatter; where no ellipse fits, no claim is made.
"""

import numpy as np

from pentaprism.imaging.polygons.rings import Points
from pentaprism.imaging.polygons.smooth import Values, ring_sums
from pentaprism.imaging.polygons.trace import Index, ring_links

MOST_CRACKS = 400
FEWEST_CRACKS = 24
# Largest root mean square distance, px, between an ellipse and the crack midpoints, or the level crossings of a field.
MISFIT_MASK, MISFIT_FIELD = 0.33, 0.12
_REGULAR = 0.05


def _moments(points: Points, starts: Index, ahead: Index) -> tuple[Values, Values]:
    """Centroid [R, 2] and second central area moments divided by the area [R, 2, 2] of each ring."""
    origin = points[starts[:-1]]
    local = points - np.repeat(origin, np.diff(starts), axis=0)
    x, y = local.T
    u, v = local[ahead].T
    cross = x * v - u * y
    columns = (cross, (x + u) * cross, (y + v) * cross, (x * x + x * u + u * u) * cross, (y * y + y * v + v * v) * cross,
               (x * v + 2 * x * y + 2 * u * v + u * y) * cross)  # fmt: skip
    sums = ring_sums(np.stack(columns, axis=1), starts)
    area = np.where(sums[:, 0] == 0, 1.0, sums[:, 0] / 2)
    cx, cy = sums[:, 1] / (6 * area), sums[:, 2] / (6 * area)
    xx, yy, xy = sums[:, 3] / (12 * area) - cx**2, sums[:, 4] / (12 * area) - cy**2, sums[:, 5] / (24 * area) - cx * cy
    return origin + np.stack([cx, cy], axis=1), np.stack([np.stack([xx, xy], axis=1), np.stack([xy, yy], axis=1)], axis=1)


def _distance(q: Points, a: Values, b: Values) -> Values:
    """First-order signed distance of points to the ellipse with half-axes a, b (Sampson, 1982)."""
    level = np.maximum(np.hypot(q[:, 0] / a, q[:, 1] / b), 1e-9)
    slope = np.maximum(np.hypot(q[:, 0] / (a * a), q[:, 1] / (b * b)), 1e-9) / level
    return (level - 1) / slope


def ellipse_areas(
    smooth: Points, inside: Points, outside: Points, across: Values, horizontal: Values, starts: Index, size: Values, level: bool
) -> Values:
    """Area of the ellipse behind each ring, or nan where none fits.

    Args:
        smooth: smoothed outline [E, 2], gives the first guess; inside, outside: pixel centres on both sides [E, 2].
        across: where the border crosses from inside (0) to outside (1) [E]; horizontal: 1.0 for cracks along x [E].
        size: pixel count (absolute area) of each ring [R]; level: the crossings come from a field, so all cracks are equally exact.
    """
    counts = np.diff(starts)
    ahead, _ = ring_links(starts)
    centre, second = _moments(smooth, starts, ahead)
    value, vector = np.linalg.eigh(second)
    axes = 2 * np.sqrt(np.maximum(value, 1e-6))
    scale = np.sqrt(size / (np.pi * axes.prod(axis=1)))
    a, b = (np.repeat(axes[:, k] * scale, counts) for k in (0, 1))
    frame = np.repeat(vector, counts, axis=0)

    def local(points: Points) -> Points:
        return np.asarray(np.einsum("ei,eik->ek", points - np.repeat(centre, counts, axis=0), frame))

    crossing = local(inside + across[:, None] * (outside - inside))
    misfit = _distance(crossing, a, b) if level else 0.5 * (_distance(local(inside), a, b) + _distance(local(outside), a, b))
    phase = np.arctan2(crossing[:, 1] / b, crossing[:, 0] / a)
    turn = np.arctan2(np.sin(phase) / b, np.cos(phase) / a)
    normal = np.einsum("eik,ek->ei", frame, np.stack([np.cos(turn), np.sin(turn)], axis=1))
    weight = np.ones_like(turn) if level else 1 / (np.where(horizontal > 0, normal[:, 1], normal[:, 0]) ** 2 + _REGULAR)
    basis = np.stack([np.ones_like(turn), np.cos(turn), np.sin(turn), np.cos(2 * turn), np.sin(2 * turn)], axis=1)
    matrix = ring_sums((weight[:, None, None] * basis[:, :, None] * basis[:, None, :]).reshape(-1, 25), starts).reshape(-1, 5, 5)
    solution = np.linalg.solve(matrix + 1e-6 * np.eye(5), ring_sums(weight[:, None] * basis * misfit[:, None], starts)[..., None])[..., 0]
    rest = misfit - (basis * np.repeat(solution, counts, axis=0)).sum(axis=1)
    error = np.sqrt(ring_sums(rest**2, starts) / counts)
    axis = axes * scale[:, None]
    length = np.pi * (3 * axis.sum(axis=1) - np.sqrt((3 * axis[:, 0] + axis[:, 1]) * (axis[:, 0] + 3 * axis[:, 1])))
    area = size + length * solution[:, 0] + np.pi * solution[:, 0] ** 2
    fits = (error <= (MISFIT_FIELD if level else MISFIT_MASK)) & (counts >= FEWEST_CRACKS) & (counts <= MOST_CRACKS)
    return np.where(fits, area, np.nan)
