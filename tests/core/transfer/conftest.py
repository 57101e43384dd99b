"""Empty installations of both kinds on real servers."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from contracts import conftest as contract_fixtures
from pentaprism.adapters.s3_store import ObjectStore
from pentaprism.core.blobs.local import LocalStore
from pentaprism.core.database.engine import Database
from s3_server import new_bucket
from transfer_world import Place

postgres_folder = contract_fixtures.postgres_folder
s3_here = contract_fixtures.s3_here

NewPlace = Callable[[str], Place]


@pytest.fixture
def new_place(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[NewPlace]:
    """Makes an empty installation: ``embedded`` is SQLite and local files, ``production`` PostgreSQL and S3."""
    places: list[Place] = []

    def make(kind: str) -> Place:
        folder = tmp_path / f"place-{len(places)}"
        folder.mkdir()
        if kind == "embedded":
            place = Place(Database(f"sqlite:///{folder}/pentaprism.sqlite3"), LocalStore(folder / "blobs"), folder)
        else:
            server = request.getfixturevalue("postgres_folder")
            name = f"transfer_{uuid.uuid4().hex}"
            with psycopg.connect(f"host={server} user=tester dbname=postgres", autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            bucket = new_bucket(request.getfixturevalue("s3_here"))
            place = Place(Database(f"postgresql://tester@/{name}?host={server}"), ObjectStore.from_url(bucket, folder / "cache"), folder)
        places.append(place)
        return place

    yield make
    for place in places:
        place.database.dispose()


@pytest.fixture(params=["embedded", "production"])
def source(request: pytest.FixtureRequest, new_place: NewPlace) -> Place:
    """A filled installation of either kind."""
    place = new_place(request.param)
    place.fill()
    return place


@pytest.fixture(params=["embedded", "production"])
def target(request: pytest.FixtureRequest, new_place: NewPlace) -> Place:
    """An empty installation of either kind."""
    return new_place(request.param)
