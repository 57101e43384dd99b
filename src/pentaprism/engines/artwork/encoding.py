"""Finished pictures to bytes: PNG, JPEG, WebP or AVIF, within a number of bytes where one is asked for."""

import io
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, features

from pentaprism.imaging import encode as write

Picture = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

MIME_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp", "avif": "image/avif"}
EXTENSIONS = {"png": "png", "jpeg": "jpg", "webp": "webp", "avif": "avif"}
DEFAULT_QUALITY = {"jpeg": 90, "webp": 85, "avif": 60}
LOWEST_QUALITY = 40
QUALITY_STEP = 5
AVIF_SPEED = 8


class TooLarge(ValueError):
    """The picture does not fit into the bytes asked for, even at the lowest quality."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A picture file; ``quality`` is the one really used, None for PNG."""

    data: bytes
    mime_type: str
    extension: str
    quality: int | None


def available_formats() -> tuple[str, ...]:
    """The formats that this installation can write."""
    return tuple(name for name in MIME_TYPES if name != "avif" or features.check("avif"))


def encode(
    picture: npt.NDArray[Any],
    format: str = "png",
    quality: int | None = None,
    max_bytes: int | None = None,
    background: Colour = (255, 255, 255),
) -> Encoded:
    """The file of uint8 [H, W, 3] RGB or [H, W, 4] RGBA. JPEG lays transparency on ``background``.

    ``quality`` is 1..100 (JPEG 90, WebP 85, AVIF 60 without one); PNG knows none. Above ``max_bytes`` the quality of the lossy
    formats falls in steps of 5 down to 40. Raises TooLarge, and ValueError for a format that is not known.
    """
    if format not in MIME_TYPES:
        raise ValueError(f"unknown format {format!r}; known are {', '.join(MIME_TYPES)}")
    pixels = on_background(picture, background) if format == "jpeg" else picture
    level = None if format == "png" else (quality or DEFAULT_QUALITY[format])
    data = _file(pixels, format, level)
    while max_bytes is not None and len(data) > max_bytes:
        if level is None or level <= LOWEST_QUALITY:
            raise TooLarge(f"the picture needs {len(data)} bytes as {format} and may have {max_bytes}")
        level = max(level - QUALITY_STEP, LOWEST_QUALITY)
        data = _file(pixels, format, level)
    return Encoded(data, MIME_TYPES[format], EXTENSIONS[format], level)


def on_background(picture: npt.NDArray[Any], background: Colour) -> Picture:
    """RGBA laid on one colour; RGB as it is."""
    if picture.shape[2] == 3:
        return picture
    alpha = picture[..., 3:].astype(np.float32) / 255
    ground = np.array(background, np.float32)
    return np.asarray(np.rint(picture[..., :3] * alpha + ground * (1 - alpha)), np.uint8)


def _file(pixels: npt.NDArray[Any], format: str, quality: int | None) -> bytes:
    if quality is None:
        return write.png(pixels)
    if format == "jpeg":
        return write.jpeg(pixels, quality)
    if format == "webp":
        return write.webp(pixels, quality)
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, "AVIF", quality=quality, speed=AVIF_SPEED)
    return stream.getvalue()


def resized(picture: npt.NDArray[Any], width: int, height: int) -> Picture:
    """``picture`` at another size: by area when it shrinks, by Lanczos when it grows."""
    if picture.shape[1] == width and picture.shape[0] == height:
        return picture
    shrinks = width < picture.shape[1] or height < picture.shape[0]
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LANCZOS4), np.uint8)
