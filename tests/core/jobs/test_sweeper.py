import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import update

from core.jobs.job_world import FACE
from pentaprism.core.clock import now
from pentaprism.core.jobs.queue import NewJob
from pentaprism.core.jobs.sweeper import Sweeper
from pentaprism.core.jobs.tables import Job, JobLog, Worker
from pentaprism.core.workers.identity import worker_name


@pytest.fixture
def sweeper(world):
    return Sweeper(world.platform)


def taken(world, job, worker):
    with world.database.write() as session:
        assert world.jobs.claims.one(session, job.id, worker) is not None


def change(world, job, **values):
    with world.database.write() as session:
        session.execute(update(Job).where(Job.id == job.id).values(**values))


def name_of_a_dead_process() -> str:
    code = "from pentaprism.core.workers.identity import worker_name; print(worker_name())"
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_the_job_of_a_dead_process_is_taken_back_at_once(world, sweeper):
    lost, kept = world.enqueue("echo"), world.enqueue("echo")
    taken(world, lost, name_of_a_dead_process())
    taken(world, kept, worker_name())
    assert sweeper.take_back() == 1
    assert (world.job(lost.id).status, world.job(lost.id).error_code) == ("retrying", "WORKER_LOST")
    assert world.job(lost.id).run_after is None
    assert world.job(kept.id).status == "running"


def test_a_silent_worker_of_another_host_loses_its_lease_when_it_is_over(world, sweeper):
    job = world.enqueue("echo")
    taken(world, job, "elsewhere:1:1:a")
    assert sweeper.take_back() == 0
    change(world, job, lease_until=now() - timedelta(seconds=1))
    assert sweeper.take_back() == 1
    assert world.job(job.id).status == "retrying"


def test_a_job_that_loses_every_worker_fails_in_the_end(world, sweeper):
    job = world.enqueue("echo", max_attempts=2)
    for _ in range(2):
        taken(world, job, "elsewhere:1:1:a")
        change(world, job, lease_until=now() - timedelta(seconds=1))
        sweeper.sweep()
    assert (world.job(job.id).status, world.job(job.id).error_code, world.job(job.id).attempt) == ("failed", "WORKER_LOST", 2)


def test_an_hour_in_the_queue_is_no_fault(world, sweeper, dispatch):
    job = world.enqueue("echo")
    change(world, job, created_at=now() - timedelta(hours=1), rung_at=now() - timedelta(hours=1))
    dispatch.rung.clear()
    sweeper.sweep()
    assert (world.job(job.id).status, world.job(job.id).attempt) == ("queued", 0)
    assert dispatch.rung == [job.id]
    sweeper.sweep()
    assert dispatch.rung == [job.id]


def test_the_bell_is_not_rung_for_what_is_not_due(world, sweeper, dispatch):
    with world.database.write() as session:
        children = [NewJob("echo", world.account, FACE) for _ in range(3)]
        world.jobs.batch(session, "group", children, account_id=world.account, face=FACE, children_at_once=1)
    later = world.enqueue("echo", run_after=now() + timedelta(hours=1))
    with world.database.write() as session:
        session.execute(update(Job).values(rung_at=None))
    dispatch.rung.clear()
    assert sweeper.ring() == 1
    assert later.id not in dispatch.rung


def test_ended_jobs_go_when_their_time_is_over_with_all_they_had(world, runner, sweeper):
    over, young = world.enqueue("short_lived"), world.enqueue("echo")
    with world.database.write() as session:
        world.jobs.log(session, over.id, "a line")
    runner.run_waiting(["batch"])
    active = world.enqueue("echo")
    change(world, active, expires_at=now() - timedelta(days=1))
    assert sweeper.expire() == 1
    assert {job.id for job in world.all_jobs()} == {young.id, active.id}
    with world.database.read() as session:
        assert session.query(JobLog).count() == 0


def test_more_jobs_than_fit_one_transaction_expire_in_one_sweep(world, sweeper):
    with world.database.write() as session:
        world.jobs.enqueue_many(session, [NewJob("echo", world.account, FACE) for _ in range(1203)])
        session.execute(update(Job).values(status="completed", expires_at=now() - timedelta(seconds=1)))
    assert sweeper.expire() == 1203
    assert world.all_jobs() == []


def test_a_long_wait_raises_the_priority_where_the_kind_says_so(world, sweeper):
    old, young, plain = world.enqueue("aged"), world.enqueue("aged"), world.enqueue("echo")
    for job in (old, plain):
        change(world, job, created_at=now() - timedelta(minutes=11))
    sweeper.age()
    assert [world.job(job.id).priority for job in (old, young, plain)] == [9, 0, 0]


def test_rows_of_dead_and_silent_workers_are_dropped(world, sweeper):
    alive, silent = worker_name(), "elsewhere:1:1:a"
    with world.database.write() as session:
        for name in (alive, silent, name_of_a_dead_process()):
            session.add(Worker(id=name, host="x", pid=1, queues=["batch"]))
        session.flush()
        session.get(Worker, silent).heartbeat_at = now() - timedelta(minutes=2)
    sweeper.forget_workers()
    with world.database.read() as session:
        assert [worker.id for worker in session.query(Worker)] == [alive]
