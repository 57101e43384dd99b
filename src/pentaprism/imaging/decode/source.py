"""One way to open a path, bytes or a binary file, and the format by its first bytes."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

from pentaprism.imaging.decode.errors import EmptyImage, UnsupportedFormat

Source = str | os.PathLike[str] | bytes | BinaryIO
Format = Literal["JPEG", "PNG", "TIFF", "BMP", "WEBP", "GIF", "AVIF"]


@contextmanager
def opened(source: Source) -> Iterator[BinaryIO]:
    """Yield a seekable binary file at its start; a file that came in stays open."""
    if isinstance(source, bytes):
        yield io.BytesIO(source)
    elif isinstance(source, (str, os.PathLike)):
        with Path(source).open("rb") as file:
            yield file
    else:
        source.seek(0)
        yield source


def size_of(file: BinaryIO) -> int:
    """Bytes in the file; the position is kept."""
    here = file.tell()
    end = file.seek(0, io.SEEK_END)
    file.seek(here)
    return end


def sniff(file: BinaryIO) -> Format:
    """Name the format by the first bytes, whatever the file is called."""
    file.seek(0)
    head = file.read(64)
    file.seek(0)
    if not head:
        raise EmptyImage("the file is empty")
    if head[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if head[:4] in {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"}:
        return "TIFF"
    if head[:2] == b"BM" and len(head) >= 26 and int.from_bytes(head[14:18], "little") in {12, 16, 40, 52, 56, 64, 108, 124}:
        return "BMP"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:6] in {b"GIF87a", b"GIF89a"}:
        return "GIF"
    if head[4:8] == b"ftyp" and any(head[k : k + 4] in {b"avif", b"avis"} for k in range(8, len(head) - 3, 4)):
        return "AVIF"
    raise UnsupportedFormat("the first bytes belong to no supported picture format")
