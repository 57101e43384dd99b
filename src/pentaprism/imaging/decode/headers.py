"""Headers of JPEG, PNG, BMP, WebP and GIF, read without decoding a pixel.

Sources: ITU-T T.81 annex B (JPEG markers), PNG specification (chunks), the BITMAPINFOHEADER family, the WebP container specification,
GIF89a. Every reader looks at a bounded number of blocks.
"""

import struct
from typing import BinaryIO

from pentaprism.imaging.decode.errors import CorruptImage
from pentaprism.imaging.decode.ifd import exif_orientation
from pentaprism.imaging.decode.info import ImageInfo, upright

MAX_BLOCKS = 200_000
MAX_EXIF = 1 << 20
_PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
_PNG_DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}


def axes_of(channels: int, pages: int = 1) -> str:
    """Axes letters of a raster picture."""
    return ("T" if pages > 1 else "") + "YX" + ("S" if channels > 1 else "")


def read_exactly(file: BinaryIO, count: int, what: str) -> bytes:
    """`count` bytes, or `CorruptImage` when the file ends before."""
    data = file.read(count)
    if len(data) != count:
        raise CorruptImage(f"{what}: the file ends early")
    return data


def jpeg_frame(file: BinaryIO) -> tuple[int, int, int, int, int, int]:
    """(width, height, precision, components, orientation, SOF marker) of a JPEG file."""
    file.seek(2)
    orientation = 1
    for _ in range(MAX_BLOCKS):
        byte = read_exactly(file, 1, "JPEG")
        if byte != b"\xff":
            raise CorruptImage("JPEG: no marker where one must be")
        marker = 0xFF
        while marker == 0xFF:
            marker = read_exactly(file, 1, "JPEG")[0]
        if marker in {0x01, *range(0xD0, 0xD9)}:
            continue
        if marker in {0xD9, 0xDA}:
            break
        length = struct.unpack(">H", read_exactly(file, 2, "JPEG"))[0]
        if length < 2:
            raise CorruptImage("JPEG: a segment without length")
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            precision, height, width, components = struct.unpack(">BHHB", read_exactly(file, 6, "JPEG"))
            return width, height, precision, components, orientation, marker
        if marker == 0xE1:
            body = read_exactly(file, length - 2, "JPEG")
            if body.startswith(b"Exif\0"):
                orientation = exif_orientation(body)
        else:
            file.seek(length - 2, 1)
    raise CorruptImage("JPEG: no frame header")


def jpeg(file: BinaryIO) -> ImageInfo:
    """Header of a JPEG file."""
    width, height, precision, components, orientation, _ = jpeg_frame(file)
    if components not in {1, 3, 4}:
        raise CorruptImage(f"JPEG: {components} components")
    width, height = upright(width, height, orientation)
    return ImageInfo("JPEG", width, height, precision, components, axes=axes_of(components), orientation=orientation)


def png(file: BinaryIO) -> ImageInfo:
    """Header of a PNG file; its eXIf chunk may stand before or after the pixels."""
    file.seek(8)
    length, kind = struct.unpack(">I4s", read_exactly(file, 8, "PNG"))
    if kind != b"IHDR" or length != 13:
        raise CorruptImage("PNG: no header")
    width, height, depth, colour = struct.unpack(">IIBB", read_exactly(file, 10, "PNG"))
    if depth not in _PNG_DEPTHS.get(colour, set()):
        raise CorruptImage(f"PNG: colour type {colour} with {depth} bits")
    file.seek(7, 1)
    orientation, transparent = 1, False
    for _ in range(MAX_BLOCKS):
        head = file.read(8)
        if len(head) < 8:
            break
        length, kind = struct.unpack(">I4s", head)
        if kind == b"IEND":
            break
        if kind == b"eXIf" and length <= MAX_EXIF:
            orientation = exif_orientation(read_exactly(file, length, "PNG"))
            file.seek(4, 1)
            continue
        transparent = transparent or kind == b"tRNS"
        file.seek(length + 4, 1)
    channels = _PNG_CHANNELS[colour] + (1 if transparent and colour == 3 else 0)
    width, height = upright(width, height, orientation)
    return ImageInfo("PNG", width, height, depth, channels, axes=axes_of(channels), orientation=orientation)


def bmp(file: BinaryIO) -> ImageInfo:
    """Header of a BMP file, OS/2 and Windows."""
    file.seek(14)
    size = struct.unpack("<I", read_exactly(file, 4, "BMP"))[0]
    if size == 12:
        width, height, _, bits = struct.unpack("<HHHH", read_exactly(file, 8, "BMP"))
    else:
        width, height, _, bits = struct.unpack("<iiHH", read_exactly(file, 12, "BMP"))
    if bits not in {1, 4, 8, 16, 24, 32} or width <= 0 or height == 0:
        raise CorruptImage(f"BMP: {bits} bits a pixel, {width} x {height}")
    channels = 4 if bits == 32 else 3
    return ImageInfo("BMP", width, abs(height), min(bits, 8) if bits != 16 else 5, channels, axes=axes_of(channels))


def webp(file: BinaryIO) -> ImageInfo:
    """Header of a WebP file, lossy, lossless or extended."""
    file.seek(12)
    width = height = frames = 0
    channels, orientation = 3, 1
    for _ in range(MAX_BLOCKS):
        head = file.read(8)
        if len(head) < 8:
            break
        kind, length = struct.unpack("<4sI", head)
        start = file.tell()
        if kind == b"VP8X":
            data = read_exactly(file, 10, "WebP")
            channels = 4 if data[0] & 16 else 3
            width, height = 1 + int.from_bytes(data[4:7], "little"), 1 + int.from_bytes(data[7:10], "little")
        elif kind == b"VP8 " and not width:
            data = read_exactly(file, 10, "WebP")
            width, height = (v & 0x3FFF for v in struct.unpack("<HH", data[6:10]))
        elif kind == b"VP8L" and not width:
            bits = struct.unpack("<I", read_exactly(file, 5, "WebP")[1:])[0]
            width, height, channels = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), 4 if bits >> 28 & 1 else 3
        elif kind == b"ANMF":
            frames += 1
        elif kind == b"EXIF" and length <= MAX_EXIF:
            orientation = exif_orientation(read_exactly(file, length, "WebP"))
        file.seek(start + length + (length & 1))
    if not width or not height:
        raise CorruptImage("WebP: no picture in the container")
    width, height = upright(width, height, orientation)
    pages = max(frames, 1)
    return ImageInfo("WEBP", width, height, 8, channels, pages, axes_of(channels, pages), orientation=orientation)


def gif(file: BinaryIO) -> ImageInfo:
    """Header of a GIF file with its number of frames."""
    file.seek(6)
    width, height, flags = struct.unpack("<HHBxx", read_exactly(file, 7, "GIF"))
    if flags & 0x80:
        file.seek(3 << (flags & 7) + 1, 1)
    frames = 0
    for _ in range(MAX_BLOCKS):
        kind = file.read(1)
        if kind == b",":
            frames += 1
            local = read_exactly(file, 9, "GIF")[8]
            file.seek((3 << (local & 7) + 1 if local & 0x80 else 0) + 1, 1)
        elif kind == b"!":
            file.seek(1, 1)
        else:
            break
        while block := file.read(1):
            if block == b"\0":
                break
            file.seek(block[0], 1)
    if not frames or not width or not height:
        raise CorruptImage("GIF: no frame")
    return ImageInfo("GIF", width, height, 8, 3, frames, axes_of(3, frames))
