import random
import time
from datetime import timedelta

import psutil
import pytest

from core.jobs.job_world import FACE, World, database_at, platform_on, serving
from pentaprism.core.clock import monotonic
from pentaprism.core.events.memory import MemoryBus
from pentaprism.core.jobs.queue import NewJob
from pentaprism.core.jobs.tables import SharedState, Worker
from pentaprism.core.workers import pool as pool_module
from pentaprism.core.workers.pool import WorkerPool
from pentaprism.core.workers.rules import WorkerRules


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    rules = WorkerRules(processes=2, grace_seconds=1.0, memory_mb=300)
    with serving(tmp_path_factory.mktemp("pool"), rules) as world:
        yield world


@pytest.mark.parametrize("how", ["exit", "kill", "segfault"])
def test_a_crash_fails_its_own_job_and_nothing_else(world, how):
    bystander = world.enqueue("dawdle", {"seconds": 1.5})
    world.started(bystander.id)
    job = world.enqueue("die", {"how": how})
    failed = world.ended(job.id)
    assert (failed.status, failed.error_code) == ("failed", "WORKER_LOST")
    assert world.ended(world.enqueue("echo").id).status == "completed"
    done = world.ended(bystander.id)
    assert (done.status, done.attempt) == ("completed", 1)


@pytest.mark.parametrize("how", ["exit", "kill", "segfault"])
def test_a_crash_leaves_the_job_its_further_attempts(world, how):
    done = world.ended(world.enqueue("die_once", {"how": how}).id)
    assert (done.status, done.attempt, done.result) == ("completed", 2, {"attempt": 2})


def test_a_worker_over_its_memory_limit_is_replaced_and_its_job_failed_for_good(world):
    before = {row["pid"] for row in world.pool.describe()}
    bystander = world.enqueue("dawdle", {"seconds": 1.0})
    failed = world.ended(world.enqueue("eat_memory").id)
    assert (failed.status, failed.error_code, failed.attempt) == ("failed", "MEMORY_LIMIT", 1)
    assert world.ended(bystander.id).status == "completed"
    world.wait_for(world.is_warm)
    assert len(before & {row["pid"] for row in world.pool.describe()}) == 1


def test_a_hanging_job_is_killed_at_its_time_limit(world):
    job = world.enqueue("stuck", time_limit=1)
    started = world.started(job.id).started_at
    failed = world.ended(job.id)
    assert (failed.status, failed.error_code, failed.attempt) == ("failed", "TIMEOUT", 1)
    assert 1.0 <= (failed.finished_at - started).total_seconds() < 20.0


def test_events_of_workers_reach_the_server_in_order(world):
    heard = []
    subscription = world.platform.events.subscribe([f"face:{FACE}"], heard.append)
    jobs = [world.enqueue("chatty", {"lines": 1, "percents": [10, 50, 90], "rest": 0.3}) for _ in range(3)]
    for one in jobs:
        world.ended(one.id)
        world.wait_for(lambda one=one: [e for e in heard if e.data["id"] == one.id and e.data["status"] == "completed"])
    subscription.close()
    for one in jobs:
        mine = [event for event in heard if event.data["id"] == one.id]
        revisions = [event.revision for event in mine]
        progress = [event.data["progress"] for event in mine]
        assert revisions == sorted(set(revisions))
        assert progress == sorted(progress)
        assert 90.0 in progress
        assert [mine[0].data["status"], mine[-1].data["status"]] == ["queued", "completed"]


def test_log_lines_and_the_last_message_are_stored(world):
    done = world.ended(world.enqueue("chatty", {"lines": 20, "percents": [1, 2, 3]}).id)
    with world.database.read() as session:
        assert len(world.jobs.logs(session, done.id)) == 20
    assert done.message == "at 3"


def test_workers_stay_warm(world):
    pids = set()
    for _ in range(20):
        done = world.ended(world.enqueue("once", {"seconds": 0}).id)
        pids.add(done.result["by"])
    assert len(pids) <= 2
    assert pids <= {row["pid"] for row in world.pool.describe()}


def test_accounts_take_turns_at_the_workers(world):
    busy, other = world.account, world.add_account()
    with world.database.write() as session:
        world.jobs.pause(session, "batch")
        many = world.jobs.enqueue_many(session, [NewJob("once", busy, FACE, {"seconds": 0.05}) for _ in range(30)])
    late = world.enqueue("echo", account_id=other)
    with world.database.write() as session:
        world.jobs.resume(session, "batch")
    done = world.ended(late.id)
    world.ended(many[-1].id)
    assert sum(world.job(job.id).started_at < done.started_at for job in many) <= 4


def test_a_burst_uses_every_worker(world):
    with world.database.write() as session:
        jobs = world.jobs.enqueue_many(session, [NewJob("once", world.account, FACE, {"seconds": 0.1}) for _ in range(10)])
    done = [world.ended(job.id) for job in jobs]
    assert len({job.result["by"] for job in done}) == 2


def test_workers_show_in_the_database_while_they_live(world):
    world.wait_for(world.is_warm)
    with world.database.read() as session:
        alive = {row.pid for row in session.query(Worker)}
    assert {row["pid"] for row in world.pool.describe()} <= alive


def test_the_reserved_worker_keeps_the_interactive_queue_quick(tmp_path):
    with serving(tmp_path, WorkerRules(processes=1, reserved=1, grace_seconds=0.3)) as world:
        slow = world.enqueue("dawdle")
        world.started(slow.id)
        quick = world.ended(world.enqueue("quick").id)
        assert quick.status == "completed"
        assert world.job(slow.id).status == "running"


def test_stopping_hands_jobs_back_uncounted_and_a_new_pool_finishes_them(tmp_path):
    with serving(tmp_path, WorkerRules(processes=2, grace_seconds=1.0)) as world:
        gentle, hanging = world.enqueue("dawdle", {"seconds": 0.8}), world.enqueue("stuck", max_attempts=1)
        account = world.account
        world.started(gentle.id)
        world.started(hanging.id)
        began = monotonic()
        world.pool.stop()
        assert monotonic() - began < 20.0
        assert [(world.job(job.id).status, world.job(job.id).attempt) for job in (gentle, hanging)] == [("queued", 0)] * 2
        with world.database.read() as session:
            assert session.query(Worker).count() <= 1
        world.cancel(hanging.id)
    with serving(tmp_path, WorkerRules(processes=1)) as world:
        assert account
        done = world.ended(gentle.id)
        assert (done.status, done.attempt) == ("completed", 1)


def test_workers_that_cannot_start_are_tried_again_ever_more_slowly(tmp_path, caplog):
    pool = WorkerPool(WorkerRules(processes=1), "core.jobs.job_world:nothing_of_this_name", "{}")
    world = World(platform_on(database_at(tmp_path), pool, MemoryBus()), pool, pool)
    pool.start(world.platform)
    world.wait_for(lambda: caplog.text.count("before it was ready") >= 2, 60.0)
    began = time.monotonic()
    pool.stop()
    assert time.monotonic() - began < 20.0
    assert "the next starts in 1.0 s" in caplog.text
    assert "the next starts in 2.0 s" in caplog.text


def test_a_worker_that_computes_without_a_pause_keeps_its_lease(tmp_path, monkeypatch):
    monkeypatch.setattr(pool_module, "LATE_BEAT_SECONDS", 0.4)
    with serving(tmp_path, WorkerRules(processes=1, grace_seconds=0.2)) as world:
        busy = world.enqueue("grind")
        world.started(busy.id)
        first = world.job(busy.id).lease_until
        world.wait(busy.id, lambda job: job.lease_until > first + timedelta(seconds=1), 10.0)
        world.cancel(busy.id)
        assert world.ended(world.enqueue("echo").id).status == "completed"


def test_a_worker_that_sleeps_without_a_beat_does_not_keep_its_lease(tmp_path, monkeypatch):
    monkeypatch.setattr(pool_module, "LATE_BEAT_SECONDS", 0.4)
    with serving(tmp_path, WorkerRules(processes=1, grace_seconds=0.2)) as world:
        silent = world.enqueue("stuck")
        lease = world.started(silent.id).lease_until
        time.sleep(2.0)
        assert world.job(silent.id).lease_until == lease
        world.cancel(silent.id)


def test_no_effect_is_lost_or_doubled_by_random_kills(tmp_path):
    generator = random.Random(5)
    with serving(tmp_path, WorkerRules(processes=2)) as world:
        with world.database.write() as session:
            jobs = world.jobs.enqueue_many(session, [NewJob("once", world.account, FACE, {"seconds": 0.02}) for _ in range(60)])
        for _ in range(6):
            time.sleep(generator.uniform(0.1, 0.4))
            alive = [row["pid"] for row in world.pool.describe() if row["ready"]]
            if alive:
                psutil.Process(generator.choice(alive)).kill()
        done = [world.ended(job.id, 60.0) for job in jobs]
        assert {job.status for job in done} == {"completed"}
        with world.database.read() as session:
            effects = session.query(SharedState).filter(SharedState.name.startswith("effect:")).count()
    assert effects == len(jobs)
