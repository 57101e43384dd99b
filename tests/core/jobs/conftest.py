"""A platform without worker processes, whose jobs the test runs itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.jobs.job_world import SilentDispatch, World, database_at, platform_on
from pentaprism.core.events.event import Event
from pentaprism.core.jobs.heart import Heart
from pentaprism.core.jobs.runner import Runner
from pentaprism.core.workers.identity import worker_name


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


@pytest.fixture
def world(tmp_path: Path, bus: RecordingBus, dispatch: SilentDispatch) -> Iterator[World]:
    database = database_at(tmp_path)
    yield World(platform_on(database, dispatch, bus), dispatch)
    database.dispose()


@pytest.fixture
def heart() -> Iterator[Heart]:
    heart = Heart(interval=0.2)
    yield heart
    heart.stop()


@pytest.fixture
def runner(world: World, heart: Heart) -> Runner:
    return Runner(world.platform, worker_name(), heart=heart)
