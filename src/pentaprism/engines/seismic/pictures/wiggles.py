"""Wiggle traces with the positive half filled (variable area)."""

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.formats.section import Rows

Image = npt.NDArray[np.uint8]

INK = (16, 16, 20)
# Lines of traces that stand closer than this turn to gray, or they would be all that is seen.
NARROW, PALE = 8.0, 120
# How far the clip limit reaches, in distances between traces.
REACH = 1.25
SHIFT = 4
# Areas narrower than this, in pixels, are nothing but their edge.
THIN = 0.4


def draw_wiggles(picture: Image, rows: Rows, limit: float, *, filled: bool) -> None:
    """Draw traces [n, H] over an RGB picture [H, W, 3] at equal distances; ``limit`` reaches 1.25 times their distance."""
    height, width = picture.shape[:2]
    distance = width / len(rows)
    most = np.float32(limit)
    reach = np.clip(rows, -most, most) / most * np.float32(distance * REACH) if most > 0 else np.zeros_like(rows)
    below = np.arange(height, dtype=np.float64)
    for number, curve in enumerate(reach):
        base = (number + 0.5) * distance - 0.5
        if not np.any(curve):
            _line(picture, np.stack([[base, base], [0, height - 1]], axis=1), distance)
            continue
        if filled:
            for area in _positive(curve, below):
                area[:, 0] += base
                cv2.fillPoly(picture, [_fixed(area)], INK, cv2.LINE_AA, SHIFT)
        _line(picture, np.stack([base + curve, below], axis=1), distance)


def _positive(curve: npt.NDArray[np.float32], below: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float64]]:
    """The areas between the curve and its base, closed where it crosses the base between two samples."""
    above = np.concatenate([[False], curve > 0, [False]])
    edges = np.flatnonzero(above[1:] != above[:-1]).reshape(-1, 2)
    areas = []
    for begin, end in edges.tolist():
        if curve[begin:end].max() < THIN:
            continue
        top = _crossing(curve, begin - 1, begin) if begin else 0.0
        bottom = _crossing(curve, end - 1, end) if end < curve.size else float(curve.size - 1)
        area = np.empty((end - begin + 2, 2))
        area[0], area[-1] = (0, top), (0, bottom)
        area[1:-1, 0], area[1:-1, 1] = curve[begin:end], below[begin:end]
        areas.append(area)
    return areas


def _crossing(curve: npt.NDArray[np.float32], first: int, second: int) -> float:
    low, high = float(curve[first]), float(curve[second])
    return first + low / (low - high)


def _line(picture: Image, points: npt.NDArray[np.float64], distance: float) -> None:
    shade = INK[0] if distance >= NARROW else round(PALE - (PALE - INK[0]) * distance / NARROW)
    cv2.polylines(picture, [_fixed(points)], isClosed=False, color=(shade, shade, shade), thickness=1, lineType=cv2.LINE_AA, shift=SHIFT)


def _fixed(points: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    return np.rint(points * (1 << SHIFT)).astype(np.int32)
