"""A platform without worker processes, whose jobs the test runs itself."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from core.database import conftest as database_fixtures
from core.jobs.job_world import SilentDispatch, World, database_at, platform_on
from pentaprism.core.database.engine import Database
from pentaprism.core.database.tables import Base
from pentaprism.core.events.event import Event
from pentaprism.core.jobs.heart import Heart
from pentaprism.core.jobs.runner import Runner
from pentaprism.core.workers.identity import worker_name

postgres_folder = database_fixtures.postgres_folder


class RecordingBus:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def publish(self, events):
        self.events.extend(events)

    def subscribe(self, topics, listener):
        raise AssertionError("nobody listens here")

    def close(self) -> None:
        return None

    def of(self, job_id: str) -> list[Event]:
        return [event for event in self.events if event.topic == f"job:{job_id}"]


@pytest.fixture
def bus() -> RecordingBus:
    return RecordingBus()


@pytest.fixture
def dispatch() -> SilentDispatch:
    return SilentDispatch()


@pytest.fixture(scope="session")
def template(postgres_folder: Path) -> str:
    """Name of a PostgreSQL database with all tables, to be copied."""
    with psycopg.connect(f"host={postgres_folder} user=tester dbname=postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE jobs_template")
    database = Database(f"postgresql://tester@/jobs_template?host={postgres_folder}")
    Base.metadata.create_all(database.engine)
    database.dispose()
    return "jobs_template"


@pytest.fixture
def on_postgres(postgres_folder: Path, template: str) -> Iterator[Database]:
    name = f"jobs_{uuid.uuid4().hex}"
    with psycopg.connect(f"host={postgres_folder} user=tester dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        database = Database(f"postgresql://tester@/{name}?host={postgres_folder}")
        yield database
        database.dispose()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Database]:
    database = database_at(tmp_path)
    yield database
    database.dispose()


@pytest.fixture(params=["on_sqlite", "on_postgres"])
def world(request: pytest.FixtureRequest, bus: RecordingBus, dispatch: SilentDispatch) -> World:
    """A platform on either kind of database."""
    database: Database = request.getfixturevalue(request.param)
    return World(platform_on(database, dispatch, bus), dispatch)


@pytest.fixture
def heart() -> Iterator[Heart]:
    heart = Heart(interval=0.2)
    yield heart
    heart.stop()


@pytest.fixture
def runner(world: World, heart: Heart) -> Runner:
    return Runner(world.platform, worker_name(), heart=heart)
