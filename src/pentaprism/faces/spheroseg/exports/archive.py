"""Streaming ZIP archives whose bytes depend on their content alone."""

import io
import zipfile
from collections.abc import Iterable, Iterator

from pentaprism.faces.spheroseg.exports.source import Member

MOMENT = (1980, 1, 1, 0, 0, 0)
PIECE = 1 << 16


class _Outlet(io.RawIOBase):
    """A stream without positions; what was written is taken out in between."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        part = bytes(data)
        self.parts.append(part)
        self.size += len(part)
        return len(part)

    def take(self) -> bytes:
        parts, self.parts, self.size = self.parts, [], 0
        return b"".join(parts)


def zipped(members: Iterable[Member]) -> Iterator[bytes]:
    """The archive in pieces, made while it is read; never more than one file's compression in memory."""
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for member in members:
            info = zipfile.ZipInfo(member.path, MOMENT)
            info.compress_type = zipfile.ZIP_STORED if member.packed else zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with archive.open(info, "w") as file:
                for chunk in member.chunks:
                    file.write(chunk)
                    if outlet.size >= PIECE:
                        yield outlet.take()
            if outlet.size >= PIECE:
                yield outlet.take()
    yield outlet.take()
