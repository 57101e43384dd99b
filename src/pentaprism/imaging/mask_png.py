"""A mask as an eight-bit grey PNG, made from the window that holds it: the empty rest of the frame costs next to nothing.

Sources: PNG specification (W3C, third edition) sections 5 and 10; RFC 1950 and 1951. A deflate stream may be cut after any full flush,
so the packed empty rows are kept and repeated; the checksum (Adler-32, RFC 1950 section 8.2) of zeros is a formula.
"""

import struct
import zlib
from functools import cache

import numpy as np
import numpy.typing as npt

SIGNATURE = b"\x89PNG\r\n\x1a\n"
ADLER = 65_521
BLOCK = 65_536
LEVEL = 1


def mask_png(window: npt.NDArray[np.bool_], top: int, left: int, shape: tuple[int, int]) -> bytes:
    """PNG (mode L, values 0 and 255) of a mask of `shape` (height, width) that is empty outside a window [h, w] at (top, left).

    Raises:
        ValueError: the window does not lie in the frame.
    """
    height, width = shape
    rows, columns = window.shape
    if min(height, width) < 1 or top < 0 or left < 0 or top + rows > height or left + columns > width:
        raise ValueError(f"a window {window.shape} at {(top, left)} does not lie in {shape}")
    stride = width + 1
    content = np.zeros((rows, stride), np.uint8)
    content[:, left + 1 : left + 1 + columns] = window
    content *= 255
    middle = content.tobytes()
    before, after = top * stride, (height - top - rows) * stride
    checksum = _adler_of_zeros(zlib.adler32(middle, _adler_of_zeros(1, before)), after)
    data = b"".join((b"\x78\x01", _zeros(before), _deflated(middle), _zeros(after), b"\x03\x00", struct.pack(">I", checksum)))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _adler_of_zeros(checksum: int, count: int) -> int:
    """The Adler-32 after `count` further zero bytes: the first sum stays, the second grows by it each time."""
    first, second = checksum & 0xFFFF, checksum >> 16
    return ((second + first * count) % ADLER) << 16 | first


def _deflated(data: bytes, level: int = LEVEL) -> bytes:
    packer = zlib.compressobj(level, wbits=-15)
    return packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)


@cache
def _block() -> bytes:
    return _deflated(bytes(BLOCK), 9)


def _zeros(count: int) -> bytes:
    whole, rest = divmod(count, BLOCK)
    return _block() * whole + (_deflated(bytes(rest)) if rest else b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(name)))
