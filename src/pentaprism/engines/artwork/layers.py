"""Whole-picture arithmetic that keeps to the caches: layers of one channel on canvases of three, some rows at a time.

NumPy walks an array [H, W, 1] beside one [H, W, 3] in runs of three numbers, which costs several times what the arithmetic does; here
every operand has the canvas's own layout.
"""

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

STRIP_BYTES = 400_000


def spread(layer: npt.NDArray[Any]) -> Floats:
    """A layer [H, W] in all three channels, float32 [H, W, 3]."""
    layer = np.asarray(layer, np.float32)
    return np.asarray(cv2.merge((layer, layer, layer)))


def coloured(layer: npt.NDArray[Any], colour: npt.NDArray[Any]) -> Floats:
    """A layer [H, W] times a colour [3], float32 [H, W, 3]."""
    layer = np.asarray(layer, np.float32)
    return np.asarray(cv2.merge([layer * np.float32(part) for part in colour.tolist()]))


def row_of(colour: npt.NDArray[Any], width: int) -> Floats:
    """A colour [3] for every pixel of a row, float32 [width, 3]."""
    return np.tile(np.asarray(colour, np.float32), width).reshape(width, 3)


def strips(canvas: npt.NDArray[Any]) -> Iterator[slice]:
    """Slices of rows, each small enough that one operation leaves it in the cache for the next."""
    height = canvas.shape[0]
    rows = max(1, STRIP_BYTES // max(1, canvas[:1].nbytes))
    for first in range(0, height, rows):
        yield slice(first, min(first + rows, height))


def over(canvas: Floats, colour: npt.NDArray[Any], alpha: npt.NDArray[Any]) -> None:
    """Lay ``colour`` ([3] or [H, W, 3]) over the canvas in place; ``alpha`` is [H, W] in 0..1."""
    plain = row_of(colour, canvas.shape[1]) if colour.ndim == 1 else None
    for rows in strips(canvas):
        part = canvas[rows]
        towards = np.subtract(colour[rows] if plain is None else plain, part, dtype=np.float32)
        towards *= spread(alpha[rows])
        part += towards


def screen(canvas: Floats, light: npt.NDArray[np.float32]) -> None:
    """Add light ([H, W, 3]) in place as on a screen: bright places cannot pass white."""
    for rows in strips(canvas):
        part = canvas[rows]
        room = np.subtract(1, part, dtype=np.float32)
        room *= np.clip(light[rows], 0, 1)
        part += room


def screen_layer(canvas: Floats, layer: npt.NDArray[Any], colour: npt.NDArray[Any]) -> None:
    """As :func:`screen` with the light ``layer`` ([H, W]) times ``colour`` ([3])."""
    for rows in strips(canvas):
        screen(canvas[rows], coloured(layer[rows], colour))
