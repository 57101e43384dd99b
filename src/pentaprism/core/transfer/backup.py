"""Making an archive of an installation, while it is in use."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from pentaprism.core.blobs.hold import holding
from pentaprism.core.blobs.store import BlobStore
from pentaprism.core.clock import isoformat, now
from pentaprism.core.database.engine import Database
from pentaprism.core.errors import NotFound
from pentaprism.core.transfer.archive import HEADER, ROWS_ENTRY, SECRET, ArchiveWriter, Header
from pentaprism.core.transfer.errors import TransferRefused
from pentaprism.core.transfer.progress import Meter, Report, silent
from pentaprism.core.transfer.rows import to_line
from pentaprism.core.transfer.snapshot import KeptList, Snapshot, snapshot


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What went into the archive; ``missing`` and ``damaged`` are keys of files that the store no longer had as they were stored."""

    revision: str
    rows: int
    blobs: int
    blob_bytes: int
    missing: list[str]
    damaged: list[str]


def back_up(path: Path, database: Database, store: BlobStore, *, secret: bytes | None = None, report: Report = silent) -> BackedUp:
    """Write the archive at ``path``: the rows of one moment, and the bytes that they name.

    Nobody has to stop working: bytes whose row goes meanwhile are kept until the end. The file has its name once it is whole.
    Raises TransferRefused, also where there is a file already or no room for this one.
    """
    draft = path.with_name(f"{path.name}.part")
    try:
        if path.exists():
            raise TransferRefused(f"{path} is there already.")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            moment = now()
            with ArchiveWriter(file, moment.timestamp()) as archive:
                done = _write(archive, database, store, isoformat(moment), secret, report)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise TransferRefused(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        draft.unlink(missing_ok=True)
    return done


def _write(archive: ArchiveWriter, database: Database, store: BlobStore, moment: str, secret: bytes | None, report: Report) -> BackedUp:
    with ExitStack() as stack:
        with snapshot(database):
            # There is an installation, of this release or an earlier one; nothing was written yet.
            pass
        renew = stack.enter_context(holding(database))
        with snapshot(database) as view:
            header = Header(
                release=version("pentaprism"),
                revision=view.revision,
                created_at=moment,
                database="sqlite" if database.is_sqlite else "postgresql",
            )
            archive.add(HEADER, header.model_dump_json().encode())
            if secret is not None:
                archive.add(SECRET, secret)
            tables = _write_rows(archive, view, report)
            kept = stack.enter_context(KeptList(view.kept()))
        missing, damaged = _write_blobs(archive, kept, store, renew, report)
    archive.finish(tables, missing, damaged)
    return BackedUp(view.revision, sum(tables.values()), archive.blobs, archive.blob_bytes, missing, damaged)


def _write_rows(archive: ArchiveWriter, view: Snapshot, report: Report) -> dict[str, int]:
    counts = {table.name: view.count(table) for table in view.tables}
    meter = Meter(report, "rows", sum(counts.values()))
    for table in view.tables:
        lines = (to_line(row) for row in view.rows(table))
        for number, (data, rows) in enumerate(_packed(lines), 1):
            archive.add(f"tables/{table.name}/{number:06}.jsonl", data)
            meter.add(rows)
    return counts


def _packed(lines: Iterator[bytes]) -> Iterator[tuple[bytes, int]]:
    """``lines`` together, with how many there are in each piece."""
    piece, rows = bytearray(), 0
    for line in lines:
        piece += line
        rows += 1
        if len(piece) >= ROWS_ENTRY:
            yield bytes(piece), rows
            piece, rows = bytearray(), 0
    if rows:
        yield bytes(piece), rows


def _write_blobs(
    archive: ArchiveWriter, kept: KeptList, store: BlobStore, renew: Callable[[], None], report: Report
) -> tuple[list[str], list[str]]:
    missing, damaged = [], []
    meter = Meter(report, "files", kept.size)
    for blob in kept:
        renew()
        try:
            with store.open(blob.key) as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(0)
                found = archive.add_blob(blob.key, size, file)
        except NotFound:
            missing.append(blob.key)
        else:
            if (size, found) != (blob.size, blob.sha256):
                damaged.append(blob.key)
        meter.add(blob.size)
    return missing, damaged
