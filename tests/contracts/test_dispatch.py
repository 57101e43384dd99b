"""What every dispatch does: rung jobs run, lost and doubled doorbells do no harm, cancelled jobs stop or are killed."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from celery_world import celery_serving
from core.jobs.job_world import FACE, World, serving
from pentaprism.core.clock import monotonic
from pentaprism.core.jobs.queue import NewJob
from pentaprism.core.jobs.tables import Job
from pentaprism.core.workers.rules import WorkerRules


def embedded(path: Path, request: pytest.FixtureRequest) -> AbstractContextManager[World]:
    return serving(path, WorkerRules(processes=2, grace_seconds=0.5))


def celery(path: Path, request: pytest.FixtureRequest) -> AbstractContextManager[World]:
    return celery_serving(request.getfixturevalue("jobs_url"), request.getfixturevalue("redis_here").url, path)


@pytest.fixture(scope="module", params=[embedded, celery])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with request.param(tmp_path_factory.mktemp("dispatch"), request) as world:
        yield world


def test_with_a_free_worker_a_job_runs_within_a_second(world):
    waits = []
    for number in range(5):
        job = world.enqueue("echo", {"value": number})
        done = world.ended(job.id)
        assert done.result["value"] == number
        waits.append((done.started_at - done.created_at).total_seconds())
    assert sorted(waits)[2] < 1.0


def test_a_doubled_doorbell_runs_a_job_once(world):
    job = world.enqueue("once", {"seconds": 0.1})
    for _ in range(20):
        world.dispatch.ring(job.id, job.queue, job.priority)
    done = world.ended(job.id)
    assert (done.status, done.attempt) == ("completed", 1)


def test_a_doorbell_for_nothing_does_nothing(world):
    world.dispatch.ring("01890000-0000-7000-8000-000000000000", "batch", 0)
    job = world.enqueue("echo")
    assert world.ended(job.id).status == "completed"


def test_a_row_without_a_doorbell_is_found(world):
    with world.database.write() as session:
        job = world.jobs.enqueue(session, "echo", account_id=world.account, face=FACE, request={})
        session.info.clear()
    assert world.ended(job.id).status == "completed"


def test_two_hundred_jobs_at_once_all_end_in_time(world):
    with world.database.write() as session:
        jobs = world.jobs.enqueue_many(session, [NewJob("echo", world.account, FACE, {"value": number}) for number in range(200)])

    def open_jobs():
        with world.database.read() as session:
            return session.query(Job).filter(Job.id.in_([job.id for job in jobs]), Job.status != "completed").count()

    world.wait_for(lambda: open_jobs() == 0, 90.0, "the last job")
    assert {world.job(job.id).attempt for job in jobs} == {1}


def test_a_checking_handler_stops_at_the_cancel_and_not_at_its_own_end(world):
    job = world.enqueue("dawdle")
    world.started(job.id)
    began = monotonic()
    assert world.cancel(job.id)
    assert world.job(job.id).status == "cancelled"
    world.wait_for(world.is_warm, 15.0, "the worker")
    assert monotonic() - began < 15.0
    assert world.job(job.id).status == "cancelled"


def test_a_hanging_handler_is_killed_after_the_grace_and_nothing_else_suffers(world):
    bystander = world.enqueue("dawdle", {"seconds": 2.5})
    job = world.enqueue("stuck")
    world.started(job.id)
    world.started(bystander.id)
    assert world.cancel(job.id)
    following = world.enqueue("echo")
    assert world.ended(following.id).status == "completed"
    assert world.job(job.id).status == "cancelled"
    done = world.ended(bystander.id)
    assert (done.status, done.attempt) == ("completed", 1)


def test_a_cancelled_waiting_job_does_not_run(world):
    with world.database.write() as session:
        world.jobs.pause(session, "batch")
    job = world.enqueue("echo")
    world.cancel(job.id)
    with world.database.write() as session:
        world.jobs.resume(session, "batch")
    assert world.ended(world.enqueue("echo").id).status == "completed"
    assert (world.job(job.id).status, world.job(job.id).attempt) == ("cancelled", 0)


def test_a_delayed_job_runs_when_it_is_due(world):
    job = world.enqueue("flaky", {"until": 3})
    done = world.ended(job.id)
    assert (done.status, done.attempt) == ("completed", 3)
    assert (done.started_at - done.created_at).total_seconds() < 10.0
