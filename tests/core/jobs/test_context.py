import threading
import time
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentaprism.core.clock import now
from pentaprism.core.errors import JobCancelled
from pentaprism.core.jobs.claims import Claim
from pentaprism.core.jobs.context import JobContext
from pentaprism.core.jobs.runner import Runner
from pentaprism.core.jobs.tables import SharedState


@pytest.fixture
def context(world, heart):
    """A running job in the test's own hands."""
    job = world.enqueue("echo", subject="image:1")
    with world.database.write() as session:
        claim = world.jobs.claims.one(session, job.id, "w")
    context = JobContext(world.platform, claim, heart)
    with heart.keep(context):
        yield context


def steps_of(world, job_id):
    with world.database.read() as session:
        return world.jobs.steps(session, job_id)


def in_background(world, heart, job):
    thread = threading.Thread(target=Runner(world.platform, "w", heart=heart).run_job, args=(job.id,))
    thread.start()
    return thread


def test_cancelling_a_running_job_keeps_finished_steps(world, heart):
    job = world.enqueue("staged")
    thread = in_background(world, heart, job)
    world.wait(job.id, lambda row: row.step == "predict")
    assert world.cancel(job.id)
    assert world.job(job.id).status == "cancelled"
    thread.join(15)
    assert not thread.is_alive()
    decode, predict = steps_of(world, job.id)
    assert (decode.name, decode.status, decode.result) == ("decode", "completed", {"width": 7})
    assert decode.duration_ms is not None
    assert (predict.name, predict.status) == ("predict", "skipped")
    cancelled = world.job(job.id)
    assert (cancelled.status, cancelled.progress, cancelled.error_code, cancelled.result) == ("cancelled", 40.0, "CANCELLED", None)


def test_a_cancelled_job_refuses_its_worker_everything(world, context):
    world.cancel(context.id)
    with pytest.raises(JobCancelled), context.completing({}) as session:
        session.add(SharedState(name="effect", value={}))
    with pytest.raises(JobCancelled):
        context.check()
    with pytest.raises(JobCancelled):
        context.progress(0.5)
    with world.database.read() as session:
        assert session.get(SharedState, "effect") is None


def test_a_cancelled_waiting_job_never_runs(world, runner, bus):
    job = world.enqueue("echo")
    assert world.cancel(job.id)
    assert runner.run_waiting(["batch"]) == 0
    assert not runner.run_job(job.id)
    assert (world.job(job.id).status, world.job(job.id).started_at) == ("cancelled", None)
    assert bus.of(job.id)[-1].data["status"] == "cancelled"


def test_a_job_that_has_ended_cannot_be_cancelled(world, runner):
    job = world.enqueue("echo")
    runner.run_waiting(["batch"])
    before = world.job(job.id)
    assert not world.cancel(job.id)
    assert (world.job(job.id).status, world.job(job.id).revision) == ("completed", before.revision)


def test_planned_steps_show_before_they_begin_and_done_ones_survive_an_attempt(world, runner):
    job = world.enqueue("planned", max_attempts=1)
    runner.run_waiting(["batch"])
    assert [(step.name, step.status) for step in steps_of(world, job.id)] == [("a", "completed"), ("b", "failed"), ("c", "skipped")]
    assert steps_of(world, job.id)[1].error == "Not this time."
    again = world.enqueue("planned")
    runner.run_waiting(["batch"])
    assert [(step.name, step.status, step.position) for step in steps_of(world, again.id)] == [
        ("a", "completed", 0),
        ("b", "completed", 1),
        ("c", "completed", 2),
    ]
    assert world.job(again.id).result == {"repeated": ["b", "c"]}


def test_steps_of_several_subjects_stand_side_by_side(world, context):
    for subject in ("one", "two"):
        for name in ("decode", "predict"):
            with context.step(name, subject=subject):
                pass
    found = [(step.subject, step.position, step.name) for step in steps_of(world, context.id)]
    assert found == [("one", 0, "decode"), ("one", 1, "predict"), ("two", 0, "decode"), ("two", 1, "predict")]


def test_fractions_spread_over_the_range_of_their_step(world, context):
    with context.step("decode", upto=20):
        context.progress(0.5)
        assert context.claim.progress == 10.0
    assert context.claim.progress == 20.0
    with context.step("predict", upto=80):
        context.progress(0.5)
        assert context.claim.progress == 50.0
    context.progress(0.0)
    assert context.claim.progress == 80.0
    assert world.job(context.id).progress == 80.0


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(-50, 150), min_size=1, max_size=20))
def test_progress_never_falls_and_stays_in_bounds(percents):
    platform = SimpleNamespace(events=SimpleNamespace(publish=lambda events: None))
    claim = Claim("i", "a", "f", "echo", "batch", None, None, None, {}, 1, 3, 600, 0.0, 1000, "w", now())
    context = JobContext(platform, claim, SimpleNamespace(flush_in=lambda seconds: None))
    context._written_at = float("inf")
    seen = [0.0]
    for percent in percents:
        context.report(percent)
        seen.append(context.claim.progress)
    assert seen == sorted(seen)
    assert seen[-1] == max(0.0, min(100.0, max(percents)))


def test_a_flood_of_progress_is_thinned_and_its_last_value_arrives(world, context, bus):
    began = time.monotonic()
    for number in range(2001):
        context.report(number / 25, f"{number}")
    seconds = time.monotonic() - began
    world.wait(context.id, lambda row: row.progress >= 80.0 and row.message == "2000", 2.0)
    told = [event for event in bus.of(context.id) if event.data["status"] == "running"]
    assert len(told) <= 3 + 11 * (seconds + 0.4)
    assert told[-1].data["progress"] == 80.0
    values = [event.data["progress"] for event in told]
    revisions = [event.revision for event in told]
    assert values == sorted(values)
    assert revisions == sorted(set(revisions))
    assert revisions[-1] <= world.job(context.id).revision


def test_an_event_between_two_rows_is_older_than_the_next_row(world, context, bus):
    context.report(1.0)
    written = world.job(context.id).revision
    time.sleep(0.11)
    context.report(2.0)
    between = bus.of(context.id)[-1].revision
    assert between > written
    world.cancel(context.id)
    assert bus.of(context.id)[-1].revision > between


def test_log_lines_keep_their_order_with_rising_times(world, context):
    for number in range(50):
        context.log(f"line {number}", "debug" if number % 2 else "warning")
    context.flush()
    with world.database.read() as session:
        lines = world.jobs.logs(session, context.id)
        times = [line.at for line in lines]
        assert [line.message for line in lines] == [f"line {number}" for number in range(50)]
        assert times == sorted(set(times))
        assert len(world.jobs.logs(session, context.id, level="info")) == 25
        paged, since = [], None
        while page := world.jobs.logs(session, context.id, since=since, limit=7):
            paged += [line.message for line in page]
            since = page[-1].at
    assert paged == [line.message for line in lines]


def test_an_unknown_level_is_refused(context):
    with pytest.raises(ValueError, match="loud"):
        context.log("hello", "loud")


def test_what_is_logged_inside_the_last_transaction_is_kept(world, context):
    with context.completing({"n": 1}) as session:
        session.add(SharedState(name="effect", value={}))
        context.log("nearly there")
        context.report(99.0)
    done = world.job(context.id)
    assert (done.status, done.result) == ("completed", {"n": 1})
    with world.database.read() as session:
        assert [line.message for line in world.jobs.logs(session, context.id)] == ["nearly there"]
        assert session.get(SharedState, "effect") is not None


def test_a_failing_last_transaction_leaves_nothing_behind(world, context):
    with pytest.raises(RuntimeError), context.completing({"n": 1}) as session:
        session.add(SharedState(name="effect", value={}))
        raise RuntimeError
    assert world.job(context.id).status == "running"
    with world.database.read() as session:
        assert session.get(SharedState, "effect") is None


def test_a_step_inside_a_transaction_is_refused_rather_than_stuck(context):
    with context.transaction(), pytest.raises(RuntimeError, match="transaction"), context.step("x"):
        pass


def test_a_beat_renews_the_lease(world, context):
    before = world.job(context.id).lease_until
    time.sleep(0.02)
    context.renew()
    assert world.job(context.id).lease_until > before > now()


def test_the_context_knows_its_job(context, world):
    assert (context.kind, context.subject, context.attempt, context.is_last_attempt) == ("echo", "image:1", 1, False)
    assert (context.account_id, context.parent_id, context.child_index) == (world.account, None, None)
    assert 599 < context.remaining <= 600
