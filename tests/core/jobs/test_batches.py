import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from core.jobs.job_world import FACE
from pentaprism.core.jobs.queue import NewJob
from pentaprism.core.jobs.sweeper import Sweeper
from pentaprism.core.jobs.tables import Job, SharedState


@pytest.fixture
def batch(world):
    def make(*children, **options):
        with world.database.write() as session:
            new = [NewJob(kind, world.account, FACE, request) for kind, request in children]
            return world.jobs.batch(session, "group", new, account_id=world.account, face=FACE, **options)

    return make


def children_of(world, parent):
    with world.database.read() as session:
        return world.jobs.children(session, parent)


def counts_of(world, parent_id):
    with world.database.read() as session:
        counts = world.jobs.child_counts(session, session.get(Job, parent_id))
    return {str(state): number for state, number in counts.items() if number}


def test_a_batch_runs_with_its_first_child_and_ends_with_its_last(world, runner, bus, batch):
    parent = batch(*[("echo", {"value": number}) for number in range(3)])
    assert world.job(parent.id).status == "queued"
    seen = []
    for child in children_of(world, parent):
        runner.run_job(child.id)
        stored = world.job(parent.id)
        seen.append((stored.status, round(stored.progress)))
    assert seen == [("running", 33), ("running", 67), ("completed", 100)]
    told = [(event.data["status"], round(event.data["progress"])) for event in bus.of(parent.id)]
    assert told == [("queued", 0), ("running", 0), ("running", 33), ("running", 67), ("completed", 100)]
    assert world.job(parent.id).attempt == 0


def test_a_batch_with_one_success_is_completed_and_without_any_failed(world, runner, batch):
    mixed = batch(("broken", {}), ("echo", {}), ("broken", {}))
    hopeless = batch(("broken", {}), ("broken", {}))
    runner.run_waiting(["batch"])
    assert (world.job(mixed.id).status, counts_of(world, mixed.id)) == ("completed", {"completed": 1, "failed": 2})
    assert (world.job(hopeless.id).status, world.job(hopeless.id).error_code) == ("failed", "BATCH_FAILED")
    with world.database.read() as session:
        assert session.get(SharedState, f"end:{mixed.id}").value["status"] == "completed"
        assert session.get(SharedState, f"end:{hopeless.id}").value["status"] == "failed"


def test_entries_that_were_bad_from_the_start_are_failed_children(world, runner):
    with world.database.write() as session:
        children = [
            NewJob("echo", world.account, FACE),
            NewJob("echo", world.account, FACE, failure=("IMAGE_VALIDATION_ERROR", "This is no image.")),
        ]
        parent = world.jobs.batch(session, "group", children, account_id=world.account, face=FACE)
        bad = [NewJob("echo", world.account, FACE, failure=("IMAGE_VALIDATION_ERROR", "This is no image."))]
        hopeless = world.jobs.batch(session, "group", bad, account_id=world.account, face=FACE)
    assert world.job(hopeless.id).status == "failed"
    assert counts_of(world, parent.id) == {"queued": 1, "failed": 1}
    runner.run_waiting(["batch"])
    assert (world.job(parent.id).status, counts_of(world, parent.id)) == ("completed", {"completed": 1, "failed": 1})


def test_an_empty_batch_is_completed_at_once(world, batch):
    assert world.job(batch().id).status == "completed"


def test_only_so_many_children_are_worked_on_at_once(world, batch):
    parent = batch(*[("echo", {})] * 7, children_at_once=3)
    children = [child.id for child in children_of(world, parent)]
    taken = []
    with world.database.write() as session:
        while (claim := world.jobs.claims.next(session, ["batch"], "w")) is not None:
            taken.append(claim)
    assert [claim.id for claim in taken] == children[:3]
    with world.database.write() as session:
        world.jobs.life.completed(session, taken[1], None)
    with world.database.write() as session:
        following = [world.jobs.claims.next(session, ["batch"], "w"), world.jobs.claims.next(session, ["batch"], "w")]
    assert [claim.id if claim else None for claim in following] == [children[3], None]


def test_a_held_back_batch_runs_through(world, runner, dispatch, batch):
    parent = batch(*[("echo", {})] * 9, children_at_once=2)
    assert runner.run_waiting(["batch"]) == 9
    assert world.job(parent.id).status == "completed"
    assert set(dispatch.rung) == {child.id for child in children_of(world, parent)}


def test_cancelling_a_batch_keeps_what_is_done(world, runner, batch):
    parent = batch(*[("echo", {})] * 4, children_at_once=1)
    runner.run_job(children_of(world, parent)[0].id)
    assert world.cancel(parent.id)
    assert counts_of(world, parent.id) == {"completed": 1, "cancelled": 3}
    assert world.job(parent.id).status == "cancelled"
    assert runner.run_waiting(["batch"]) == 0


def test_a_cancelled_child_lets_the_next_one_in(world, runner, batch):
    parent = batch(*[("echo", {})] * 3, children_at_once=1)
    world.cancel(children_of(world, parent)[0].id)
    assert runner.run_waiting(["batch"]) == 2
    assert counts_of(world, parent.id) == {"completed": 2, "cancelled": 1}


def test_deleting_a_child_does_not_change_the_counts(world, runner, batch):
    parent = batch(("echo", {}), ("broken", {}), ("echo", {}))
    runner.run_waiting(["batch"])
    before = counts_of(world, parent.id)
    with world.database.write() as session:
        world.jobs.delete(session, world.jobs.get(session, children_of(world, parent)[0].id))
    assert counts_of(world, parent.id) == before == {"completed": 2, "failed": 1}
    assert len(children_of(world, parent)) == 2


def test_retrying_a_batch_runs_its_failed_children_again(world, runner, batch):
    parent = batch(("broken", {}), ("echo", {}), ("broken", {}), children_at_once=1)
    runner.run_waiting(["batch"])
    with world.database.write() as session:
        assert world.jobs.retry(session, world.jobs.get(session, parent.id))
    assert counts_of(world, parent.id) == {"completed": 1, "queued": 2}
    assert runner.run_waiting(["batch"]) == 2
    assert world.job(parent.id).status == "completed"


def test_a_retried_batch_works_on_no_more_children_at_once_than_before(world, runner, batch):
    parent = batch(*[("broken", {})] * 4, children_at_once=2)
    runner.run_waiting(["batch"])
    with world.database.write() as session:
        assert world.jobs.retry(session, world.jobs.get(session, parent.id))
    assert sum(child.run_after is None for child in children_of(world, parent)) == 2
    assert runner.run_waiting(["batch"]) == 4
    assert (world.job(parent.id).status, counts_of(world, parent.id)) == ("failed", {"failed": 4})


def test_retrying_a_child_opens_its_batch_again_for_it_alone(world, runner, batch):
    parent = batch(("broken", {}), ("echo", {}), ("broken", {}), children_at_once=1)
    runner.run_waiting(["batch"])
    with world.database.write() as session:
        assert world.jobs.retry(session, world.jobs.get(session, children_of(world, parent)[2].id))
    stored = world.job(parent.id)
    assert (stored.status, stored.progress < 100, stored.finished_at) == ("queued", True, None)
    assert counts_of(world, parent.id) == {"completed": 1, "failed": 1, "queued": 1}
    assert runner.run_waiting(["batch"]) == 1
    assert (world.job(parent.id).status, world.job(parent.id).progress) == ("completed", 100)


def test_a_child_of_a_batch_that_goes_on_is_retried_beside_its_siblings(world, runner, batch):
    parent = batch(("broken", {}), ("echo", {}), children_at_once=1)
    first = children_of(world, parent)[0]
    runner.run_job(first.id)
    with world.database.write() as session:
        assert world.jobs.retry(session, world.jobs.get(session, first.id))
    assert runner.run_waiting(["batch"]) == 2
    assert counts_of(world, parent.id) == {"completed": 1, "failed": 1}


def test_entries_that_never_ran_and_cancelled_batches_are_not_retried(world, runner, batch):
    with world.database.write() as session:
        bad = NewJob("echo", world.account, FACE, failure=("BAD", "No image."))
        hopeless = world.jobs.batch(session, "group", [bad], account_id=world.account, face=FACE)
    cancelled = batch(("broken", {}), ("echo", {}))
    runner.run_job(children_of(world, cancelled)[0].id)
    world.cancel(cancelled.id)
    for parent in (hopeless, cancelled):
        with world.database.write() as session:
            assert not world.jobs.retry(session, world.jobs.get(session, parent.id))
            assert not world.jobs.retry(session, world.jobs.children(session, parent)[0])
    assert runner.run_waiting(["batch"]) == 0


def test_the_sweeper_ends_a_batch_whose_end_was_missed(world, batch):
    parent = batch(("echo", {}), ("echo", {}))
    with world.database.write() as session:
        for child in world.jobs.children(session, parent):
            child.status = "completed"
    assert Sweeper(world.platform).end_batches() == 1
    assert world.job(parent.id).status == "completed"


def test_children_stay_as_long_as_their_batch(world, runner, batch):
    parent = batch(("echo", {}), ("broken", {}))
    runner.run_waiting(["batch"])
    assert [child.expires_at for child in children_of(world, parent)] == [None, None]
    assert world.job(parent.id).expires_at is not None
    with world.database.write() as session:
        world.jobs.delete(session, world.jobs.get(session, parent.id))
    assert world.all_jobs() == []


def test_cancelling_a_batch_and_a_child_that_ends_meanwhile_do_not_wait_for_each_other(world, batch):
    parent = batch(("echo", {}), ("echo", {}))
    child = children_of(world, parent)[0]
    holds = threading.Event()

    def end_of_a_child() -> None:
        with world.database.write() as session:
            session.scalars(select(Job).where(Job.id == child.id).with_for_update()).one()
            holds.set()
            time.sleep(0.5)
            world.jobs.life.settle(session, parent.id)

    with ThreadPoolExecutor(2) as threads:
        ending = threads.submit(end_of_a_child)
        assert holds.wait(10)
        cancelled = threads.submit(world.cancel, parent.id)
        ending.result(20)
        assert cancelled.result(20) is True
    assert counts_of(world, parent.id) == {"cancelled": 2}
