"""A fresh database for each test, on SQLite and on a real PostgreSQL server."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from pentaprism.core.database.engine import Database
from postgres_server import postgres_server


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[Path]:
    """A server listens on a socket in this folder."""
    with postgres_server() as server:
        yield server.folder


@pytest.fixture
def postgres_url(postgres_folder: Path) -> Iterator[str]:
    """The URL of an empty database of its own."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(f"host={postgres_folder} user=tester dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"postgresql://tester@/{name}?host={postgres_folder}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/test.db"


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def url(request: pytest.FixtureRequest) -> str:
    """An empty database of either kind."""
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def opened() -> Iterator[Callable[[str], Database]]:
    """Opens databases and closes them after the test."""
    databases: list[Database] = []

    def open_database(url: str) -> Database:
        databases.append(Database(url))
        return databases[-1]

    yield open_database
    for database in databases:
        database.dispose()
