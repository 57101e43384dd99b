import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Index, text

import pentaprism.core.accounts.tables
import pentaprism.core.blobs.tables
import pentaprism.core.jobs.tables
from pentaprism.core.accounts.tables import Account
from pentaprism.core.database import migrate
from pentaprism.core.database.engine import Database
from pentaprism.core.database.migrate import MIGRATIONS, DatabaseTooNew, current, is_current, revisions, upgrade
from pentaprism.core.database.tables import Base

# The metadata holds the tables of core and of every face.
for face in sorted(Path(pentaprism.__file__).parent.glob("faces/*/tables.py")):
    import_module(f"pentaprism.faces.{face.parent.name}.tables")

Opened = Callable[[str], Database]

SQLITE_SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE tbl_name <> 'alembic_version'"
POSTGRES_SCHEMA = """
    SELECT 'column', table_name, column_name, ordinal_position::text, data_type, character_maximum_length::text, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
    UNION ALL
    SELECT 'index', tablename, indexname, indexdef, NULL, NULL, NULL, NULL
    FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    UNION ALL
    SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), NULL, NULL, NULL, NULL
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'
"""

UPGRADER = """
    import sys, time
    from pentaprism.core.database.engine import Database
    from pentaprism.core.database.migrate import is_current, upgrade

    database = Database(sys.argv[1])
    time.sleep(max(0, float(sys.argv[2]) - time.time()))
    upgrade(database)
    print(is_current(database))
"""


def schema(database: Database) -> set[tuple[Any, ...]]:
    """Every table, column, index and constraint, as the database itself describes them."""
    with database.read() as session:
        rows = session.execute(text(SQLITE_SCHEMA if database.is_sqlite else POSTGRES_SCHEMA)).all()
    return {tuple(" ".join(value.split()) if isinstance(value, str) else value for value in row) for row in rows}


@pytest.fixture
def second_url(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> str:
    """Another empty database of the same kind."""
    if url.startswith("sqlite"):
        return f"sqlite:///{tmp_path}/second.db"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE second_of_{connection.info.dbname}")
    return url.replace("/test_", "/second_of_test_")


def test_the_upgraded_schema_is_that_of_the_tables(url: str, second_url: str, opened: Opened) -> None:
    upgraded, created = opened(url), opened(second_url)
    upgrade(upgraded)
    Base.metadata.create_all(created.engine)
    assert len(schema(created)) > 30
    assert schema(upgraded) == schema(created)


def has_plain_columns(thing: object, name: str | None, kind: str, reflected: bool, compared: object) -> bool:
    """SQLite cannot tell the expressions of an index, so those that have one are compared by their text alone, above."""
    return not (isinstance(thing, Index) and name == "ix_jobs_waiting")


def test_alembic_finds_nothing_to_change(url: str, opened: Opened) -> None:
    database = opened(url)
    upgrade(database)
    options = {"compare_type": True, "include_object": has_plain_columns if database.is_sqlite else None}
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata) == []


def test_an_upgraded_database_is_current_and_stays_as_it_is(url: str, opened: Opened) -> None:
    database = opened(url)
    assert current(database) is None and not is_current(database)
    upgrade(database)
    assert current(database) == revisions()[-1] and is_current(database)
    with database.write() as session:
        session.add(Account(email="ada@example.com", email_key="ada@example.com"))
    before = schema(database)
    upgrade(database)
    assert schema(database) == before
    with database.read() as session:
        assert session.query(Account).count() == 1


def test_a_newer_database_is_refused_and_left_alone(url: str, opened: Opened) -> None:
    database = opened(url)
    upgrade(database)
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert not is_current(database)
    with pytest.raises(DatabaseTooNew, match="version 9999") as caught:
        upgrade(database)
    assert revisions()[-1] in caught.value.message
    assert current(database) == "9999"


def test_a_failed_upgrade_changes_nothing(url: str, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    database = opened(url)
    run = migrate._run_scripts

    def fail_at_the_end(connection: Any, to: str) -> None:
        run(connection, to)
        raise ZeroDivisionError

    monkeypatch.setattr(migrate, "_run_scripts", fail_at_the_end)
    with pytest.raises(ZeroDivisionError):
        upgrade(database)
    assert current(database) is None and schema(database) == set()
    monkeypatch.undo()
    upgrade(database)
    assert is_current(database)


def test_processes_that_upgrade_at_once_do_it_once(url: str, opened: Opened) -> None:
    start = str(time.time() + 1.5)
    command = [sys.executable, "-c", textwrap.dedent(UPGRADER), url, start]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    outputs = [child.communicate(timeout=60) for child in children]
    assert [output for output, _ in outputs] == ["True\n"] * 4, outputs
    assert is_current(opened(url))


def test_a_current_database_is_recognised_without_loading_alembic(sqlite_url: str, opened: Opened) -> None:
    upgrade(opened(sqlite_url))
    script = textwrap.dedent(UPGRADER) + "print('alembic' in sys.modules)"
    command = [sys.executable, "-c", script, sqlite_url, "0"]
    assert subprocess.run(command, capture_output=True, check=True, text=True).stdout == "True\nFalse\n"


def test_the_history_is_one_line_named_by_its_files() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = list(ScriptDirectory.from_config(config).walk_revisions())
    assert tuple(script.revision for script in reversed(scripts)) == revisions()
    assert all(Path(script.path).name.startswith(f"{script.revision}_") for script in scripts)
