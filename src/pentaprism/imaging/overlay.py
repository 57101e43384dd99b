"""Outlines and labels drawn over a picture, for people to look at."""

import colorsys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Rgb = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float64]

SUBPIXEL_BITS = 4
GOLDEN_RATIO = 0.618033988749895


@dataclass(frozen=True, slots=True)
class Outline:
    """One object: its label, its outer ring and its holes, each [n, 2] float64 as (x, y) with the origin at the corner of a pixel."""

    label: str
    outer: Points
    holes: list[Points] = field(default_factory=list)


def outlines_of(polygons: Sequence[Mapping[str, Any]]) -> list[Outline]:
    """The outlines of a document's flat polygon list (``type`` external or internal, ``parentId``, ``points`` of ``{x, y}``)."""
    holes: dict[str, list[Points]] = {}
    for polygon in polygons:
        if polygon["type"] == "internal":
            holes.setdefault(str(polygon["parentId"]), []).append(_points(polygon))
    externals = (polygon for polygon in polygons if polygon["type"] == "external")
    return [
        Outline(str(polygon.get("label") or number), _points(polygon), holes.get(str(polygon["id"]), []))
        for number, polygon in enumerate(externals, 1)
    ]


def draw_overlay(
    picture: npt.NDArray[np.uint8],
    outlines: Sequence[Outline],
    *,
    frame_width: int | None = None,
    shortest: int = 1000,
    longest: int = 2048,
) -> Rgb:
    """``picture`` with every outline filled lightly, stroked and labelled.

    ``picture`` is [height, width] or [height, width, 3], uint8; ``frame_width`` is the width of the picture that the outlines
    belong to, where ``picture`` is a smaller copy of it. The result is RGB uint8 of the same aspect, its long side brought
    between ``shortest`` and ``longest`` so that strokes and labels can be read on small and on huge pictures.
    """
    canvas: Rgb = np.repeat(picture[..., None], 3, axis=2) if picture.ndim == 2 else np.ascontiguousarray(picture[..., :3])
    frame_width = frame_width or canvas.shape[1]
    canvas = _resize(canvas, shortest, longest)
    scale = canvas.shape[1] / frame_width
    colours = [colour_of(number) for number in range(len(outlines))]
    rings = [[_fixed_point(ring, scale) for ring in (outline.outer, *outline.holes)] for outline in outlines]
    canvas = _fill(canvas, rings, colours)
    for ring, colour in zip(rings, colours, strict=True):
        cv2.polylines(canvas, ring, True, (0, 0, 0), 3, cv2.LINE_AA, SUBPIXEL_BITS)
        cv2.polylines(canvas, ring, True, colour, 2, cv2.LINE_AA, SUBPIXEL_BITS)
    return _label(canvas, outlines, colours, scale)


def colour_of(number: int) -> tuple[int, int, int]:
    """A bright colour for the object ``number``; neighbours in number differ clearly in hue."""
    red, green, blue = colorsys.hsv_to_rgb((0.13 + number * GOLDEN_RATIO) % 1.0, 0.72, 1.0)
    return round(red * 255), round(green * 255), round(blue * 255)


def _resize(canvas: Rgb, shortest: int, longest: int) -> Rgb:
    """``canvas`` with its long side between the two bounds."""
    height, width = canvas.shape[:2]
    wanted = min(max(height, width, shortest), longest)
    scale = wanted / max(height, width)
    if scale == 1.0:
        return canvas
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(canvas, size, interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA), dtype=np.uint8)


def _points(polygon: Mapping[str, Any]) -> Points:
    return np.array([(point["x"], point["y"]) for point in polygon["points"]], dtype=np.float64).reshape(-1, 2)


def _fixed_point(ring: Points, scale: float) -> npt.NDArray[np.int32]:
    """Coordinates as OpenCV wants them: fixed point, with the origin at the centre of a pixel, not at its corner."""
    return np.round((ring * scale - 0.5) * (1 << SUBPIXEL_BITS)).astype(np.int32)


def _fill(canvas: Rgb, rings: Sequence[Sequence[npt.NDArray[np.int32]]], colours: Sequence[tuple[int, int, int]]) -> Rgb:
    tinted = canvas.copy()
    for ring, colour in zip(rings, colours, strict=True):
        cv2.fillPoly(tinted, list(ring), colour, cv2.LINE_AA, SUBPIXEL_BITS)
    return np.asarray(cv2.addWeighted(tinted, 0.22, canvas, 0.78, 0), dtype=np.uint8)


def _label(canvas: Rgb, outlines: Sequence[Outline], colours: Sequence[tuple[int, int, int]], scale: float) -> Rgb:
    """Each label on a dark pill in the middle of its object's box; objects too small to hold one stay without."""
    picture = Image.fromarray(canvas)
    draw = ImageDraw.Draw(picture, "RGBA")
    font = ImageFont.load_default(15)
    for outline, colour in zip(outlines, colours, strict=True):
        low, high = outline.outer.min(axis=0) * scale, outline.outer.max(axis=0) * scale
        middle = (float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2)
        left, top, right, bottom = draw.textbbox(middle, outline.label, font=font, anchor="mm")
        if right - left + 6 > high[0] - low[0] or bottom - top + 6 > high[1] - low[1]:
            continue
        draw.rounded_rectangle((left - 5, top - 3, right + 5, bottom + 3), radius=5, fill=(0, 0, 0, 150))
        draw.text(middle, outline.label, font=font, anchor="mm", fill=colour)
    return np.asarray(picture, dtype=np.uint8)
