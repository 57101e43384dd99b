from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from core.jobs.job_world import FACE, World, platform_on
from pentaprism.core.clock import now
from pentaprism.core.errors import NotFound
from pentaprism.core.jobs.queue import AlreadyActive, KeyReused, NewJob
from pentaprism.core.jobs.shared import put_shared
from pentaprism.core.jobs.tables import Job, SharedState


def test_an_accepted_job_waits_with_the_values_of_its_kind(world):
    job = world.enqueue("flaky", {"until": 1}, subject="image:1")
    stored = world.job(job.id)
    assert (stored.status, stored.attempt, stored.max_attempts, stored.time_limit, stored.queue) == ("queued", 0, 3, 600, "batch")
    assert stored.request == {"until": 1}
    assert stored.created_at == job.created_at


def test_the_doorbell_and_the_event_come_after_the_commit_and_not_after_a_rollback(world, bus, dispatch):
    with pytest.raises(RuntimeError), world.database.write() as session:
        world.jobs.enqueue(session, "echo", account_id=world.account, face=FACE, request={})
        assert dispatch.rung == []
        raise RuntimeError
    assert (bus.events, dispatch.rung, world.all_jobs()) == ([], [], [])
    job = world.enqueue("echo")
    assert dispatch.rung == [job.id]
    assert [event.topic for event in bus.events] == [f"face:{FACE}", f"account:{world.account}", f"job:{job.id}"]
    assert bus.events[0].data["status"] == "queued"


def test_the_job_given_back_is_part_of_the_session(world):
    with world.database.write() as session:
        job = world.jobs.enqueue(session, "echo", account_id=world.account, face=FACE, request={})
        assert job in session
        job.message = "seen"
    assert world.job(job.id).message == "seen"


def test_the_same_idempotency_key_gives_the_same_job(world):
    first = world.enqueue("echo", idempotency_key="k", request_hash="a")
    assert world.enqueue("echo", idempotency_key="k", request_hash="a").id == first.id
    with pytest.raises(KeyReused):
        world.enqueue("echo", idempotency_key="k", request_hash="b")
    assert world.enqueue("echo", idempotency_key="k", request_hash="b", account_id=world.add_account()).id != first.id


def test_one_active_job_for_an_exclusive_key(world, runner):
    first = world.enqueue("echo", exclusive_key="image:1")
    with pytest.raises(AlreadyActive) as refusal:
        world.enqueue("echo", exclusive_key="image:1")
    assert refusal.value.job.id == first.id
    runner.run_waiting(["batch"])
    assert world.enqueue("echo", exclusive_key="image:1").id != first.id


def at_once(ask):
    """The answers of eight callers."""
    with ThreadPoolExecutor(8) as pool:
        return [call.result() for call in [pool.submit(ask) for _ in range(8)]]


def test_of_simultaneous_requests_for_an_exclusive_key_one_wins_and_the_others_are_told_its_job(world):
    def ask():
        try:
            return world.enqueue("echo", exclusive_key="one").id, True
        except AlreadyActive as active:
            return active.job.id, False

    outcomes = at_once(ask)
    assert [won for _, won in outcomes].count(True) == 1
    assert len({job_id for job_id, _ in outcomes}) == 1


def test_simultaneous_requests_with_an_idempotency_key_get_one_job(world):
    assert len(set(at_once(lambda: world.enqueue("echo", idempotency_key="k", request_hash="a").id))) == 1
    assert len(world.all_jobs()) == 1


def test_simultaneous_batches_with_an_idempotency_key_are_one_batch(world):
    def ask():
        children = [NewJob("echo", world.account, FACE) for _ in range(3)]
        with world.database.write() as session:
            return world.jobs.batch(session, "group", children, account_id=world.account, face=FACE, request={}, idempotency_key="k").id

    assert len(set(at_once(ask))) == 1
    assert len(world.all_jobs()) == 4


def somebody_waits(database):
    """Whether a transaction of this database waits for a row."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with database.read() as session:
        return session.scalar(text(waiting)) > 0


def test_a_key_that_another_transaction_is_about_to_commit_is_waited_for(on_postgres, bus, dispatch):
    """The window between looking and inserting is held open: the first transaction ends only when the second waits for it."""
    world = World(platform_on(on_postgres, dispatch, bus), dispatch)

    def second():
        return world.enqueue("echo", idempotency_key="k", request_hash="a").id

    with ThreadPoolExecutor(1) as pool:
        with on_postgres.write() as session:
            first = world.jobs.enqueue(
                session, "echo", account_id=world.account, face=FACE, request={}, idempotency_key="k", request_hash="a"
            )
            later = pool.submit(second)
            world.wait_for(lambda: somebody_waits(on_postgres))
        assert later.result() == first.id


def test_several_jobs_are_cancelled_without_a_deadlock_with_the_worker_of_a_later_one(on_postgres, bus, dispatch):
    """The hook of the first job changes the row that the worker of the second is about to change."""
    world = World(platform_on(on_postgres, dispatch, bus), dispatch)
    first, second = world.enqueue("crowded"), world.enqueue("crowded")
    with on_postgres.write() as session:
        put_shared(session, "crowd", {})

    def cancel():
        with on_postgres.write() as session:
            world.jobs.cancel_all(session, [session.get(Job, first.id), session.get(Job, second.id)])

    with ThreadPoolExecutor(1) as pool:
        with on_postgres.write() as worker:
            worker.scalar(select(Job.id).where(Job.id == second.id).with_for_update())
            cancelled = pool.submit(cancel)
            world.wait_for(lambda: somebody_waits(on_postgres))
            put_shared(worker, "crowd", {"last": "worker"})
        cancelled.result()
    assert {job.status for job in world.all_jobs()} == {"cancelled"}


def test_a_queue_is_paused_by_several_at_once(world):
    def pause():
        with world.database.write() as session:
            world.jobs.pause(session, "batch")

    at_once(pause)
    with world.database.read() as session:
        assert world.jobs.is_paused(session, "batch")


def test_a_thousand_jobs_are_one_statement_and_keep_their_order(world, runner):
    from sqlalchemy import event

    statements = []
    event.listen(world.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    new = [NewJob("echo", world.account, FACE, {"value": number}) for number in range(1000)]
    with world.database.write() as session:
        jobs = world.jobs.enqueue_many(session, new)
    assert len([sql for sql in statements if sql.startswith("INSERT INTO jobs")]) == 1
    assert [job.request["value"] for job in world.all_jobs()] == list(range(1000))
    assert [job.id for job in jobs] == [one.id for one in new]


def test_the_active_job_of_a_subject_is_found(world, runner):
    ended = world.enqueue("echo", subject="image:1")
    runner.run_waiting(["batch"])
    waiting = world.enqueue("echo", subject="image:1")
    other = world.enqueue("echo", subject="image:2")
    with world.database.read() as session:
        assert world.jobs.active_for(session, "image:1").id == waiting.id != ended.id
        assert world.jobs.active_for(session, "image:3") is None
        found = world.jobs.active_for_many(session, ["image:1", "image:2", "image:3"])
    assert {subject: job.id for subject, job in found.items()} == {"image:1": waiting.id, "image:2": other.id}


def test_an_unknown_job_is_not_found(world):
    with pytest.raises(NotFound):
        world.job("01890000-0000-7000-8000-000000000000")


def test_a_priority_only_rises_and_only_while_waiting(world, runner):
    job = world.enqueue("echo", priority=3)
    with world.database.write() as session:
        stored = world.jobs.get(session, job.id)
        assert not world.jobs.raise_priority(session, stored, 2)
        assert world.jobs.raise_priority(session, stored, 7)
        assert stored.priority == 7
    runner.run_waiting(["batch"])
    with world.database.write() as session:
        assert not world.jobs.raise_priority(session, world.jobs.get(session, job.id), 9)


def test_a_paused_queue_gives_out_nothing_until_it_is_resumed(world, runner, dispatch):
    with world.database.write() as session:
        world.jobs.pause(session, "batch")
        assert world.jobs.is_paused(session, "batch")
    job = world.enqueue("echo")
    quick = world.enqueue("quick")
    assert runner.run_waiting(["interactive", "batch"]) == 1
    assert not runner.run_job(job.id)
    assert (world.job(job.id).status, world.job(quick.id).status) == ("queued", "completed")
    with world.database.write() as session:
        world.jobs.resume(session, "batch")
    assert dispatch.rung[-1] == ""
    assert runner.run_waiting(["batch"]) == 1


def test_a_failed_job_begins_anew_on_request(world, runner):
    job = world.enqueue("broken")
    runner.run_waiting(["batch"])
    assert world.job(job.id).status == "failed"
    with world.database.write() as session:
        stored = world.jobs.get(session, job.id)
        assert world.jobs.retry(session, stored)
        assert not world.jobs.retry(session, stored)
    again = world.job(job.id)
    assert (again.status, again.attempt, again.error_code, again.error_message, again.finished_at, again.expires_at) == (
        "queued",
        0,
        None,
        None,
        None,
        None,
    )
    runner.run_waiting(["batch"])
    assert world.job(job.id).attempt == 1


def test_deleting_removes_the_job_with_steps_and_log_and_tells_its_face(world, runner):
    from pentaprism.core.jobs.tables import JobLog, JobStep

    job = world.enqueue("refused")
    with world.database.write() as session:
        world.jobs.log(session, job.id, "a line")
        session.add(JobStep(job_id=job.id, subject="", position=0, name="x"))
    with world.database.write() as session:
        world.jobs.delete(session, world.jobs.get(session, job.id))
    with world.database.read() as session:
        assert session.get(Job, job.id) is None
        assert session.query(JobLog).count() == session.query(JobStep).count() == 0
        assert session.get(SharedState, f"delete:{job.id}") is not None
        assert session.get(SharedState, f"end:{job.id}").value["status"] == "cancelled"


def test_cancelling_an_account_ends_whatever_is_active(world, runner):
    done = world.enqueue("echo")
    runner.run_waiting(["batch"])
    with world.database.write() as session:
        batch = world.jobs.batch(
            session, "group", [NewJob("echo", world.account, FACE) for _ in range(3)], account_id=world.account, face=FACE
        )
    foreign = world.enqueue("echo", account_id=world.add_account())
    with world.database.write() as session:
        world.jobs.cancel_account(session, world.account)
    states = {job.id: job.status for job in world.all_jobs()}
    assert states[done.id] == "completed"
    assert states[foreign.id] == "queued"
    assert states[batch.id] == "cancelled"
    assert sorted(states.values()).count("cancelled") == 4


def test_a_job_for_later_is_not_given_out_before_its_time(world, runner):
    job = world.enqueue("echo", run_after=now() + timedelta(hours=1))
    assert runner.run_waiting(["batch"]) == 0
    with world.database.write() as session:
        world.jobs.get(session, job.id).run_after = now() - timedelta(seconds=1)
    assert runner.run_waiting(["batch"]) == 1
