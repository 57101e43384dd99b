"""Vector shapes with smooth edges on an eight-bit canvas."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.artwork.layers import spread, strips

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Points = Sequence[tuple[float, float]] | npt.NDArray[Any]

SHIFT = 4


def to_bytes(canvas: Floats, seed: int = 0) -> Bytes:
    """Float [H, W, 3] in 0..1 to eight bits, with a noise of half a step against banding."""
    rng = np.random.Generator(np.random.SFC64(seed))
    noise = rng.random(canvas.shape[:2], dtype=np.float32)
    found = np.empty(canvas.shape, np.uint8)
    for rows in strips(canvas):
        values = spread(noise[rows])
        values += canvas[rows] * np.float32(255)
        found[rows] = np.clip(values, 0, 255.499, out=values)
    return found


def to_floats(canvas: Bytes) -> Floats:
    """Eight bits to float 0..1."""
    found = np.asarray(canvas, np.float32)
    found *= np.float32(1 / 255)
    return found


def code(colour: npt.NDArray[Any]) -> tuple[int, int, int]:
    """A colour of 0..1 as the drawing library wants it."""
    red, green, blue = (round(min(max(part, 0.0), 1.0) * 255) for part in colour.tolist())
    return red, green, blue


def _fixed(points: Points) -> npt.NDArray[np.int32]:
    return np.asarray(np.round(np.asarray(points, np.float64) * (1 << SHIFT)), np.int32).reshape(-1, 1, 2)


def polygon(canvas: Bytes, points: Points, colour: npt.NDArray[Any]) -> None:
    """A filled polygon; points are x, y in pixels."""
    cv2.fillPoly(canvas, [_fixed(points)], code(colour), cv2.LINE_AA, SHIFT)


def stroke(canvas: Bytes, points: Points, colour: npt.NDArray[Any], thickness: float) -> None:
    """A line through points; under one pixel it gets paler in place of thinner."""
    cv2.polylines(canvas, [_fixed(points)], False, code(colour), max(1, round(thickness)), cv2.LINE_AA, SHIFT)


def disc(canvas: Bytes, x: float, y: float, radius: float, colour: npt.NDArray[Any]) -> None:
    """A filled circle."""
    centre = round(x * (1 << SHIFT)), round(y * (1 << SHIFT))
    cv2.circle(canvas, centre, max(1, round(radius * (1 << SHIFT))), code(colour), -1, cv2.LINE_AA, SHIFT)


def ellipse(canvas: Bytes, x: float, y: float, across: float, down: float, angle: float, colour: npt.NDArray[Any]) -> None:
    """A filled ellipse with half axes ``across`` and ``down``, turned by ``angle`` degrees."""
    unit = 1 << SHIFT
    centre, axes = (round(x * unit), round(y * unit)), (max(1, round(across * unit)), max(1, round(down * unit)))
    cv2.ellipse(canvas, centre, axes, angle, 0, 360, code(colour), -1, cv2.LINE_AA, SHIFT)


def mask_of(shape: tuple[int, int], points: Points) -> Floats:
    """The coverage 0..1 of a polygon, float32 [H, W]."""
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [_fixed(points)], (255,), cv2.LINE_AA, SHIFT)
    return mask.astype(np.float32) / np.float32(255)


def soft_shadow(canvas: Floats, x: float, y: float, across: float, down: float, strength: float) -> None:
    """Darken an ellipse with a soft rim in place."""
    height, width = canvas.shape[:2]
    x0, x1 = max(int(x - 2 * across), 0), min(int(x + 2 * across) + 1, width)
    y0, y1 = max(int(y - 2 * down), 0), min(int(y + 2 * down) + 1, height)
    if x0 >= x1 or y0 >= y1:
        return
    rows = ((np.arange(y0, y1) + 0.5 - y) / down) ** 2
    columns = ((np.arange(x0, x1) + 0.5 - x) / across) ** 2
    dark = 1 - strength * np.exp(-1.6 * (rows[:, None] + columns[None]) ** 1.2)
    canvas[y0:y1, x0:x1] *= dark[..., None].astype(np.float32)
