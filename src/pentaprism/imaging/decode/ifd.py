"""A bounded walk over the directories of a TIFF file (and of an EXIF block, which is one).

Source: TIFF 6.0, sections 2 and 8; BigTIFF design. Only headers are read. Loops, absurd counts and offsets outside the file end the
walk with `CorruptImage` before a decoder that trusts them is let loose.
"""

import io
import struct
from dataclasses import dataclass
from typing import BinaryIO

from pentaprism.imaging.decode.errors import CorruptImage, ImageTooLarge
from pentaprism.imaging.decode.source import size_of

MAX_PAGES = 65_536
MAX_ENTRIES = 4096
MAX_TEXT = 16_000_000
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I", 16: "Q", 17: "q", 18: "Q"}


@dataclass(slots=True)
class Directory:
    """One IFD, kept as bytes because a hostile file may hold very many."""

    body: bytes
    layout: str

    def entry(self, tag: int) -> tuple[int, int, bytes] | None:
        """Type, count and the 4 or 8 value bytes of a tag."""
        for number, kind, count, value in struct.iter_unpack(self.layout, self.body):
            if number == tag:
                return kind, count, value
        return None


class TiffHeader:
    """The directories of the main chain of a TIFF file."""

    def __init__(self, file: BinaryIO, max_pages: int = MAX_PAGES) -> None:
        self.file = file
        self.size = size_of(file)
        file.seek(0)
        head = file.read(16)
        if head[:2] not in {b"II", b"MM"} or len(head) < 8:
            raise CorruptImage("TIFF: no header")
        self.order = "<" if head[:2] == b"II" else ">"
        version = struct.unpack(self.order + "H", head[2:4])[0]
        self.big = version == 43
        if self.big and len(head) < 16:
            raise CorruptImage("TIFF: no header")
        first = struct.unpack(self.order + ("Q" if self.big else "I"), head[8:16] if self.big else head[4:8])[0]
        self.directories = list(self._walk(first, max_pages))

    def _walk(self, offset: int, max_pages: int) -> list[Directory]:
        count_size, entry_size, next_size = (8, 20, 8) if self.big else (2, 12, 4)
        count_code, entry_code, next_code = ("Q", "HHQ8s", "Q") if self.big else ("H", "HHI4s", "I")
        seen: set[int] = set()
        found: list[Directory] = []
        while offset:
            if offset in seen:
                raise CorruptImage("TIFF: the directories form a loop")
            if len(found) >= max_pages:
                raise ImageTooLarge(f"TIFF: more than {max_pages} pages")
            seen.add(offset)
            self.file.seek(min(offset, self.size))
            raw = self.file.read(count_size)
            if len(raw) < count_size:
                raise CorruptImage("TIFF: a directory lies outside the file")
            count = struct.unpack(self.order + count_code, raw)[0]
            if not 0 < count <= MAX_ENTRIES:
                raise CorruptImage(f"TIFF: a directory claims {count} entries")
            body = self.file.read(count * entry_size + next_size)
            if len(body) < count * entry_size:
                raise CorruptImage("TIFF: a directory is cut off")
            found.append(Directory(body[: count * entry_size], self.order + entry_code))
            tail = body[count * entry_size :]
            # Some writers leave the last link out; readers take that as the end of the chain.
            offset = struct.unpack(self.order + next_code, tail)[0] if len(tail) == next_size else 0
        if not found:
            raise CorruptImage("TIFF: no page")
        return found

    def raw(self, directory: Directory, tag: int, limit: int = MAX_TEXT) -> tuple[int, int, bytes] | None:
        """Type, count and bytes of a tag's value, None when it is absent or lies outside the file."""
        entry = directory.entry(tag)
        if entry is None or entry[0] not in _SIZES:
            return None
        kind, number, value = entry
        length = number * _SIZES[kind]
        if length <= len(value):
            return kind, number, value[:length]
        offset = struct.unpack(self.order + ("Q" if self.big else "I"), value)[0]
        if length > limit or offset + length > self.size:
            return None
        self.file.seek(offset)
        return kind, number, self.file.read(length)

    def numbers(self, directory: Directory, tag: int, limit: int = MAX_TEXT) -> tuple[float, ...]:
        """The numbers of a tag, rationals as quotients (nan for a zero denominator); empty when absent."""
        found = self.raw(directory, tag, limit)
        if found is None:
            return ()
        kind, number, data = found
        if kind in {5, 10}:
            pairs = struct.unpack(f"{self.order}{2 * number}{'I' if kind == 5 else 'i'}", data)
            return tuple(a / b if b else float("nan") for a, b in zip(pairs[::2], pairs[1::2], strict=True))
        if kind not in _CODES:
            return ()
        return struct.unpack(f"{self.order}{number}{_CODES[kind]}", data)

    def integer(self, directory: Directory, tag: int, default: int) -> int:
        """The first number of a tag as int, or the default."""
        found = self.numbers(directory, tag)
        return int(found[0]) if found else default

    def text(self, directory: Directory, tag: int) -> str:
        """The text of a tag (UTF-8, else Latin-1), empty when absent."""
        found = self.raw(directory, tag)
        if found is None:
            return ""
        data = found[2].split(b"\0", 1)[0]
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return data.decode("latin-1")


def exif_orientation(block: bytes) -> int:
    """Orientation 1..8 from an EXIF block, with or without its `Exif` prefix; 1 when there is none or the block is damaged."""
    block = block.removeprefix(b"Exif\0\0")
    try:
        header = TiffHeader(io.BytesIO(block), max_pages=4)
        value = header.integer(header.directories[0], 0x0112, 1)
    except (CorruptImage, ImageTooLarge):
        return 1
    return value if 1 <= value <= 8 else 1
