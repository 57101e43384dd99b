import threading
from datetime import timedelta

import pytest

from core.jobs.job_world import FACE
from pentaprism.core.clock import now
from pentaprism.core.errors import Conflict, NotFound
from pentaprism.core.jobs.queue import AlreadyActive, KeyReused, NewJob
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


def test_of_simultaneous_requests_for_an_exclusive_key_one_wins(world):
    outcomes = []

    def ask():
        try:
            outcomes.append(world.enqueue("echo", exclusive_key="one").id)
        except Conflict:
            outcomes.append(None)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 8
    assert len([outcome for outcome in outcomes if outcome]) == 1


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
