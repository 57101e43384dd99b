"""Fewer points at the same area."""

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.imaging.polygons.rings import Points, signed_area, without_repeats
from pentaprism.imaging.polygons.smooth import with_areas


def kept_points(points: Points, tolerance: float) -> npt.NDArray[np.int64]:
    """Indices of the points that a Douglas-Peucker simplification of the closed ring keeps (at least three where there are three)."""
    local = np.ascontiguousarray(points - points.min(axis=0), np.float32)
    reduced = cv2.approxPolyDP(local.reshape(-1, 1, 2), tolerance, True).reshape(-1, 2)
    if len(reduced) < 3:
        return np.arange(len(points))
    wanted = np.ascontiguousarray(reduced).view(np.complex64).ravel()
    return np.flatnonzero(np.isin(local.view(np.complex64).ravel(), wanted))


def simplify(points: Points, tolerance: float = 0.1, size: tuple[int, int] | None = None) -> Points:
    """A ring with fewer points and the same area: Douglas-Peucker, then an offset along the normals that gives the lost area back.

    No point of the ring moves by more than about twice the tolerance. With `size` (height, width) the result stays inside the image.
    """
    points = without_repeats(points)
    if len(points) <= 4:
        return points
    kept = points[kept_points(points, tolerance)]
    origin = np.zeros(2) if size is not None else np.floor(points.min(axis=0)) - 2
    span = np.ceil((points - origin).max(axis=0)) + 2
    limits = size if size is not None else (int(span[1]), int(span[0]))
    return with_areas(kept - origin, np.array([0, len(kept)]), np.array([signed_area(points)]), np.ones(len(kept)), limits) + origin
