"""Reading an installation as it is at one moment, while others write to it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any

from sqlalchemy import Connection, Table, collate, func, select

from pentaprism.core.blobs.tables import Blob
from pentaprism.core.database.engine import Database
from pentaprism.core.database.migrate import DatabaseTooNew, revisions, version_of
from pentaprism.core.transfer.errors import TransferRefused
from pentaprism.core.transfer.rows import Row
from pentaprism.core.transfer.tables import selection, tables_of

ROWS_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Kept:
    """A blob that a row names."""

    key: str
    size: int
    sha256: str


class KeptList:
    """All blobs of a snapshot in the order of their keys, in a file of its own: there may be millions."""

    def __init__(self, found: Iterator[Kept]) -> None:
        self.count = self.size = 0
        self._file = TemporaryFile()  # noqa: SIM115 -- closed at the end of the block that this is used in
        for kept in found:
            self._file.write(json.dumps([kept.key, kept.size, kept.sha256]).encode() + b"\n")
            self.count += 1
            self.size += kept.size

    def __iter__(self) -> Iterator[Kept]:
        self._file.seek(0)
        for line in self._file:
            yield Kept(*json.loads(line))

    def __enter__(self) -> "KeptList":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()


class Snapshot:
    """Rows as they were when the first of them was read."""

    def __init__(self, connection: Connection, revision: str) -> None:
        self._connection = connection
        self.revision = revision

    @cached_property
    def tables(self) -> list[Table]:
        """The tables, those that others refer to first."""
        return tables_of(self._connection)

    def count(self, table: Table) -> int:
        """How many rows of ``table`` there are to transfer."""
        return self._connection.scalar(select(func.count()).select_from(selection(table).order_by(None).subquery())) or 0

    def rows(self, table: Table) -> Iterator[Row]:
        """The rows of ``table``, a few at a time."""
        options: Any = {"stream_results": True, "yield_per": ROWS_AT_ONCE}
        for row in self._connection.execute(selection(table), execution_options=options).mappings():
            yield dict(row)

    def kept(self) -> Iterator[Kept]:
        """The blobs that rows name, in the order of their keys' bytes."""
        order = Blob.key if self._connection.dialect.name == "sqlite" else collate(Blob.key, "C")
        query = select(Blob.key, Blob.size, Blob.sha256).where(Blob.state == "kept").order_by(order)
        for key, size, sha256 in self._connection.execute(query, execution_options={"stream_results": True, "yield_per": ROWS_AT_ONCE}):
            yield Kept(key, size, sha256)


@contextmanager
def snapshot(database: Database) -> Iterator[Snapshot]:
    """A view of all rows at one moment: SQLite's log keeps it for a transaction that reads, PostgreSQL for one of REPEATABLE READ.

    Raises TransferRefused where there are no tables, and DatabaseTooNew.
    """
    with database.engine.connect() as connection:
        if not database.is_sqlite:
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        revision = version_of(connection)
        if revision is None:
            raise TransferRefused("There is no installation here: the database has no tables.")
        if revision not in revisions():
            raise DatabaseTooNew(revision)
        yield Snapshot(connection, revision)
