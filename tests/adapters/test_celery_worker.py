"""What a Celery worker does beyond the contract of the dispatch: limits, deaths, its own end."""

import os
import signal
import time
from collections.abc import Iterator

import psutil
import pytest

from celery_world import celery_serving, start_worker
from contracts.conftest import jobs_database
from core.jobs.job_world import FACE, World
from pentaprism.core.jobs.queue import NewJob
from pentaprism.core.jobs.tables import Job
from redis_server import redis_server

NEVER_JOINED = "import time, billiard.pool; billiard.pool.Pool.join = lambda pool: time.sleep(600)"
"""A pool that is waited for in vain."""


@pytest.fixture(scope="module")
def world(jobs_url, redis_here, tmp_path_factory) -> Iterator[World]:
    with celery_serving(jobs_url, redis_here.url, tmp_path_factory.mktemp("celery")) as world:
        yield world


@pytest.fixture
def own_url(postgres_folder) -> Iterator[str]:
    """A database where no other test's worker looks for jobs."""
    with jobs_database(postgres_folder) as url:
        yield url


def runner_of(world: World, job_id: str) -> int:
    """The process that runs the job."""
    return int(world.started(job_id).lease_owner.split(":")[1])


def test_a_handler_that_checks_is_told_of_its_time_limit(world):
    job = world.enqueue("dawdle", max_attempts=1, time_limit=2)
    done = world.ended(job.id)
    assert (done.status, done.error_code) == ("failed", "TIMEOUT")


def test_a_handler_that_hangs_is_killed_at_its_time_limit_and_not_tried_again(world):
    began = time.monotonic()
    job = world.enqueue("stuck", time_limit=2)
    done = world.ended(job.id)
    assert (done.status, done.error_code, done.attempt) == ("failed", "TIMEOUT", 1)
    assert time.monotonic() - began < 20.0
    assert world.ended(world.enqueue("echo").id).status == "completed"


def test_a_kind_may_be_tried_again_after_its_time_limit(world):
    done = world.ended(world.enqueue("dawdle_once_timed").id)
    assert (done.status, done.attempt) == ("completed", 2)


def test_the_job_of_a_killed_process_runs_again(world):
    job = world.enqueue("once", {"seconds": 2.0})
    os.kill(runner_of(world, job.id), signal.SIGKILL)
    done = world.ended(job.id)
    assert (done.status, done.attempt) == ("completed", 2)


def test_a_job_that_eats_memory_is_killed_for_it(world):
    done = world.ended(world.enqueue("eat_memory").id)
    assert (done.status, done.error_code, done.attempt) == ("failed", "MEMORY_LIMIT", 1)


def test_accounts_take_turns(world):
    with world.database.write() as session:
        world.jobs.pause(session, "batch")
    other = world.add_account()
    with world.database.write() as session:
        many = world.jobs.enqueue_many(session, [NewJob("dawdle", world.account, FACE, {"seconds": 0.05}) for _ in range(30)])
        one = world.jobs.enqueue(session, "echo", account_id=other, face=FACE, request={})
    with world.database.write() as session:
        world.jobs.resume(session, "batch")
    done = world.ended(one.id)
    world.ended(many[-1].id)
    with world.database.read() as session:
        before = session.query(Job).filter(Job.id.in_([job.id for job in many]), Job.started_at < done.started_at).count()
    assert before <= 4


def test_jobs_held_back_by_a_limit_follow_one_another_without_the_sweeper(world):
    began = time.monotonic()
    with world.database.write() as session:
        jobs = world.jobs.enqueue_many(session, [NewJob("serial", world.account, FACE, {}, subject="one") for _ in range(6)])
    assert {world.ended(job.id).status for job in jobs} == {"completed"}
    assert time.monotonic() - began < 20.0


def test_stopping_hands_running_jobs_back_uncounted(own_url, tmp_path):
    with redis_server(tmp_path) as redis, celery_serving(own_url, redis.url, tmp_path, processes=1) as world:
        job = world.enqueue("dawdle", {"seconds": 3.0})
        pid = runner_of(world, job.id)
        parent = psutil.Process(pid).parent()
        parent.terminate()
        parent.wait(60)
        handed = world.job(job.id)
        assert (handed.status, handed.attempt) == ("queued", 0)
        second = start_worker(own_url, redis.url, tmp_path / "second.log", 1)
        try:
            done = world.ended(job.id, 60.0)
            assert (done.status, done.attempt) == ("completed", 1)
            hanging = world.enqueue("stuck")
            world.started(hanging.id)
        finally:
            second.terminate()
            second.wait(60)
        assert (world.job(hanging.id).status, world.job(hanging.id).attempt) == ("queued", 0)


def test_a_worker_whose_pool_does_not_close_ends_all_the_same(own_url, tmp_path):
    with redis_server(tmp_path) as redis, celery_serving(own_url, redis.url, tmp_path, processes=1, before=NEVER_JOINED) as world:
        parent = psutil.Process(runner_of(world, world.enqueue("stuck").id)).parent()
        family = [parent, *parent.children()]
        parent.terminate()
        _, alive = psutil.wait_procs(family, timeout=60)
        assert alive == []
        log = (tmp_path / "worker.log").read_text()
        assert "did not close within 10 s" in log


def test_a_doorbell_waits_for_a_broker_that_is_away_and_the_request_does_not(own_url, tmp_path):
    with redis_server(tmp_path) as redis, celery_serving(own_url, redis.url, tmp_path, processes=1) as world:
        redis.stop()
        began = time.monotonic()
        job = world.enqueue("echo", {"value": 7})
        assert time.monotonic() - began < 5.0
        redis.start()
        assert world.ended(job.id, 30.0).result["value"] == 7


def test_jobs_of_a_flushed_broker_are_rung_again(own_url, tmp_path):
    with redis_server(tmp_path) as redis, celery_serving(own_url, redis.url, tmp_path, processes=1) as world:
        busy = world.enqueue("dawdle", {"seconds": 1.0})
        world.started(busy.id)
        waiting = world.enqueue("echo")
        redis.flush()
        with world.database.write() as session:
            session.query(Job).filter(Job.id == waiting.id).update({"rung_at": None})
        assert world.ended(waiting.id, 30.0).status == "completed"
