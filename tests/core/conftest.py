"""A database with the tables of the core."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import pentaprism.core.blobs.tables
import pentaprism.core.jobs.tables  # noqa: F401 - all tables of the core belong to the metadata
from pentaprism.core.database.engine import Database
from pentaprism.core.database.tables import Base


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty SQLite database of its own."""
    database = Database(f"sqlite:///{tmp_path}/test.db")
    Base.metadata.create_all(database.engine)
    yield database
    database.dispose()
