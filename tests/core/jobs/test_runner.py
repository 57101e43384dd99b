import threading
import time
from datetime import datetime, timedelta

import pytest
from pydantic import BaseModel
from sqlalchemy.exc import OperationalError

from core.jobs.job_world import World
from pentaprism.core.clock import now
from pentaprism.core.errors import LeaseLost, NotFound, StorageFull, TransientFault
from pentaprism.core.jobs.context import JobContext
from pentaprism.core.jobs.kinds import JobKind
from pentaprism.core.jobs.runner import Runner, judge, load_handler, run_job
from pentaprism.core.jobs.tables import Job, SharedState


def due(world: World, job_id: str, moment: datetime | None = None) -> None:
    """Let the wait before the next attempt be over, or end at a moment."""
    with world.database.write() as session:
        session.get(Job, job_id).run_after = moment


def state(world: World, name: str):
    with world.database.read() as session:
        found = session.get(SharedState, name)
    return found.value if found else None


def test_a_job_runs_and_keeps_its_result_as_json(world, runner, bus):
    job = world.enqueue("echo", {"value": 5})
    assert runner.run_waiting(["batch"]) == 1
    done = world.job(job.id)
    assert (done.status, done.progress, done.attempt, done.result) == ("completed", 100.0, 1, {"value": 5, "at": "2026-01-01T00:00:00Z"})
    assert done.created_at <= done.started_at <= done.finished_at
    assert done.expires_at - done.finished_at == timedelta(days=7)
    assert (done.lease_owner, done.lease_until) == (None, None)
    assert [event.data["status"] for event in bus.of(job.id)] == ["queued", "running", "completed"]
    revisions = [event.revision for event in bus.of(job.id)]
    assert revisions == sorted(set(revisions))
    assert revisions[-1] == done.revision


def test_a_doubled_message_runs_a_job_once(world):
    job = world.enqueue("once")
    threads = [threading.Thread(target=run_job, args=(world.platform, job.id, f"other:{number}")) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run_job(world.platform, job.id, "late")
    assert (world.job(job.id).status, world.job(job.id).attempt) == ("completed", 1)
    assert state(world, f"effect:{job.id}") == {"attempt": 1}


def test_a_passing_fault_is_tried_again_after_the_wait_of_its_kind(world, runner, bus, dispatch):
    job = world.enqueue("flaky", {"until": 3})
    waits = []
    for _ in range(2):
        runner.run_waiting(["batch"])
        stored = world.job(job.id)
        assert (stored.status, stored.error_code, stored.error_message) == ("retrying", "TRANSIENT_FAULT", "The source is busy.")
        waits.append((stored.run_after - stored.updated_at).total_seconds())
        due(world, job.id, now() + timedelta(minutes=1))
        assert runner.run_waiting(["batch"]) == 0
        due(world, job.id)
    assert waits == pytest.approx([0.1, 0.3], abs=0.02)
    runner.run_waiting(["batch"])
    done = world.job(job.id)
    assert (done.status, done.attempt, done.result, done.error_code) == ("completed", 3, {"attempt": 3}, None)
    statuses = [event.data["status"] for event in bus.of(job.id)]
    assert statuses == ["queued", "running", "retrying", "running", "retrying", "running", "completed"]
    assert dispatch.rung.count(job.id) == 3


def test_a_passing_fault_fails_the_job_after_the_last_attempt(world, runner):
    job = world.enqueue("flaky", {"until": 99}, max_attempts=2)
    for _ in range(3):
        runner.run_waiting(["batch"])
        if world.job(job.id).status == "retrying":
            due(world, job.id)
    failed = world.job(job.id)
    assert (failed.status, failed.attempt, failed.error_code) == ("failed", 2, "TRANSIENT_FAULT")
    assert failed.finished_at is not None


def test_a_fault_of_the_platform_fails_at_once_with_its_own_words(world, runner):
    job = world.enqueue("refused")
    runner.run_waiting(["batch"])
    failed = world.job(job.id)
    assert (failed.status, failed.attempt, failed.error_code, failed.error_message) == (
        "failed",
        1,
        "UNPROCESSABLE",
        "The picture has no pixels.",
    )
    assert state(world, f"end:{job.id}") == {"status": "failed", "code": "UNPROCESSABLE"}


def test_an_unexpected_exception_shows_no_internals_but_is_logged(world, runner, caplog):
    job = world.enqueue("broken")
    runner.run_waiting(["batch"])
    failed = world.job(job.id)
    assert (failed.status, failed.attempt, failed.error_code) == ("failed", 1, "INTERNAL_ERROR")
    assert "/home" not in failed.error_message
    assert "secret path" in caplog.text


def test_faces_hear_of_retries(world, runner):
    job = world.enqueue("refused", {"again": True})
    runner.run_waiting(["batch"])
    assert state(world, f"retry:{job.id}") == {"seconds": 2.0}
    assert state(world, f"end:{job.id}") is None


def test_storage_faults_are_tried_again(world, runner):
    job = world.enqueue("blocked_storage")
    runner.run_waiting(["batch"])
    assert world.job(job.id).result == {"attempt": 2}


def test_a_request_that_does_not_fit_the_handler_fails_the_job(world, runner):
    job = world.enqueue("echo", {"value": "many"})
    runner.run_waiting(["batch"])
    assert (world.job(job.id).status, world.job(job.id).error_code) == ("failed", "INVALID_INPUT")


@pytest.mark.parametrize(
    ("error", "code", "again"),
    [
        (TransientFault("busy"), "TRANSIENT_FAULT", True),
        (StorageFull(), "STORAGE_FULL", True),
        (NotFound(), "NOT_FOUND", False),
        (OperationalError("SELECT 1", {}, Exception("database is locked")), "STORAGE_ERROR", True),
        (ConnectionRefusedError(111, "refused"), "STORAGE_ERROR", True),
        (FileNotFoundError(2, "gone"), "INTERNAL_ERROR", False),
        (MemoryError(), "MEMORY_LIMIT", False),
        (ZeroDivisionError(), "INTERNAL_ERROR", False),
    ],
)
def test_what_is_worth_another_attempt(error, code, again):
    fault = judge(error, JobKind("x", "x:x"))
    assert (fault.code, fault.again) == (code, again)


def test_a_busy_source_may_ask_for_a_longer_wait_within_bounds():
    kind = JobKind("x", "x:x", backoff=(2.0, 8.0))
    assert [kind.wait_after(1), kind.wait_after(2), kind.wait_after(5)] == [2.0, 8.0, 8.0]
    assert [kind.wait_after(1, 30.0), kind.wait_after(1, 1.0), kind.wait_after(1, 3600.0)] == [30.0, 2.0, 60.0]
    assert judge(TransientFault(retry_after=30.0), kind).wait == 30.0


def test_the_request_model_is_the_annotation_of_the_second_parameter():
    _, model = load_handler("core.jobs.job_handlers:echo")
    assert issubclass(model, BaseModel)
    assert load_handler("core.jobs.job_handlers:quick")[1] is None


LATE_WRITES = {
    "report": lambda context: context.report(99.0, "too late"),
    "log": lambda context: context.log("too late"),
    "renew": lambda context: context.renew(),
    "plan": lambda context: context.plan(["x"]),
    "step": lambda context: context.step("x").__enter__(),
    "transaction": lambda context: context.transaction().__enter__(),
    "completing": lambda context: context.completing({"by": "the slow one"}).__enter__(),
}


@pytest.mark.parametrize("write", LATE_WRITES)
def test_a_worker_that_lost_its_lease_can_overwrite_nothing(world, heart, write):
    job = world.enqueue("once")
    with world.database.write() as session:
        claim = world.jobs.claims.one(session, job.id, "slow")
    stale = JobContext(world.platform, claim, heart)
    with world.database.write() as session:
        assert world.jobs.worker_lost(session, "slow", "WORKER_LOST", "gone", again=True) == [job.id]
    Runner(world.platform, "quick", heart=heart).run_job(job.id)
    done = world.job(job.id)
    with pytest.raises(LeaseLost):
        LATE_WRITES[write](stale)
    with pytest.raises(LeaseLost):
        stale.check()
    after = world.job(job.id)
    assert (after.result, after.attempt, after.revision, after.message) == (done.result, 2, done.revision, None)
    with world.database.read() as session:
        assert world.jobs.logs(session, job.id) == world.jobs.steps(session, job.id) == []


def test_two_runs_of_one_job_with_an_expired_lease_have_one_effect(world):
    job = world.enqueue("once", {"seconds": 0.5})
    first = threading.Thread(target=run_job, args=(world.platform, job.id, "first"))
    first.start()
    world.started(job.id)
    with world.database.write() as session:
        world.jobs.worker_lost(session, "first", "WORKER_LOST", "gone", again=True)
    run_job(world.platform, job.id, "second")
    first.join()
    done = world.job(job.id)
    assert (done.status, done.attempt) == ("completed", 2)
    assert state(world, f"effect:{job.id}") == {"attempt": 2}


def test_a_handler_past_its_time_limit_stops_at_its_next_check(world, runner):
    job = world.enqueue("dawdle", time_limit=1)
    started = time.monotonic()
    runner.run_waiting(["batch"])
    assert 1.0 <= time.monotonic() - started < 15.0
    failed = world.job(job.id)
    assert (failed.status, failed.error_code, failed.error_message) == ("failed", "TIMEOUT", "The job ran longer than 1 s.")


def test_running_past_the_limit_is_tried_again_where_the_kind_says_so(world, runner):
    job = world.enqueue("dawdle_once_timed")
    runner.run_waiting(["batch"])
    assert world.job(job.id).result == {"attempt": 2}


def test_a_stopping_runner_hands_its_job_back_uncounted(world, runner):
    job = world.enqueue("dawdle")
    following = world.enqueue("echo")
    thread = threading.Thread(target=runner.run_waiting, args=(["batch"],))
    thread.start()
    world.started(job.id)
    runner.stop()
    thread.join(30)
    back = world.job(job.id)
    assert (back.status, back.attempt, back.lease_owner, back.error_code) == ("queued", 0, None, None)
    assert world.job(following.id).status == "queued"


def test_the_next_job_is_taken_in_the_commit_that_ends_the_one_before(world, heart):
    from sqlalchemy import event

    jobs = [world.enqueue("echo") for _ in range(5)]
    commits = []
    event.listen(world.database.engine, "commit", lambda _: commits.append(1))
    assert Runner(world.platform, "w", heart=heart).run_waiting(["batch"]) == len(jobs)
    assert len(commits) == len(jobs) + 1


def test_an_attempt_starts_from_zero_unless_its_kind_keeps_the_progress(world, runner):
    job = world.enqueue("steady")
    runner.run_waiting(["batch"])
    assert world.job(job.id).result == {"before": 60.0}
    other = world.enqueue("planned")
    runner.run_waiting(["batch"])
    assert world.job(other.id).attempt == 2
