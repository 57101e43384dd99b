"""Decode every strip and tile of a TIFF file, one at a time."""

import zlib
from math import prod
from typing import Any, BinaryIO

from pentaprism.imaging.decode.errors import CorruptImage, ImageTooLarge, UnsupportedFormat
from pentaprism.imaging.decode.ifd import Directory, TiffHeader
from pentaprism.imaging.decode.info import ImageInfo
from pentaprism.imaging.decode.tiff import open_stack

SEGMENT = 100_000_000
_NONE, _DEFLATE = 1, {8, 32946}


def _page_bytes(header: TiffHeader, directory: Directory, max_side: int, max_pixels: int) -> int:
    """Decoded size of a page, after its sides were checked."""
    width, height = header.integer(directory, 256, 0), header.integer(directory, 257, 0)
    if width <= 0 or height <= 0:
        raise CorruptImage(f"TIFF: a page of {width} x {height}")
    if max(width, height) > max_side or width * height > max_pixels:
        raise ImageTooLarge(f"TIFF: a page of {width} x {height} is above {max_side} a side or {max_pixels} pixels")
    depth = header.integer(directory, 32997, 1)
    samples, bits = header.integer(directory, 277, 1), header.integer(directory, 258, 1)
    if not 1 <= samples <= 1024 or not 1 <= bits <= 64 or depth != 1:
        raise UnsupportedFormat(f"TIFF: {samples} samples of {bits} bits, depth {depth}")
    tile = header.integer(directory, 322, 1), header.integer(directory, 323, 1)
    if max(tile) > 2 * max_side or prod(tile) > 2 * max_pixels:
        raise ImageTooLarge(f"TIFF: tiles of {tile[0]} x {tile[1]}")
    return (width * samples * bits + 7) // 8 * height


def _inflate(data: bytes, expected: int) -> None:
    """Inflate a segment as a stream and count what comes out."""
    stream, seen = zlib.decompressobj(), 0
    while data and not stream.eof:
        seen += len(stream.decompress(data, 1 << 20))
        data = stream.unconsumed_tail
        if seen > expected + (1 << 20):
            raise CorruptImage("TIFF: a strip holds more than its rows")
    if seen < expected:
        raise CorruptImage("TIFF: a strip ends early")


def _segment_bytes(page: Any, index: int) -> int:
    """Decoded bytes of a strip or tile."""
    bits = int(page.bitspersample)
    contiguous = page.samplesperpixel if int(page.planarconfig or 1) == 1 else 1
    if page.is_tiled:
        return int((page.tilewidth * contiguous * bits + 7) // 8 * page.tilelength)
    rows = min(int(page.rowsperstrip), page.imagelength)
    strips = -(-page.imagelength // rows)
    rows = min(rows, page.imagelength - (index % strips) * rows)
    return int((page.imagewidth * contiguous * bits + 7) // 8 * rows)


def _check_segment(file: BinaryIO, page: Any, index: int, size: int) -> None:
    """Decode one strip or tile; one without bytes is a hole that reads as zeros."""
    offset, count = page.dataoffsets[index], page.databytecounts[index]
    if count == 0:
        return
    if offset <= 0 or offset + count > size:
        raise CorruptImage("TIFF: a strip lies outside the file")
    decoded, compression = _segment_bytes(page, index), int(page.compression)
    if compression == _NONE:
        if count < decoded:
            raise CorruptImage("TIFF: a strip ends early")
        return
    if decoded > SEGMENT and compression not in _DEFLATE:
        return
    file.seek(offset)
    data = file.read(count)
    if decoded > SEGMENT:
        _inflate(data, decoded)
    elif page.decode(data, index, jpegtables=page.jpegtables)[0] is None:
        raise CorruptImage("TIFF: a strip cannot be decoded")


def _check_page(file: BinaryIO, page: Any, size: int) -> None:
    if page.dtype is None or page.dtype.kind not in "buif":
        raise UnsupportedFormat(f"TIFF: samples of type {page.dtype}")
    expected = prod(page.chunked)
    if len(page.dataoffsets) < expected or len(page.databytecounts) < expected:
        raise CorruptImage("TIFF: strips are missing")
    for index in range(expected):
        _check_segment(file, page, index, size)


def check_tiff(file: BinaryIO, _: ImageInfo, max_side: int = 20_000, max_pixels: int = 100_000_000, max_bytes: int = 8_000_000_000) -> None:
    """Decode all pages of the main chain in bounded memory.

    Raises:
        ImageTooLarge: a page above the limits, or a stack whose pages decode to more than `max_bytes` together.
        CorruptImage: a strip that is missing, cut off or undecodable.
        UnsupportedFormat: samples that are no pixels (complex numbers, volumes in one page).
    """
    header = TiffHeader(file)
    total = 0
    for directory in header.directories:
        total += _page_bytes(header, directory, max_side, max_pixels)
        if total > max_bytes:
            raise ImageTooLarge(f"TIFF: the pages decode to more than {max_bytes} bytes")
    with open_stack(file, header) as stack:
        for index in range(len(header.directories)):
            stack.tiff.pages.useframes = False
            _check_page(file, stack.tiff.pages[index], header.size)
