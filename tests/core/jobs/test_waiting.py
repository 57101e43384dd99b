import threading
import time

import pytest

from core.jobs.job_world import World, platform_on
from pentaprism.core.errors import NotFound
from pentaprism.core.events.memory import MemoryBus
from pentaprism.core.jobs import waiting
from pentaprism.core.jobs.runner import Runner
from pentaprism.core.jobs.waiting import wait_for_end


@pytest.fixture
def listening(world, dispatch):
    """The same database with a bus that delivers."""
    events = MemoryBus()
    yield World(platform_on(world.database, dispatch, events), dispatch)
    events.close()


def test_the_wait_ends_with_the_job(listening, heart, monkeypatch):
    monkeypatch.setattr(waiting, "LOOK_EVERY", 60.0)
    job = listening.enqueue("dawdle", {"seconds": 0.2})
    thread = threading.Thread(target=Runner(listening.platform, "w", heart=heart).run_job, args=(job.id,))
    thread.start()
    began = time.monotonic()
    done = wait_for_end(listening.platform, job.id, 20.0)
    assert done.status == "completed"
    assert time.monotonic() - began < 15.0
    thread.join()


def test_a_job_that_has_ended_is_there_at_once(listening, heart):
    job = listening.enqueue("echo")
    Runner(listening.platform, "w", heart=heart).run_job(job.id)
    began = time.monotonic()
    assert wait_for_end(listening.platform, job.id, 20.0).status == "completed"
    assert time.monotonic() - began < 10.0


def test_a_job_that_goes_on_is_given_as_it_is(listening):
    job = listening.enqueue("echo")
    assert wait_for_end(listening.platform, job.id, 0.1).status == "queued"


def test_a_lost_event_only_delays(world, listening, heart, monkeypatch):
    monkeypatch.setattr(waiting, "LOOK_EVERY", 0.05)
    job = listening.enqueue("echo")
    timer = threading.Timer(0.1, Runner(world.platform, "w", heart=heart).run_job, args=(job.id,))
    timer.start()
    assert wait_for_end(listening.platform, job.id, 20.0).status == "completed"
    timer.join()


def test_waiting_for_nothing_is_refused(listening):
    with pytest.raises(NotFound):
        wait_for_end(listening.platform, "01890000-0000-7000-8000-000000000000", 1.0)
