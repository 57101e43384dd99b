"""The archive of a backup: a tar file (POSIX.1-2001), written and read in one pass each.

In this order: ``header.json``; ``secret`` where that was asked for; ``tables/<table>/<number>.jsonl``, a row a line; ``blobs/<key>``,
the keys rising; ``blobs.jsonl``, a line with key, size and SHA-256 for each; ``manifest.json`` with the SHA-256 of all other entries.
"""

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Any, BinaryIO, Literal, cast

from pydantic import BaseModel, ConfigDict, Field

from pentaprism.core.blobs.keys import check_key
from pentaprism.core.errors import InvalidInput
from pentaprism.core.transfer.errors import ArchiveInvalid

CHUNK = 256 * 1024
# Rows come in entries of about this size, so that neither side needs more than one of them in memory.
ROWS_ENTRY = 4 * 1024 * 1024
LONGEST_LINE = 512 * 1024 * 1024
LARGEST_DOCUMENT = 64 * 1024 * 1024
LARGEST_HEADER = 1024 * 1024
LARGEST_SECRET = 64 * 1024
HEADER, SECRET, INDEX, MANIFEST = "header.json", "secret", "blobs.jsonl", "manifest.json"
ROWS_NAME = re.compile(r"tables/([a-z][a-z0-9_]{0,62})/(\d{6,})\.jsonl", re.ASCII)
BLOBS = "blobs/"


class Strict(BaseModel):
    """A document of the archive: nothing unknown, nothing converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Header(Strict):
    """What the archive is."""

    format: Literal["pentaprism-backup"] = "pentaprism-backup"
    layout: int = 1
    release: str
    revision: str = Field(pattern=r"^\d{4}$")
    created_at: str
    database: Literal["sqlite", "postgresql"]


class Entry(Strict):
    """An entry and what it has to be."""

    name: str
    size: int
    sha256: str


class Manifest(Strict):
    """What the archive holds. ``missing`` are keys of blobs that rows name and that were not in the store; ``damaged`` those whose bytes
    were not the ones that once were stored."""

    entries: list[Entry]
    tables: dict[str, int]
    blobs: int
    blob_bytes: int
    missing: list[str]
    damaged: list[str]


class ArchiveWriter:
    """Writes entries; nothing is a whole archive before :meth:`finish`."""

    def __init__(self, file: BinaryIO, moment: float) -> None:
        self._tar = tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 -- closed by finish
        self._moment = int(moment)
        self._index = TemporaryFile()  # noqa: SIM115 -- closed at the end of the block that this is used in
        self._entries: list[Entry] = []
        self.blobs = self.blob_bytes = 0

    def __enter__(self) -> "ArchiveWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._index.close()

    def add(self, name: str, data: bytes) -> None:
        """An entry that lies in memory."""
        self._entries.append(Entry(name=name, size=len(data), sha256=hashlib.sha256(data).hexdigest()))
        self._add(name, len(data), io.BytesIO(data))

    def add_blob(self, key: str, size: int, file: IO[bytes]) -> str:
        """The bytes of a blob; gives their SHA-256. Raises OSError where there are fewer than ``size``."""
        reader = _Hashing(file)
        self._add(BLOBS + key, size, reader)
        sha256 = reader.sha256.hexdigest()
        self._index.write(index_line(key, size, sha256))
        self.blobs += 1
        self.blob_bytes += size
        return sha256

    def finish(self, tables: dict[str, int], missing: list[str], damaged: list[str]) -> None:
        """Write the index of the blobs and the manifest."""
        size = self._index.tell()
        self._index.seek(0)
        reader = _Hashing(self._index)
        self._add(INDEX, size, reader)
        self._entries.append(Entry(name=INDEX, size=size, sha256=reader.sha256.hexdigest()))
        manifest = Manifest(
            entries=self._entries, tables=tables, blobs=self.blobs, blob_bytes=self.blob_bytes, missing=missing, damaged=damaged
        )
        data = manifest.model_dump_json(indent=1).encode()
        self._add(MANIFEST, len(data), io.BytesIO(data))
        self._tar.close()

    def _add(self, name: str, size: int, file: Any) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = size, self._moment, 0o600
        self._tar.addfile(info, file)
        _forget(self._tar)


@dataclass(frozen=True, slots=True)
class Member:
    """One entry while it is at hand."""

    name: str
    size: int
    file: IO[bytes]

    @property
    def key(self) -> str | None:
        """The key of the blob, where it is one."""
        return self.name.removeprefix(BLOBS) if self.name.startswith(BLOBS) else None

    @property
    def table(self) -> str | None:
        """The table whose rows these are, where they are."""
        found = ROWS_NAME.fullmatch(self.name)
        return found.group(1) if found else None

    def document(self, limit: int = LARGEST_DOCUMENT) -> bytes:
        """All of it. Raises ArchiveInvalid beyond ``limit``."""
        if self.size > limit:
            raise ArchiveInvalid(f"{self.name} is larger than it can be in a backup.")
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """Its bytes, some at a time."""
        while chunk := self._read(self.file.read, CHUNK):
            yield chunk

    def lines(self) -> Iterator[bytes]:
        """Its lines. Raises ArchiveInvalid for one that no row can have."""
        while line := self._read(self.file.readline, LONGEST_LINE):
            if not line.endswith(b"\n"):
                raise ArchiveInvalid(f"{self.name} has a line without an end.")
            yield line

    def _read(self, read: Callable[[int], bytes], size: int) -> bytes:
        with _reading(self.name):
            return read(size)


def members(path: Path) -> Iterator[Member]:
    """Every entry in turn; one is at hand until the next is asked for. Raises ArchiveInvalid."""
    with _reading(str(path)), path.open("rb") as file, tarfile.open(fileobj=cast(BinaryIO, _Sparing(file)), mode="r:") as tar:
        while (info := tar.next()) is not None:
            _forget(tar)
            if info.size < 0:
                raise ArchiveInvalid(f"The archive says of {info.name[:100]!r} that it has fewer bytes than none.")
            data = tar.extractfile(info) if info.type in {tarfile.REGTYPE, tarfile.AREGTYPE} and not info.issparse() else None
            if data is None:
                raise ArchiveInvalid(f"The archive holds something that is no plain file: {info.name[:100]!r}.")
            yield Member(_checked(info.name), info.size, data)


def index_line(key: str, size: int, sha256: str) -> bytes:
    """The line of a blob in ``blobs.jsonl``."""
    return json.dumps({"key": key, "size": size, "sha256": sha256}, separators=(",", ":")).encode() + b"\n"


def _checked(name: str) -> str:
    """``name`` itself; raises ArchiveInvalid unless a backup can have such an entry."""
    try:
        if name.startswith(BLOBS):
            check_key(name.removeprefix(BLOBS))
            return name
    except InvalidInput as error:
        raise ArchiveInvalid(f"The archive holds a file that no backup has: {name[:100]!r}.") from error
    if name not in {HEADER, SECRET, INDEX, MANIFEST} and not ROWS_NAME.fullmatch(name):
        raise ArchiveInvalid(f"The archive holds a file that no backup has: {name[:100]!r}.")
    return name


@contextmanager
def _reading(name: str) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, ValueError, OverflowError, RecursionError) as error:
        raise ArchiveInvalid(f"{name} is not whole: {error}.") from error
    except OSError as error:
        raise ArchiveInvalid(f"{name} cannot be read: {error.strerror or error}.") from error


def _forget(tar: Any) -> None:
    """The library would remember every entry, and a backup may have millions."""
    tar.members.clear()


class _Hashing:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self.sha256.update(data)
        return data


class _Sparing:
    """A file of which nobody gets more than a piece at a time, whatever the length that a header of the archive claims."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= LARGEST_HEADER:
            raise ArchiveInvalid("The archive has an entry whose header is too long.")
        return self._file.read(size)
