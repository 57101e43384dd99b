"""Reading an archive from its beginning to its end before anything of it is used."""

import hashlib
import json
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TypeVar

from pydantic import BaseModel, ValidationError

from pentaprism.core.database.migrate import DatabaseTooNew, revisions
from pentaprism.core.transfer.archive import (
    HEADER,
    INDEX,
    LARGEST_SECRET,
    MANIFEST,
    SECRET,
    Entry,
    Header,
    Manifest,
    Member,
    index_line,
    members,
)
from pentaprism.core.transfer.errors import ArchiveInvalid
from pentaprism.core.transfer.progress import Meter, Report, silent

LAYOUT = 1

Document = TypeVar("Document", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a whole archive holds."""

    header: Header
    manifest: Manifest
    secret: bytes | None


def check(path: Path, report: Report = silent) -> Contents:
    """Read everything and compare every checksum. Raises ArchiveInvalid, and DatabaseTooNew for rows of a newer release."""
    with TemporaryFile() as index:
        return _Checker(index, Meter(report, "check", path.stat().st_size if path.is_file() else 0)).run(path)


class _Checker:
    """Makes the index of the blobs anew while it reads them, and the list of all other entries, and compares both in the end."""

    def __init__(self, index: IO[bytes], meter: Meter) -> None:
        self._index, self._meter = index, meter
        self._entries: list[Entry] = []
        self._header: Header | None = None
        self._manifest: Manifest | None = None
        self._secret: bytes | None = None
        self._last_key = ""
        self._blobs = self._blob_bytes = 0

    def run(self, path: Path) -> Contents:
        for member in members(path):
            if self._manifest is not None:
                raise ArchiveInvalid(f"{member.name} comes after the end of the backup.")
            if self._header is None:
                self._begin(member)
            elif member.key is not None:
                self._take_blob(member, member.key)
            elif member.name == INDEX:
                self._take_index(member)
            elif member.name == MANIFEST:
                self._manifest = _document(Manifest, member.document())
            else:
                self._take(member)
        if self._header is None or self._manifest is None:
            raise ArchiveInvalid(f"{path.name} is not whole: its end is missing.")
        self._compare(self._manifest)
        # Headers are not counted while they pass.
        self._meter.add(self._meter.total - self._meter.done)
        return Contents(self._header, self._manifest, self._secret)

    def _begin(self, member: Member) -> None:
        if member.name != HEADER:
            raise ArchiveInvalid("This is no backup of Pentaprism: it does not begin with a header.")
        data = member.document(LARGEST_SECRET)
        self._note(member, hashlib.sha256(data).hexdigest())
        self._header = _document(Header, data)
        if self._header.layout > LAYOUT or self._header.revision > revisions()[-1]:
            raise DatabaseTooNew(self._header.revision)
        if self._header.revision not in revisions():
            raise ArchiveInvalid(f"The backup has tables of version {self._header.revision}, which never was.")

    def _take(self, member: Member) -> None:
        if member.name == SECRET:
            self._secret = member.document(LARGEST_SECRET)
            self._note(member, hashlib.sha256(self._secret).hexdigest())
        else:
            self._note(member, self._hash(member))

    def _take_blob(self, member: Member, key: str) -> None:
        if key <= self._last_key:
            raise ArchiveInvalid(f"{member.name} comes twice, or out of order.")
        self._last_key = key
        self._index.write(index_line(key, member.size, self._hash(member)))
        self._blobs += 1
        self._blob_bytes += member.size

    def _take_index(self, member: Member) -> None:
        """Line by line, so that the error names the file that is wrong."""
        digest = hashlib.sha256()
        self._index.seek(0)
        for claimed, found in zip_longest(member.lines(), self._index):
            if claimed != found:
                raise ArchiveInvalid(f"{_key(found or claimed)} is not what was stored: its checksum differs, or it is missing.")
            digest.update(claimed)
        self._note(member, digest.hexdigest())

    def _note(self, member: Member, sha256: str) -> None:
        self._entries.append(Entry(name=member.name, size=member.size, sha256=sha256))

    def _hash(self, member: Member) -> str:
        digest = hashlib.sha256()
        for chunk in self._meter.of(member.chunks()):
            digest.update(chunk)
        return digest.hexdigest()

    def _compare(self, manifest: Manifest) -> None:
        for claimed, found in zip_longest(manifest.entries, self._entries):
            if claimed != found:
                raise ArchiveInvalid(f"{(found or claimed).name} is not what was stored: its checksum differs, or it is missing.")
        if (manifest.blobs, manifest.blob_bytes) != (self._blobs, self._blob_bytes) or not any(e.name == INDEX for e in self._entries):
            raise ArchiveInvalid("The manifest of the backup does not name the files that are there.")


def _document(kind: type[Document], data: bytes) -> Document:
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        raise ArchiveInvalid(f"This is no backup that this release can read: {error.errors()[0]['msg']}.") from error


def _key(line: bytes) -> str:
    try:
        return str(json.loads(line)["key"])
    except (ValueError, KeyError, TypeError):
        return "A stored file"
