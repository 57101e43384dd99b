"""Scripts add first, and take away a release later: the code before each of them goes on working on its tables."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import OperationalError

from migrations_ahead import release_ahead, upgrade_ahead
from pentaprism.core.accounts.tables import Account
from pentaprism.core.database import migrate
from pentaprism.core.database.engine import Database
from pentaprism.core.database.migrate import DatabaseTooNew, current, is_current, is_newer, is_usable, revisions, upgrade, upgrade_within

Opened = Callable[[str], Database]
Shape = dict[str, dict[str, Any]]


def shape(database: Database) -> Shape:
    """Columns and rules of every table."""
    inspector = inspect(database.engine)
    return {
        table: {
            "columns": {column["name"]: column for column in inspector.get_columns(table)},
            "key": inspector.get_pk_constraint(table)["constrained_columns"],
            "unique": {tuple(rule["column_names"]) for rule in inspector.get_unique_constraints(table)}
            | {tuple(index["column_names"]) for index in inspector.get_indexes(table) if index["unique"]},
            "checks": {rule["sqltext"] for rule in inspector.get_check_constraints(table)},
            "links": {tuple(link["constrained_columns"]) for link in inspector.get_foreign_keys(table)},
        }
        for table in inspector.get_table_names()
        if table != migrate.VERSION_TABLE
    }


def breaches(before: Shape, after: Shape) -> Iterator[str]:
    """What the code before could stumble over."""
    for table, old in before.items():
        if table not in after:
            yield f"table {table} is gone"
            continue
        new = after[table]
        for name, column in old["columns"].items():
            found = new["columns"].get(name)
            if found is None:
                yield f"column {table}.{name} is gone"
            elif str(found["type"]) != str(column["type"]):
                yield f"column {table}.{name} has another type"
            elif column["nullable"] and not found["nullable"]:
                yield f"column {table}.{name} may no longer be empty"
        for name in new["columns"].keys() - old["columns"].keys():
            if not new["columns"][name]["nullable"] and new["columns"][name]["default"] is None:
                yield f"column {table}.{name} must be filled and has no default"
        yield from (f"{table} has another {rule}" for rule in ("key",) if old[rule] != new[rule])
        # A rule about columns that only later code fills is no matter to the code before.
        for rule in ("unique", "links"):
            yield from (
                f"{table} has one more rule: {rule} {names}" for names in new[rule] - old[rule] if set(names) <= old["columns"].keys()
            )
        yield from (f"{table} has one more check: {check}" for check in new["checks"] - old["checks"])


def needs() -> dict[str, str | None]:
    """What each script says of the code that its tables need."""
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    return {script.revision: getattr(script.module, "NEEDS", None) for script in ScriptDirectory.from_config(config).walk_revisions()}


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_every_script_after_the_first_only_adds_unless_it_says_otherwise(sqlite_url: str, opened: Opened) -> None:
    database, said = opened(sqlite_url), needs()
    found, before = {}, {}
    for revision in revisions():
        with database.write() as session:
            upgrade_within(session.connection(), revision)
        after = shape(database)
        if said[revision] is None:
            found[revision] = list(breaches(before, after))
        before = after
    assert {revision: list_ for revision, list_ in found.items() if list_} == {}
    assert len(before) > 30


def test_what_a_script_needs_is_code_of_an_earlier_release() -> None:
    """Otherwise nobody could upgrade while servers of the release before are at work."""
    assert [revision for revision, needed in needs().items() if needed is not None and not needed < revision] == []


BREACHES = {
    "op.drop_column('jobs', 'message')": "column jobs.message is gone",
    "op.drop_table('job_turns')": "table job_turns is gone",
    "op.rename_table('job_turns', 'turns')": "table job_turns is gone",
    "op.alter_column('jobs', 'message', new_column_name='words')": "column jobs.message is gone",
    "op.alter_column('jobs', 'message', nullable=False)": "column jobs.message may no longer be empty",
    "op.alter_column('jobs', 'message', type_=sa.String(20))": "column jobs.message has another type",
    "op.add_column('jobs', sa.Column('must', sa.Integer, nullable=False))": "column jobs.must must be filled and has no default",
    "op.create_unique_constraint('ux', 'accounts', ['name'])": "accounts has one more rule: unique ('name',)",
    "op.create_index('ux', 'accounts', ['name'], unique=True)": "accounts has one more rule: unique ('name',)",
    "op.create_check_constraint('c', 'jobs', 'priority < 9')": "jobs has one more check",
    "op.create_foreign_key('f', 'workers', 'jobs', ['job_id'], ['id'])": "workers has one more rule: links ('job_id',)",
}


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.parametrize("step", BREACHES)
def test_the_check_sees_what_would_break_the_release_before(step: str, postgres_url: str, opened: Opened, tmp_path: Path) -> None:
    database = opened(postgres_url)
    upgrade(database)
    before = shape(database)
    upgrade_ahead(postgres_url, tmp_path, f"    {step}")
    assert any(BREACHES[step] in breach for breach in breaches(before, shape(database)))


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_the_check_lets_additions_pass(url: str, opened: Opened, tmp_path: Path) -> None:
    database = opened(url)
    upgrade(database)
    before = shape(database)
    upgrade_ahead(url, tmp_path)
    after = shape(database)
    assert list(breaches(before, after)) == [] and after.keys() - before.keys() == {"later_things"}


def test_additions_of_a_newer_release_are_borne_and_left_alone(url: str, opened: Opened, tmp_path: Path) -> None:
    database = opened(url)
    upgrade(database)
    assert is_current(database) and is_usable(database)
    ahead = upgrade_ahead(url, tmp_path)
    assert is_newer(database) and is_usable(database) and not is_current(database)
    assert upgrade(database) is False and current(database) == ahead
    with database.write() as session:
        session.add(Account(email="ada@example.com", email_key="ada@example.com"))
    with database.read() as session:
        assert session.execute(text("SELECT later, later_count FROM accounts")).one() == (None, 7)


def test_the_note_says_which_code_the_tables_need(url: str, opened: Opened, tmp_path: Path) -> None:
    """A script that takes something away names the last release before which nobody can do without it."""
    database = opened(url)
    upgrade(database)
    upgrade_ahead(url, tmp_path, "    op.drop_column('jobs', 'message')", needs=revisions()[-1])
    assert is_usable(database) and upgrade(database) is False


def test_tables_that_need_newer_code_are_refused(url: str, opened: Opened, tmp_path: Path) -> None:
    database = opened(url)
    upgrade(database)
    with release_ahead(tmp_path) as ahead:
        pass
    upgrade_ahead(url, tmp_path, "    op.drop_column('jobs', 'message')", needs=ahead)
    assert not is_usable(database)
    with pytest.raises(DatabaseTooNew, match=ahead):
        upgrade(database)


def test_statements_that_a_connection_has_prepared_work_on_added_columns(url: str, opened: Opened, tmp_path: Path) -> None:
    database = opened(url)
    upgrade(database)

    def use(number: int) -> int:
        with database.write() as session:
            session.add(Account(email=f"{number}@example.com", email_key=f"{number}@example.com"))
        with database.read() as session:
            return session.query(Account).count()

    for number in range(12):
        use(number)
    upgrade_ahead(url, tmp_path)
    assert [use(number) for number in range(12, 20)] == list(range(13, 21))


def test_an_upgrade_gives_way_to_transactions_at_work(
    postgres_url: str, opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two transactions that wait for each other PostgreSQL ends one, and it must not be the server's."""
    database = opened(postgres_url)
    upgrade(database)
    monkeypatch.setattr(migrate, "LOCK_PAUSE", 0.01)
    monkeypatch.setattr(migrate, "LOCK_TRIES", 2)
    with database.write() as session:
        session.execute(text("LOCK TABLE workers IN ROW EXCLUSIVE MODE"))
        with release_ahead(tmp_path), pytest.raises(OperationalError, match="lock timeout"):
            upgrade(opened(postgres_url))
        session.add(Account(email="ada@example.com", email_key="ada@example.com"))
    assert upgrade_ahead(postgres_url, tmp_path) == current(database)
