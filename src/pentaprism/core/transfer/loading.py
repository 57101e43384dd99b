"""Writing the rows of an installation into a database, all of them or none."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Connection, Integer, Table, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from pentaprism.core.blobs.store import BlobStore
from pentaprism.core.database.engine import Database
from pentaprism.core.database.migrate import current, upgrade_within, version_of
from pentaprism.core.jobs.tables import SharedState, Turn
from pentaprism.core.transfer.errors import RowsRefused, TransferRefused
from pentaprism.core.transfer.rows import Row
from pentaprism.core.transfer.tables import removal, selection, tables_of

BATCH = 200
BATCH_BYTES = 8 * 1024 * 1024
# What a server notes for itself, also where nobody has used it yet.
OF_NO_ACCOUNT = frozenset({SharedState.__tablename__, Turn.__tablename__})


class Loader:
    """Takes rows of tables as they were at one revision."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.tables: Mapping[str, Table] = {table.name: table for table in tables_of(connection)}

    def insert(self, table: Table, rows: Iterable[tuple[Row, int]]) -> int:
        """Write ``rows``, each with its rough size in bytes; how many. Raises RowsRefused."""
        count = 0
        for batch in _batches(rows):
            try:
                self._connection.execute(table.insert(), batch)
            except SQLAlchemyError as error:
                raise RowsRefused(f"The database does not take a row of {table.name}: {_cause(error)}") from error
            count += len(batch)
        return count

    def check(self, counts: Mapping[str, int]) -> None:
        """Raise RowsRefused unless each table holds as many rows as ``counts`` says, and none else holds any."""
        for name, table in self.tables.items():
            found = self._connection.scalar(select(func.count()).select_from(selection(table).order_by(None).subquery()))
            if found != counts.get(name, 0):
                raise RowsRefused(f"Table {name} holds {found} rows and should hold {counts.get(name, 0)}.")


@contextmanager
def loading(database: Database, revision: str, *, replace: bool = False) -> Iterator[Loader]:
    """A loader of tables at ``revision``, which are made where there are none, and brought to the present at the end of the block.

    Nothing shows before that end, and nothing has happened where the block raises. With ``replace`` the rows that are there go.
    Raises TransferRefused, RowsRefused.
    """
    try:
        with database.write() as session:
            connection = session.connection()
            present = version_of(connection)
            if present is None:
                upgrade_within(connection, revision)
            elif present != revision:
                raise TransferRefused(f"The tables here are of version {present} and the rows of {revision}: begin with an empty database.")
            loader = Loader(connection)
            if replace:
                for table in reversed(list(loader.tables.values())):
                    connection.execute(removal(table))
            links = _defer_links(connection, loader.tables.values())
            yield loader
            _check_links(connection, links)
            _continue_numbers(connection, loader.tables.values())
            upgrade_within(connection)
    except SQLAlchemyError as error:
        raise RowsRefused(f"The database does not take the rows: {_cause(error)}") from error


def refuse_rows(database: Database) -> None:
    """Raise TransferRefused where somebody has used the installation."""
    if current(database) is None:
        return
    with database.read() as session:
        for table in tables_of(session.connection()):
            if table.name not in OF_NO_ACCOUNT and session.execute(select(table).limit(1)).first() is not None:
                raise TransferRefused(f"There is an installation already: table {table.name} holds rows.")


def refuse_bytes(store: BlobStore) -> None:
    """Raise TransferRefused where the store holds anything."""
    found = next(iter(store.list()), None)
    if found is not None:
        raise TransferRefused(f"The storage is not empty: it holds {found.key}.")


def _batches(rows: Iterable[tuple[Row, int]]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    size = 0
    for row, row_size in rows:
        batch.append(row)
        size += row_size
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _defer_links(connection: Connection, tables: Iterable[Table]) -> list[str]:
    """Let rows refer to rows of their own table that come later. On PostgreSQL the statements that undo it."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA defer_foreign_keys=ON"))
        return []
    undo = []
    quote = connection.dialect.identifier_preparer.quote
    for table in tables:
        for link in table.foreign_key_constraints:
            if link.referred_table is table and link.name is not None:
                change = f"ALTER TABLE {quote(table.name)} ALTER CONSTRAINT {quote(str(link.name))}"
                connection.execute(text(f"{change} DEFERRABLE INITIALLY DEFERRED"))
                undo.append(f"{change} NOT DEFERRABLE")
    return undo


def _check_links(connection: Connection, undo: list[str]) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.execute(text("PRAGMA foreign_key_check")).first()
        if broken is not None:
            raise RowsRefused(f"A row of {broken[0]} refers to a row of {broken[2]} that is not there.")
        return
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    for statement in undo:
        connection.execute(text(statement))


def _continue_numbers(connection: Connection, tables: Iterable[Table]) -> None:
    """Have PostgreSQL count on from the largest number; SQLite does so by itself."""
    if connection.dialect.name == "sqlite":
        return
    for table in tables:
        for column in table.primary_key.columns:
            names = {"table": table.name, "column": column.name}
            sequence = None
            if isinstance(column.type, Integer):
                sequence = connection.scalar(text("SELECT pg_get_serial_sequence(:table, :column)"), names)
            if sequence is not None:
                highest = connection.scalar(select(func.max(column)))
                connection.execute(select(func.setval(sequence, highest or 1, highest is not None)))


def _cause(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
