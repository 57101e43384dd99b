"""Complete decode checks in bounded memory.

PNG and deflated TIFF segments are inflated as a stream, TIFF goes strip by strip, JPEG is entropy-decoded completely at one eighth of
the size. What has no row-wise decoder (progressive JPEG, WebP, AVIF, huge single strips in other codecs) is decoded whole while that
takes at most `WHOLE` bytes; beyond, its structure up to the end mark is checked.
"""

import struct
from collections.abc import Callable, Collection
from typing import Any, BinaryIO

from PIL import AvifImagePlugin, BmpImagePlugin, GifImagePlugin, Image, JpegImagePlugin, WebPImagePlugin

from pentaprism.imaging.decode import headers
from pentaprism.imaging.decode.errors import CorruptImage, ImageTooLarge, UnsupportedFormat, decoding
from pentaprism.imaging.decode.info import ImageInfo
from pentaprism.imaging.decode.probe import probe
from pentaprism.imaging.decode.source import Source, opened, size_of
from pentaprism.imaging.decode.verify_jpeg import check_scans
from pentaprism.imaging.decode.verify_png import check_png
from pentaprism.imaging.decode.verify_tiff import check_tiff

# The limits of this module are checked on the header, before Pillow would warn about (or refuse) large pictures on its own.
Image.MAX_IMAGE_PIXELS = None

ALL_FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "WEBP", "GIF", "AVIF")
WHOLE = 200_000_000


def _check_jpeg(file: BinaryIO, info: ImageInfo) -> None:
    _, _, _, _, _, marker = headers.jpeg_frame(file)
    progressive = marker in {0xC2, 0xC6, 0xCA, 0xCE}
    if progressive:
        check_scans(file)
        # libjpeg keeps all coefficients of a progressive picture, two bytes each.
        if 2 * info.width * info.height * info.channels > WHOLE:
            return
    file.seek(0)
    image = JpegImagePlugin.JpegImageFile(file)
    image.draft(image.mode, (max(image.width // 8, 1), max(image.height // 8, 1)))
    image.load()


def _check_bmp(file: BinaryIO, info: ImageInfo) -> None:
    file.seek(10)
    offset, size = struct.unpack("<II", headers.read_exactly(file, 8, "BMP"))
    file.seek(14 + 10 if size == 12 else 14 + 14)
    (bits,) = struct.unpack("<H", headers.read_exactly(file, 2, "BMP"))
    compression = 0 if size == 12 else struct.unpack("<I", headers.read_exactly(file, 4, "BMP"))[0]
    if compression in {0, 3, 6}:
        if offset + (info.width * bits + 31) // 32 * 4 * info.height > size_of(file):
            raise CorruptImage("BMP: pixels are missing")
        file.seek(0)
        BmpImagePlugin.BmpImageFile(file).close()
        return
    if compression not in {1, 2}:
        raise UnsupportedFormat(f"BMP: compression {compression}")
    _whole(BmpImagePlugin.BmpImageFile, 3)(file, info)


def _whole(plugin: Callable[[BinaryIO], Any], cost: int) -> Callable[[BinaryIO, ImageInfo], None]:
    """Decode the first frame at once when it needs at most `WHOLE` bytes (`cost` bytes a pixel)."""

    def check(file: BinaryIO, info: ImageInfo) -> None:
        file.seek(0)
        if info.width * info.height * cost <= WHOLE:
            plugin(file).load()

    return check


def _check_webp(file: BinaryIO, info: ImageInfo) -> None:
    file.seek(4)
    if 8 + struct.unpack("<I", headers.read_exactly(file, 4, "WebP"))[0] > size_of(file):
        raise CorruptImage("WebP: the container is cut off")
    _whole(WebPImagePlugin.WebPImageFile, 12)(file, info)


_CHECKS: dict[str, Callable[[BinaryIO, ImageInfo], None]] = {
    "PNG": check_png,
    "JPEG": _check_jpeg,
    "BMP": _check_bmp,
    "WEBP": _check_webp,
    "GIF": _whole(GifImagePlugin.GifImageFile, 1),
    "AVIF": _whole(AvifImagePlugin.AvifImageFile, 8),
    "TIFF": check_tiff,
}


def verify(
    source: Source,
    allowed: Collection[str] = ALL_FORMATS,
    max_side: int = 20_000,
    max_pixels: int = 100_000_000,
    max_bytes: int = 8_000_000_000,
) -> ImageInfo:
    """Check that a picture is in an allowed format, within the limits and completely decodable; memory stays below 300 MB.

    Args:
        max_side, max_pixels: limits for the side and the area of every page.
        max_bytes: limit for all decoded pages of a stack together.

    Raises:
        ImageError: with `reason` "empty", "format", "dimensions" or "corrupt".
    """
    with opened(source) as file:
        info = probe(file)
        if info.format not in allowed:
            raise UnsupportedFormat(f"{info.format} is not accepted here")
        if max(info.width, info.height) > max_side or info.width * info.height > max_pixels:
            raise ImageTooLarge(f"{info.width} x {info.height} is above {max_side} a side or {max_pixels} pixels")
        with decoding(info.format):
            if info.format == "TIFF":
                check_tiff(file, info, max_side, max_pixels, max_bytes)
            else:
                _CHECKS[info.format](file, info)
        return info
