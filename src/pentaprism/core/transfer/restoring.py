"""Making an installation out of an archive."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from sqlalchemy import Table

from pentaprism.core.blobs.store import BlobStore
from pentaprism.core.database.engine import Database
from pentaprism.core.errors import NotFound
from pentaprism.core.transfer.alive import refuse_alive
from pentaprism.core.transfer.archive import Member, members
from pentaprism.core.transfer.checking import Contents, check
from pentaprism.core.transfer.errors import ArchiveInvalid, TransferRefused
from pentaprism.core.transfer.loading import Loader, loading, refuse_bytes, refuse_rows
from pentaprism.core.transfer.progress import Meter, Report, silent
from pentaprism.core.transfer.rows import LineReader, Row


@dataclass(frozen=True, slots=True)
class Restored:
    """What came out of the archive."""

    contents: Contents
    rows: int
    blobs: int


def restore(path: Path, database: Database, store: BlobStore, *, replace: bool = False, report: Report = silent) -> Restored:
    """Put everything that the archive at ``path`` holds into ``database`` and ``store``.

    The archive is read to its end and checked before anything is written. Then the bytes are stored, and in the end the rows are
    written in one transaction: whatever fails before it ends leaves no row and takes the bytes away again. ``replace`` allows an
    installation that holds something; its rows go, and its bytes are left to the search for bytes without a row.
    Raises ArchiveInvalid, DatabaseTooNew, TransferRefused, RowsRefused.
    """
    refuse_alive(database, "database")
    if not replace:
        refuse_rows(database)
        refuse_bytes(store)
    contents = check(path, report)
    if replace:
        _refuse_others(path, store)
    with TemporaryFile() as written:
        try:
            blobs = _store_blobs(path, store, written, Meter(report, "files", contents.manifest.blob_bytes))
            with loading(database, contents.header.revision, replace=replace) as loader:
                rows = _load_rows(path, loader, Meter(report, "rows", sum(contents.manifest.tables.values())))
                loader.check(contents.manifest.tables)
        except BaseException:
            written.seek(0)
            for line in written:
                store.delete(line.decode().rstrip("\n"))
            raise
    return Restored(contents, rows, blobs)


def _refuse_others(path: Path, store: BlobStore) -> None:
    """Keys are never used for other bytes, so one that is comes from something that is not to be overwritten."""
    for member in members(path):
        if member.key is not None and _holds(store, member.key) and not _same(store, member):
            raise TransferRefused(f"The storage holds other bytes under {member.key}: use an empty one.")


def _store_blobs(path: Path, store: BlobStore, written: IO[bytes], meter: Meter) -> int:
    """Store what is not there yet, and note its keys; how many the archive holds."""
    count = 0
    for member in members(path):
        if member.key is None:
            continue
        count += 1
        if _holds(store, member.key):
            meter.add(member.size)
            continue
        written.write(f"{member.key}\n".encode())
        stat = store.put(member.key, meter.of(member.chunks()))
        if stat.size != member.size:
            raise TransferRefused(f"The storage holds {stat.size} bytes of {member.key} and should hold {member.size}.")
    return count


def _load_rows(path: Path, loader: Loader, meter: Meter) -> int:
    rows = 0
    for member in members(path):
        if member.table is None:
            continue
        table = loader.tables.get(member.table)
        if table is None:
            raise ArchiveInvalid(f"The backup has rows of a table {member.table}, which its version lacks.")
        added = loader.insert(table, _rows(member, table))
        meter.add(added)
        rows += added
    return rows


def _rows(member: Member, table: Table) -> Iterator[tuple[Row, int]]:
    read = LineReader(table)
    for number, line in enumerate(member.lines(), 1):
        try:
            yield read(line), len(line)
        except (ValueError, RecursionError) as error:
            raise ArchiveInvalid(f"Line {number} of {member.name} is no row: {error}.") from error


def _holds(store: BlobStore, key: str) -> bool:
    try:
        store.stat(key)
    except NotFound:
        return False
    return True


def _same(store: BlobStore, member: Member) -> bool:
    there, here = hashlib.sha256(), hashlib.sha256()
    for chunk in store.read(str(member.key)):
        there.update(chunk)
    for chunk in member.chunks():
        here.update(chunk)
    return there.digest() == here.digest()
