"""Pictures made for the decoding tests, good and hostile."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import tifffile
from PIL import Image


def ramp(height: int = 48, width: int = 64, dtype: Any = np.uint8, channels: int = 1) -> np.ndarray:
    """A picture whose every pixel and channel differs, over the full range of its type."""
    top = np.iinfo(dtype).max if np.dtype(dtype).kind in "ui" else 1.0
    grid = np.linspace(0, 1, height * width).reshape(height, width)
    planes = [np.roll(grid, 7 * k, axis=1) * top for k in range(channels)]
    data = np.stack(planes, axis=-1).astype(dtype)
    return data[..., 0] if channels == 1 else data


def pillow(data: np.ndarray, kind: str, **options: Any) -> bytes:
    """The picture in a format of Pillow's."""
    out = io.BytesIO()
    Image.fromarray(data).save(out, kind, **options)
    return out.getvalue()


def tiff(data: np.ndarray, **options: Any) -> bytes:
    """The picture as TIFF."""
    out = io.BytesIO()
    tifffile.imwrite(out, data, **options)
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG chunk with its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_claiming(width: int, height: int, pixels: bytes, depth: int = 8, colour: int = 0) -> bytes:
    """A PNG whose header claims a size, around any compressed pixels."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def exif(orientation: int) -> bytes:
    """An EXIF block with nothing but an orientation."""
    data = Image.Exif()
    data[0x0112] = orientation
    return data.tobytes()


def looping_tiff() -> bytes:
    """A TIFF whose first directory names itself as the next."""
    entries = [
        (256, 3, 1, 8),
        (257, 3, 1, 8),
        (258, 3, 1, 8),
        (262, 3, 1, 1),
        (273, 4, 1, 200),
        (277, 3, 1, 1),
        (278, 3, 1, 8),
        (279, 4, 1, 64),
    ]
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    head = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries)) + body + struct.pack("<I", 8)
    return head.ljust(200, b"\0") + bytes(64)
