"""Text, lines and axes on an RGB picture."""

import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from pentaprism.imaging.encode import png

Image = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

INK: Colour = (34, 38, 44)
FAINT: Colour = (120, 126, 134)
GRID: Colour = (224, 227, 231)
PAPER: Colour = (255, 255, 255)
MARK: Colour = (226, 116, 0)
PNG_LEVEL = 3


class Box(NamedTuple):
    """Pixels from left to right and top to bottom, ends excluded."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top


class Canvas:
    """A picture that grows by drawing on it."""

    def __init__(self, width: int, height: int, ground: Colour = PAPER) -> None:
        self._picture = Pictures.new("RGB", (width, height), ground)
        self._pen = ImageDraw.Draw(self._picture)

    def paste(self, image: Image, box: Box) -> None:
        """Put an RGB picture [H, W, 3] of the box's size into it."""
        self._picture.paste(Pictures.fromarray(image), (box.left, box.top))

    def text(self, x: float, y: float, words: str, *, size: int = 12, anchor: str = "la", colour: Colour = INK) -> None:
        """Words at a point; ``anchor`` as Pillow names it."""
        self._pen.text((x, y), words, fill=colour, font=font(size), anchor=anchor)

    def rotated(self, x: int, y: int, words: str, *, size: int = 12, colour: Colour = INK) -> None:
        """Words that run upwards, centred at a point."""
        width = math.ceil(font(size).getlength(words)) + 4
        label = Pictures.new("L", (width, size + 6), 0)
        ImageDraw.Draw(label).text((2, 2), words, fill=255, font=font(size))
        label = label.transpose(Pictures.Transpose.ROTATE_90)
        self._picture.paste(colour, (x - label.width // 2, y - label.height // 2), label)

    def line(self, points: Sequence[tuple[float, float]], *, colour: Colour = INK, width: int = 1) -> None:
        """A line through points."""
        self._pen.line(list(points), fill=colour, width=width)

    def frame(self, box: Box, colour: Colour = INK) -> None:
        """A line around a box."""
        self._pen.rectangle((box.left - 1, box.top - 1, box.right, box.bottom), outline=colour)

    def fill(self, box: Box, colour: Colour) -> None:
        """A filled box."""
        if box.width > 0 and box.height > 0:
            self._pen.rectangle((box.left, box.top, box.right - 1, box.bottom - 1), fill=colour)

    def array(self) -> Image:
        """The picture, [H, W, 3]."""
        return np.asarray(self._picture)

    def png(self) -> bytes:
        """The picture as a file."""
        return png(self.array(), PNG_LEVEL)


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """The font that comes with Pillow, so that pictures are the same on every machine."""
    found = ImageFont.load_default(size)
    assert isinstance(found, ImageFont.FreeTypeFont)
    return found


def ticks(low: float, high: float, most: int, *, whole: bool = False) -> list[float]:
    """Round numbers between two values, at most about ``most``; ``whole`` numbers only."""
    span = high - low
    if not span > 0 or most < 1:
        return [low]
    step = 10 ** math.floor(math.log10(span / most))
    step *= next(factor for factor in (1, 2, 5, 10) if span / (step * factor) <= most)
    step = max(step, 1) if whole else step
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def label(value: float, step: float) -> str:
    """A number with the digits that ``step`` needs."""
    digits = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    return f"{value:.{digits}f}"


def labels(values: Sequence[float]) -> list[str]:
    """Ticks as text."""
    step = values[1] - values[0] if len(values) > 1 else 1.0
    return [label(value, step) for value in values]
