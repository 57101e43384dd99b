"""Moving an installation to another database, and its bytes to another store."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import IO, BinaryIO

from sqlalchemy import select

from pentaprism.core.blobs.store import BlobStore
from pentaprism.core.blobs.tables import Blob
from pentaprism.core.database.engine import Database
from pentaprism.core.errors import NotFound
from pentaprism.core.transfer.alive import refuse_alive
from pentaprism.core.transfer.archive import CHUNK
from pentaprism.core.transfer.errors import TransferRefused
from pentaprism.core.transfer.loading import loading, refuse_rows
from pentaprism.core.transfer.progress import Meter, Report, silent
from pentaprism.core.transfer.rows import to_line
from pentaprism.core.transfer.snapshot import Kept, KeptList, Snapshot, snapshot

KEYS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved; ``present`` files lay in the other store already, from a run that did not come to its end."""

    revision: str
    tables: dict[str, int]
    blobs: int
    blob_bytes: int
    present: int
    missing: list[str]
    damaged: list[str]


def move(source: Database, target: Database, *, stores: tuple[BlobStore, BlobStore] | None = None, report: Report = silent) -> Moved:
    """Copy all rows of ``source`` to the empty ``target``, and with ``stores`` all bytes from the first to the second.

    The source is only read. Bytes come first, each read back and compared with its SHA-256; rows follow in one transaction, which
    ends once the counts of all tables are right. So a run that broke off is repeated: it finds the bytes that are there.
    Raises TransferRefused, RowsRefused, DatabaseTooNew.
    """
    refuse_alive(source, "installation to move")
    refuse_alive(target, "database to move to")
    refuse_rows(target)
    with snapshot(source) as view, KeptList(view.kept()) as kept:
        copying = _Copying()
        if stores is not None:
            _refuse_strangers(source, stores[1])
            copying.run(kept, *stores, Meter(report, "files", kept.size))
        tables = _move_rows(view, target, report)
    return Moved(view.revision, tables, kept.count, kept.size, copying.present, copying.missing, copying.damaged)


def _move_rows(view: Snapshot, target: Database, report: Report) -> dict[str, int]:
    counts = {table.name: view.count(table) for table in view.tables}
    meter = Meter(report, "rows", sum(counts.values()))
    with loading(target, view.revision) as loader:
        for table in view.tables:
            meter.add(loader.insert(loader.tables[table.name], ((row, len(to_line(row))) for row in view.rows(table))))
        loader.check(counts)
    return counts


def _refuse_strangers(source: Database, store: BlobStore) -> None:
    """What has no row here would be taken for the remains of a crash there, and removed."""
    stored = store.list()
    while keys := {stat.key for stat in islice(stored, KEYS_AT_ONCE)}:
        with source.read() as session:
            strangers = keys.difference(session.scalars(select(Blob.key).where(Blob.key.in_(keys), Blob.state == "kept")))
        if strangers:
            raise TransferRefused(f"The other storage holds {min(strangers)}, which is not of this installation: use an empty one.")


class _Copying:
    """Copies bytes and reads them back."""

    def __init__(self) -> None:
        self.present = 0
        self.missing: list[str] = []
        self.damaged: list[str] = []

    def run(self, kept: KeptList, source: BlobStore, target: BlobStore, meter: Meter) -> None:
        for blob in kept:
            try:
                with source.open(blob.key) as file:
                    self._copy(blob, file, target)
            except NotFound:
                self.missing.append(blob.key)
            meter.add(blob.size)

    def _copy(self, blob: Kept, file: BinaryIO, target: BlobStore) -> None:
        found = _digest(file)
        if found != blob.sha256:
            self.damaged.append(blob.key)
        if _stored(target, blob.key) == found:
            self.present += 1
            return
        file.seek(0, os.SEEK_SET)
        target.put(blob.key, iter(_reader(file), b""))
        if _stored(target, blob.key) != found:
            raise TransferRefused(f"The other storage does not give back what was stored as {blob.key}.")


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    for chunk in iter(_reader(file), b""):
        digest.update(chunk)
    return digest.hexdigest()


def _stored(store: BlobStore, key: str) -> str | None:
    """The SHA-256 of what ``store`` holds; None where that is nothing."""
    digest = hashlib.sha256()
    try:
        for chunk in store.read(key):
            digest.update(chunk)
    except NotFound:
        return None
    return digest.hexdigest()


def _reader(file: IO[bytes]) -> Callable[[], bytes]:
    return lambda: file.read(CHUNK)
