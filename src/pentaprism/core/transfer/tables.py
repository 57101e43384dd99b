"""The tables of a database as they are, whichever release made them."""

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Delete,
    ForeignKeyConstraint,
    LargeBinary,
    MetaData,
    Select,
    Table,
    delete,
    inspect,
    select,
)
from sqlalchemy.types import JSON, DateTime, TypeEngine

from pentaprism.core.blobs.hold import PREFIX as HOLD
from pentaprism.core.blobs.tables import Blob
from pentaprism.core.database.migrate import NEEDS_NOTE, VERSION_TABLE
from pentaprism.core.database.tables import Json, Moment
from pentaprism.core.jobs.tables import SharedState, Worker

# Processes that live at the moment are no part of an installation.
LEFT_OUT = frozenset({VERSION_TABLE, Worker.__tablename__})


def tables_of(connection: Connection) -> list[Table]:
    """What is to be transferred, in an order in which rows can be written: a table comes after those it refers to.

    Read from the database itself, so that rows of an earlier release can be read and written too.
    """
    inspector, metadata = inspect(connection), MetaData()
    for name in inspector.get_table_names():
        if name not in LEFT_OUT:
            keys = set(inspector.get_pk_constraint(name)["constrained_columns"])
            columns = [
                Column(found["name"], _type(found["type"]), primary_key=found["name"] in keys) for found in inspector.get_columns(name)
            ]
            links = [
                ForeignKeyConstraint(
                    link["constrained_columns"],
                    [f"{link['referred_table']}.{column}" for column in link["referred_columns"]],
                    name=link["name"],
                )
                for link in inspector.get_foreign_keys(name)
            ]
            Table(name, metadata, *columns, *links)
    return list(metadata.sorted_tables)


def selection(table: Table) -> Select[Any]:
    """The rows of ``table`` that belong to the installation: not of uploads under way or bytes that are going, and no
    notes about the database itself."""
    rows = select(table).order_by(*table.primary_key.columns)
    if table.name == Blob.__tablename__:
        return rows.where(table.c.state == "kept")
    if table.name == SharedState.__tablename__:
        return rows.where(table.c.name.not_like(f"{HOLD}%"), table.c.name != NEEDS_NOTE)
    return rows


def removal(table: Table) -> Delete:
    """Takes all rows of ``table`` but the note that the database keeps about itself."""
    rows = delete(table)
    return rows.where(table.c.name != NEEDS_NOTE) if table.name == SharedState.__tablename__ else rows


def _type(found: TypeEngine[Any]) -> TypeEngine[Any]:
    """The platform's own type for one that a database tells of: moments with their zone, JSON without a null of its own."""
    if isinstance(found, DateTime):
        return Moment()
    if isinstance(found, JSON):
        return Json
    if isinstance(found, LargeBinary):
        return LargeBinary()
    return Boolean() if isinstance(found, Boolean) else found
