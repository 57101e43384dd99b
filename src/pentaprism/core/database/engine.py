"""Opening the database. SQLite runs in WAL mode, and write transactions begin with BEGIN IMMEDIATE:
a deferred begin would fail with a lock error as soon as two processes upgrade from reading to writing. What is committed is
on the disk, so that an accepted upload survives a power cut: the write-ahead log is synchronised after the commit, when the next
writer is already at work (synchronous=FULL would do it while holding the write lock), and threads share the wait."""

import logging
import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.orm import Session

LOG = logging.getLogger(__name__)
WRITE = "pentaprism_write"
AFTER_COMMIT = "after_commit"
# What PostgreSQL shows of our sessions, unless the URL names something else.
APPLICATION = "pentaprism"
BUSY_SECONDS = 30
PRAGMAS = (
    f"busy_timeout={BUSY_SECONDS * 1000}",
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "cache_size=-20000",
    # Folding the log into the file waits for the disk twice, in the commit of whoever comes by: every 32 MB, not every 4.
    "wal_autocheckpoint=8000",
)


class Database:
    """Sessions on one database; safe to share between threads, not between processes.

    ``url`` is any SQLAlchemy URL of SQLite or PostgreSQL; a PostgreSQL URL that names asyncpg or no driver is
    mapped to psycopg 3.
    """

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        self.url = normalise_url(url)
        self.is_sqlite = self.url.startswith("sqlite")
        # Errors are logged, and parameters may be what nobody should read there.
        options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": pool_size, "hide_parameters": True}
        if not self.is_sqlite:
            options["pool_pre_ping"] = True
            options["connect_args"] = {"fallback_application_name": APPLICATION}
        self.engine: Engine = create_engine(self.url, **options)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        path = self.engine.url.database if self.is_sqlite else None
        self._log = Path(f"{path}-wal") if path and path != ":memory:" else None
        self._writing = self.engine.execution_options(**{WRITE: True})

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; whatever it changes is thrown away."""
        with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Session]:
        """A session that commits once, at the end, and then makes the calls left with :func:`after_commit`.

        An exception rolls everything back and drops the calls. A call that fails is logged: what is committed is done.
        Without ``durable`` SQLite does not wait for the disk: a power cut, though no crash of a process, may undo the last such
        commits, each of them whole. That is enough for what is done again then, such as the moves of a worker.
        """
        with Session(self._writing, expire_on_commit=False) as session:
            with session.begin():
                yield session
            calls: list[Callable[[], None]] = session.info.get(AFTER_COMMIT, [])
        for call in calls:
            try:
                call()
            except Exception:
                LOG.exception("a call after the commit failed")
        if durable and self._log is not None:
            _synchronise(self._log)

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def after_commit(session: Session, call: Callable[[], None]) -> None:
    """Make ``call`` once the session's transaction is committed; never if it is rolled back."""
    session.info.setdefault(AFTER_COMMIT, []).append(call)


def normalise_url(url: str) -> str:
    """``url`` with the driver this platform uses."""
    parsed = make_url(url)
    if parsed.get_backend_name() in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    elif parsed.get_backend_name() != "sqlite":
        raise ValueError(f"DATABASE_URL names {parsed.get_backend_name()}; SQLite and PostgreSQL are supported")
    else:
        parsed = parsed.set(drivername="sqlite+pysqlite")
    return parsed.render_as_string(hide_password=False)


def _synchronise(log: Path) -> None:
    """Wait until the write-ahead log is on the disk; where there is none, the database file itself has been synchronised."""
    try:
        descriptor = os.open(log, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    for pragma in PRAGMAS:
        # Of two processes that switch a new file to the write-ahead log at once, one is told at once that it is locked.
        if not _executed(connection, f"PRAGMA {pragma}"):
            connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    if not connection.get_execution_options().get(WRITE, False):
        connection.exec_driver_sql("BEGIN")
        return
    # SQLite's own waiting sleeps up to 100 ms between two tries; transactions here last less than one.
    raw = cast(sqlite3.Connection, connection.connection.dbapi_connection)
    raw.execute("PRAGMA busy_timeout=0")
    try:
        if not _executed(raw, "BEGIN IMMEDIATE"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        raw.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")


def _executed(connection: sqlite3.Connection, statement: str) -> bool:
    """Whether ``statement`` was executed, as soon as no other connection was in its way; False after BUSY_SECONDS or another fault."""
    give_up = time.monotonic() + BUSY_SECONDS
    while time.monotonic() < give_up:
        try:
            connection.execute(statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                break
            time.sleep(random.uniform(0.00005, 0.0003))
        else:
            return True
    return False
