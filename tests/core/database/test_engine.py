import logging
import os
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from pentaprism.core.database.engine import Database, after_commit, normalise_url

Opened = Callable[[str], Database]

WRITER = """
    import sys
    from sqlalchemy import text
    from pentaprism.core.database.engine import Database

    database = Database(sys.argv[1])
    lock = "" if database.is_sqlite else " FOR UPDATE"
    for number in range(100):
        with database.write() as session:
            found = session.execute(text("SELECT value FROM counters WHERE name = 'a'" + lock)).scalar_one()
            session.execute(text("UPDATE counters SET value = :value WHERE name = 'a'"), {"value": found + 1})
    print(number + 1)
    database.dispose()
"""


@pytest.fixture
def database(url: str, opened: Opened) -> Database:
    """A database with one counter in it."""
    database = opened(url)
    with database.write() as session:
        session.execute(text("CREATE TABLE counters (name VARCHAR(10) PRIMARY KEY, value INTEGER NOT NULL)"))
        session.execute(text("INSERT INTO counters VALUES ('a', 0)"))
    return database


def value(database: Database) -> int:
    with database.read() as session:
        return int(session.execute(text("SELECT value FROM counters WHERE name = 'a'")).scalar_one())


def add(database: Database, amount: int = 1) -> None:
    """Read, then write: what fails on SQLite when a transaction begins as a reader."""
    with database.write() as session:
        found = session.execute(text("SELECT value FROM counters WHERE name = 'a'" + ("" if database.is_sqlite else " FOR UPDATE")))
        session.execute(text("UPDATE counters SET value = :value WHERE name = 'a'"), {"value": found.scalar_one() + amount})


def test_a_write_session_commits_once_at_its_end(database: Database) -> None:
    with database.write() as session:
        session.execute(text("UPDATE counters SET value = 5"))
        assert value(database) == 0
    assert value(database) == 5


def test_an_exception_rolls_everything_back(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as session:
        session.execute(text("UPDATE counters SET value = 5"))
        raise ZeroDivisionError
    assert value(database) == 0


def test_what_a_read_session_changes_is_thrown_away(database: Database) -> None:
    with database.read() as session:
        session.execute(text("UPDATE counters SET value = 5"))
    assert value(database) == 0


def test_a_read_session_sees_one_moment(sqlite_url: str, opened: Opened) -> None:
    database = opened(sqlite_url)
    with database.write() as session:
        session.execute(text("CREATE TABLE counters (name VARCHAR(10) PRIMARY KEY, value INTEGER NOT NULL)"))
        session.execute(text("INSERT INTO counters VALUES ('a', 0)"))
    with database.read() as session:
        assert session.execute(text("SELECT value FROM counters")).scalar_one() == 0
        add(database)
        assert session.execute(text("SELECT value FROM counters")).scalar_one() == 0
    assert value(database) == 1


def test_calls_are_made_after_the_commit_in_their_order(database: Database) -> None:
    seen: list[tuple[str, int]] = []
    with database.write() as session:
        session.execute(text("UPDATE counters SET value = 5"))
        after_commit(session, lambda: seen.append(("first", value(database))))
        after_commit(session, lambda: seen.append(("second", value(database))))
        assert seen == []
    assert seen == [("first", 5), ("second", 5)]


def test_calls_of_a_rolled_back_transaction_are_never_made(database: Database) -> None:
    seen: list[str] = []
    with pytest.raises(ZeroDivisionError), database.write() as session:
        after_commit(session, lambda: seen.append("called"))
        raise ZeroDivisionError
    with pytest.raises(IntegrityError), database.write() as session:
        after_commit(session, lambda: seen.append("called"))
        session.execute(text("INSERT INTO counters VALUES ('a', 1)"))
    with database.write() as session:
        session.execute(text("UPDATE counters SET value = 1"))
    assert seen == []


def test_a_failing_call_is_logged_and_the_others_are_made(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []

    def fail() -> None:
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR), database.write() as session:
        after_commit(session, fail)
        after_commit(session, lambda: seen.append("called"))
    assert seen == ["called"] and "ZeroDivisionError" in caplog.text


def test_a_call_may_write_itself(database: Database) -> None:
    with database.write() as session:
        session.execute(text("UPDATE counters SET value = 5"))
        after_commit(session, lambda: add(database))
    assert value(database) == 6


def test_four_writing_processes_meet_no_lock_error(database: Database, url: str) -> None:
    command = [sys.executable, "-c", textwrap.dedent(WRITER), url]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [child.communicate(timeout=120) for child in children] == [("100\n", "")] * 4
    assert value(database) == 400


def test_many_threads_lose_no_write(database: Database) -> None:
    threads = [threading.Thread(target=lambda: [add(database) for _ in range(20)]) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value(database) == 240


def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    with database.write() as session:
        session.execute(text("UPDATE counters SET value = 5"))
        start = time.perf_counter()
        assert value(database) == 0
        assert time.perf_counter() - start < 5


def test_sqlite_writes_ahead_and_holds_foreign_keys(sqlite_url: str, opened: Opened) -> None:
    with opened(sqlite_url).read() as session:
        found = {name: session.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("journal_mode", "foreign_keys")}
    assert found == {"journal_mode": "wal", "foreign_keys": 1}


def test_what_is_committed_is_on_the_disk_when_the_block_ends(sqlite_url: str, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is flushed once a transaction, with the whole of it; ``durable=False`` leaves that out."""
    database = opened(sqlite_url)
    with database.write() as session:
        session.execute(text("CREATE TABLE texts (value VARCHAR)"))
    flushed: list[tuple[str, bool]] = []
    real = os.fsync

    def watch(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        flushed.append((path.name, b"accepted upload" in path.read_bytes()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    with database.write(durable=False) as session:
        session.execute(text("INSERT INTO texts VALUES ('first')"))
    assert flushed == []
    with database.write() as session:
        session.execute(text("INSERT INTO texts VALUES ('accepted upload')"))
        assert flushed == []
    assert flushed == [("test.db-wal", True)]


def test_a_write_transaction_takes_the_lock_at_its_begin(sqlite_url: str, opened: Opened) -> None:
    database = opened(sqlite_url)
    other = sqlite3.connect(database.engine.url.database or "", timeout=0, isolation_level=None)
    with database.read() as session:
        session.execute(text("SELECT 1"))
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    with database.write() as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    other.close()


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("sqlite:////data/x.db", "sqlite+pysqlite:////data/x.db"),
        ("sqlite+aiosqlite:///x.db", "sqlite+pysqlite:///x.db"),
        ("postgresql://ada:pa%40ss@db:5432/x", "postgresql+psycopg://ada:pa%40ss@db:5432/x"),
        ("postgresql+asyncpg://ada@db/x?sslmode=require", "postgresql+psycopg://ada@db/x?sslmode=require"),
        ("postgresql+psycopg2://db/x", "postgresql+psycopg://db/x"),
        ("postgres://ada@db/x", "postgresql+psycopg://ada@db/x"),
    ],
)
def test_urls_are_mapped_to_the_drivers_in_use(given: str, used: str) -> None:
    assert normalise_url(given) == used


def test_another_database_is_refused() -> None:
    with pytest.raises(ValueError, match="mysql"):
        Database("mysql://db/x")
