"""A picture that exists as pixels, cut or laid out for a target of another size and aspect."""

from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.artwork.encoding import Colour, Picture, on_background, resized
from pentaprism.engines.artwork.saliency import saliency

Fit = Literal["smart", "cover", "focal", "blur", "pad"]
FITS: tuple[Fit, ...] = ("smart", "cover", "focal", "blur", "pad")
SMART_SHARE = 0.6
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Fitted:
    """``picture`` at the target's size; ``fit`` is what was really done; ``crop`` is x, y, width, height in source pixels."""

    picture: Picture
    fit: str
    crop: Box | None
    upscaled: bool


def fit(
    picture: npt.NDArray[Any],
    width: int,
    height: int,
    mode: Fit = "smart",
    focal_point: tuple[float, float] | None = None,
    background: Colour = (255, 255, 255),
) -> Fitted:
    """``picture`` (uint8 [H, W, 3] RGB or [H, W, 4] RGBA) at exactly ``width`` x ``height``.

    ``smart`` takes the window of the target's aspect that holds most of the saliency, and lays the whole picture over a blurred copy
    of itself when that window would hold less than 60 % of it; ``cover`` the largest window in the middle; ``focal`` the largest one,
    centred as near to ``focal_point`` (0..1 of width and height, implied by giving it) as the picture allows; ``blur`` the whole
    picture over an enlarged blurred copy; ``pad`` the whole picture on ``background``.
    """
    if mode not in FITS:
        raise ValueError(f"unknown fit {mode!r}; known are {', '.join(FITS)}")
    if mode == "pad":
        return _padded(picture, width, height, background)
    if mode == "blur":
        return _blurred(picture, width, height, background)
    if focal_point is not None:
        return _cut(picture, focal_window(picture.shape[1], picture.shape[0], width, height, focal_point), width, height, "focal")
    if mode == "cover":
        return _cut(picture, focal_window(picture.shape[1], picture.shape[0], width, height, (0.5, 0.5)), width, height, "cover")
    if mode == "focal":
        raise ValueError("focal needs a focal point")
    window, share = smart_window(on_background(picture, background), width, height)
    return _cut(picture, window, width, height, "smart") if share >= SMART_SHARE else _blurred(picture, width, height, background)


def window_size(source_width: int, source_height: int, width: int, height: int) -> tuple[int, int]:
    """Width and height in source pixels of the largest window with the target's aspect."""
    if source_width * height > source_height * width:
        return max(1, min(source_width, round(source_height * width / height))), source_height
    return source_width, max(1, min(source_height, round(source_width * height / width)))


def focal_window(source_width: int, source_height: int, width: int, height: int, point: tuple[float, float]) -> Box:
    """The largest window of the target's aspect, its centre as near to ``point`` (0..1) as the picture allows."""
    across, down = window_size(source_width, source_height, width, height)
    left = min(max(round(point[0] * source_width - across / 2), 0), source_width - across)
    top = min(max(round(point[1] * source_height - down / 2), 0), source_height - down)
    return left, top, across, down


def smart_window(picture: npt.NDArray[Any], width: int, height: int) -> tuple[Box, float]:
    """The window of the target's aspect with the most saliency, and the share (0..1) of the saliency that it holds.

    The window is as large as the picture allows, so it moves along one axis only, and sums along it find the best place at once. Of equal
    places the one nearest to the middle is taken.
    """
    source_height, source_width = picture.shape[:2]
    across, down = window_size(source_width, source_height, width, height)
    weights = saliency(picture)
    along_x = across < source_width
    mass = weights.sum(axis=0 if along_x else 1, dtype=np.float64)
    length, window = (source_width, across) if along_x else (source_height, down)
    if window >= length:
        return (0, 0, across, down), 1.0
    cells = len(mass)
    total = np.concatenate([[0.0], np.cumsum(mass)])
    edges = np.arange(cells + 1) * (length / cells)
    starts = np.unique(np.linspace(0, length - window, num=min(length - window + 1, 512)).round()).astype(int)
    held = np.interp(starts + window, edges, total) - np.interp(starts, edges, total)
    off_centre = np.abs(starts - (length - window) / 2) / length
    best = int(np.argmax(np.round(held, 6) - 1e-7 * off_centre))
    start, share = int(starts[best]), float(held[best])
    return ((start, 0, across, down) if along_x else (0, start, across, down)), share


def _cut(picture: npt.NDArray[Any], window: Box, width: int, height: int, name: str) -> Fitted:
    left, top, across, down = window
    part = np.ascontiguousarray(picture[top : top + down, left : left + across])
    return Fitted(resized(part, width, height), name, window, across < width or down < height)


def _inside(picture: npt.NDArray[Any], width: int, height: int) -> tuple[Picture, int, int, bool]:
    """The whole picture as large as the target allows, its place, and whether it was enlarged."""
    scale = min(width / picture.shape[1], height / picture.shape[0])
    size = min(width, max(1, round(picture.shape[1] * scale))), min(height, max(1, round(picture.shape[0] * scale)))
    return resized(picture, *size), (width - size[0]) // 2, (height - size[1]) // 2, scale > 1


def _padded(picture: npt.NDArray[Any], width: int, height: int, background: Colour) -> Fitted:
    whole, left, top, upscaled = _inside(on_background(picture, background), width, height)
    canvas = np.full((height, width, 3), background, np.uint8)
    canvas[top : top + whole.shape[0], left : left + whole.shape[1]] = whole
    return Fitted(canvas, "pad", None, upscaled)


def _blurred(picture: npt.NDArray[Any], width: int, height: int, background: Colour) -> Fitted:
    solid = on_background(picture, background)
    window = focal_window(solid.shape[1], solid.shape[0], width, height, (0.5, 0.5))
    # The blur hides all detail, so it is made at a small size and enlarged.
    scale = min(1.0, 160 / max(width, height))
    small = _cut(solid, window, max(1, round(width * scale)), max(1, round(height * scale)), "cover").picture
    soft = cv2.GaussianBlur(small, (0, 0), max(small.shape[:2]) / 14)
    dim = np.asarray(soft * 0.82, np.uint8)
    canvas = np.asarray(cv2.resize(dim, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
    whole, left, top, upscaled = _inside(solid, width, height)
    canvas[top : top + whole.shape[0], left : left + whole.shape[1]] = whole
    return Fitted(canvas, "blur", None, upscaled)
