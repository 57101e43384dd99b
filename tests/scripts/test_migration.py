from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, Connection, ForeignKey, Index, MetaData, String, Table

import migration
from pentaprism.core.database.engine import Database
from pentaprism.core.database.migrate import revisions, upgrade
from pentaprism.core.database.tables import Id, Json, Moment


@pytest.fixture
def changed() -> MetaData:
    """The tables of the code with a further table, a further column, a longer text and one index less."""
    metadata = MetaData(naming_convention=migration.Base.metadata.naming_convention)
    for table in migration.all_tables().tables.values():
        table.to_metadata(metadata)
    accounts = metadata.tables["accounts"]
    Table(
        "labels",
        metadata,
        Column("id", Id, primary_key=True),
        Column("account_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
        Column("made_at", Moment(), nullable=False),
        Column("details", Json, nullable=False),
    )
    accounts.append_column(Column("nickname", String(64)))
    accounts.c.name.type = String(300)
    gone = next(index for index in accounts.indexes if index.name == "ux_accounts_external")
    accounts.indexes.discard(gone)
    return metadata


def applied(connection: Connection, text: str) -> None:
    names: dict[str, Any] = {}
    exec(compile(text, "next", "exec"), names)
    with Operations.context(MigrationContext.configure(connection, opts={"target_metadata": migration.Base.metadata})):
        names["upgrade"]()


def left(connection: Connection, metadata: MetaData) -> Any:
    def plain(thing: Any, name: str | None, kind: str, reflected: bool, compared: Any) -> bool:
        return not (isinstance(thing, Index) and name == "ix_jobs_waiting")

    return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True, "include_object": plain}), metadata)


def test_the_released_migrations_hold_all_tables() -> None:
    assert migration.next_migration(migration.all_tables(), "nothing new") is None


def test_the_next_migration_brings_a_database_to_the_tables(changed: MetaData, tmp_path: Path) -> None:
    made = migration.next_migration(changed, "add labels, and more")
    assert made is not None
    name, text = made
    number = f"{int(revisions()[-1]) + 1:04d}"
    assert name == f"{number}_add_labels_and_more.py"
    assert f'revision = "{number}"' in text and f'down_revision = "{revisions()[-1]}"' in text
    database = Database(f"sqlite:///{tmp_path}/data.db")
    upgrade(database)
    with database.engine.begin() as connection:
        before = left(connection, changed)
        applied(connection, text)
        assert len(before) >= 4 and left(connection, changed) == []
    database.dispose()
