"""Pixels of stored images, as engines, cut-outs and visualizations need them."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from pentaprism.imaging.decode import read_rgba

GREY = 128.0
EXTREMES = (0.0, 100.0)
PIXELS_AT_ONCE = 1 << 20
Picture = npt.NDArray[np.uint8]


def rgba_of(path: Path, max_side: int | None = None) -> Picture:
    """The upright picture [H, W, 4]; deep samples run from the image's own minimum to its maximum. Raises ImageError."""
    return read_rgba(path, max_side, span=EXTREMES)


def on_grey(rgba: Picture) -> Picture:
    """The picture [H, W, 3] with transparency over the grey 128."""
    alpha = rgba[..., 3]
    if int(alpha.min(initial=255)) == 255:
        return np.ascontiguousarray(rgba[..., :3])
    result = np.empty((*alpha.shape, 3), np.uint8)
    rows = max(1, PIXELS_AT_ONCE // max(1, alpha.shape[1]))
    for top in range(0, len(alpha), rows):
        part = rgba[top : top + rows]
        weight = part[..., 3:].astype(np.float32) / 255.0
        result[top : top + rows] = np.rint(part[..., :3] * weight + GREY * (1.0 - weight))
    return result
