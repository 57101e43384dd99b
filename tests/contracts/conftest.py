"""The real servers behind the production implementations."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from core.database import conftest as database_fixtures
from pentaprism.core.database.engine import Database
from pentaprism.core.database.tables import Base
from redis_server import RedisServer, redis_server
from s3_server import s3_server

postgres_folder = database_fixtures.postgres_folder


@pytest.fixture(scope="session")
def redis_here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def s3_here() -> Iterator[str]:
    with s3_server() as server:
        yield server.endpoint


@contextmanager
def jobs_database(folder: Path) -> Iterator[str]:
    """A PostgreSQL database with all tables, for the length of the block."""
    name = f"contract_{uuid.uuid4().hex}"
    with psycopg.connect(f"host={folder} user=tester dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        url = f"postgresql://tester@/{name}?host={folder}"
        database = Database(url)
        Base.metadata.create_all(database.engine)
        database.dispose()
        yield url
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def jobs_url(postgres_folder: Path) -> Iterator[str]:
    """One database for the workers that all tests of a module share."""
    with jobs_database(postgres_folder) as url:
        yield url
