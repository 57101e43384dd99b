"""What the tests of all faces share for the whole run: an event loop, a helper process, an empty database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from faces_world import Loop
from pentaprism.core.database.engine import Database
from pentaprism.core.database.tables import Base
from pentaprism.core.workers.compute import Compute, ready


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    """The event loop that serves all tests."""
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def compute() -> Iterator[Compute]:
    """The helper process that looks at files."""
    helper = Compute()
    helper.start()
    helper.call(ready)
    yield helper
    helper.close()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables and no rows, to be copied."""
    path = tmp_path_factory.mktemp("empty") / "data.db"
    database = Database(f"sqlite:///{path}")
    Base.metadata.create_all(database.engine)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    return path
