"""A complete check of a PNG file without holding its pixels.

Source: PNG specification, chapters 5 (chunks, checksums), 8 (interlacing), 9 (filters), 10 (compression).
"""

import struct
import zlib
from typing import BinaryIO

from pentaprism.imaging.decode import headers
from pentaprism.imaging.decode.errors import CorruptImage
from pentaprism.imaging.decode.info import ImageInfo

_CHUNK = 1 << 16
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def _png_rows(width: int, height: int, bits: int, interlaced: bool) -> list[tuple[int, int]]:
    """(bytes of a row with its filter byte, number of rows) for each pass."""
    if not interlaced:
        return [(1 + (width * bits + 7) // 8, height)]
    sizes = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in _ADAM7]
    return [(1 + (w * bits + 7) // 8, h) for w, h in sizes if w > 0 and h > 0]


class _Rows:
    """Counts inflated bytes against the expected rows and looks at the filter byte of each."""

    def __init__(self, rows: list[tuple[int, int]]) -> None:
        self._rows = rows
        self._total = sum(size * count for size, count in rows)
        self._starts = [0]
        for size, count in rows:
            self._starts.append(self._starts[-1] + size * count)
        self._seen = 0

    def feed(self, data: bytes) -> None:
        begin, end = self._seen, self._seen + len(data)
        if end > self._total:
            raise CorruptImage("PNG: more pixels than the header says")
        for (size, _), start, stop in zip(self._rows, self._starts, self._starts[1:], strict=False):
            low, high = max(begin, start), min(end, stop)
            if low < high:
                first = low + (start - low) % size
                if any(value > 4 for value in data[first - begin : high - begin : size]):
                    raise CorruptImage("PNG: an unknown row filter")
        self._seen = end

    def finish(self) -> None:
        if self._seen != self._total:
            raise CorruptImage("PNG: pixels are missing")


class _Inflater:
    """Inflates IDAT data in steps of a megabyte into `_Rows`."""

    def __init__(self, header: bytes) -> None:
        width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", header[:13])
        samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
        self.needs_palette = colour == 3
        self._stream = zlib.decompressobj()
        self._rows = _Rows(_png_rows(width, height, depth * samples, interlace == 1))

    def feed(self, data: bytes) -> None:
        while data and not self._stream.eof:
            self._rows.feed(self._stream.decompress(data, 1 << 20))
            data = self._stream.unconsumed_tail

    def finish(self) -> None:
        while data := self._stream.decompress(self._stream.unconsumed_tail, 1 << 20):
            self._rows.feed(data)
        if not self._stream.eof:
            raise CorruptImage("PNG: the compressed pixels are cut off")
        self._rows.finish()


def check_png(file: BinaryIO, _: ImageInfo) -> None:
    """Check all checksums, the compressed stream, the number of pixels and the row filters.

    Raises:
        CorruptImage: anything missing, cut off or damaged.
    """
    file.seek(8)
    pixels: _Inflater | None = None
    palette = False
    for _index in range(headers.MAX_BLOCKS):
        length, kind = struct.unpack(">I4s", headers.read_exactly(file, 8, "PNG"))
        checksum, left = zlib.crc32(kind), length
        while left:
            part = headers.read_exactly(file, min(left, _CHUNK), "PNG")
            left -= len(part)
            checksum = zlib.crc32(part, checksum)
            if kind == b"IHDR":
                pixels = _Inflater(part)
            elif kind == b"IDAT" and pixels is not None:
                pixels.feed(part)
        if struct.unpack(">I", headers.read_exactly(file, 4, "PNG"))[0] != checksum:
            raise CorruptImage(f"PNG: wrong checksum of a {kind!r} chunk")
        palette = palette or kind == b"PLTE"
        if kind == b"IEND":
            break
    if pixels is None or (pixels.needs_palette and not palette):
        raise CorruptImage("PNG: header or palette is missing")
    pixels.finish()
