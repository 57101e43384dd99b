import itertools
from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from core.jobs.job_world import FACE
from pentaprism.core.clock import now
from pentaprism.core.jobs import listing
from pentaprism.core.jobs.queue import NewJob
from pentaprism.core.jobs.tables import Job


@pytest.fixture(autouse=True)
def short_strides(monkeypatch):
    """Marks at every tenth row, so that small lists have some."""
    monkeypatch.setattr(listing, "STRIDE", 10)


def past_id(minutes: float, serial: int) -> str:
    return listing.first_id_of(now() - timedelta(minutes=minutes))[:-12] + f"{serial:012x}"


@pytest.fixture
def many(world):
    """137 jobs of two accounts over some hours, half of them failed, a few active ones among them."""
    other = world.add_account()
    with world.database.write() as session:
        new = [
            NewJob("echo" if number % 3 else "flaky", other if number % 5 == 0 else world.account, FACE, id=past_id(300 - number, number))
            for number in range(137)
        ]
        world.jobs.enqueue_many(session, new)
        for number, one in enumerate(new):
            status = "failed" if number % 2 else "completed"
            session.execute(update(Job).where(Job.id == one.id).values(status="queued" if number in (90, 120) else status))
    return [one.id for one in new]


def all_pages(world, size, **wanted):
    """Ids page by page, the way a client reads them, with the totals that were told."""
    ids, totals = [], set()
    for number in itertools.count():
        with world.database.read() as session:
            page = world.jobs.list(session, limit=size, offset=number * size, **wanted)
        totals.add(page.total)
        ids += [job.id for job in page.items]
        if not page.items:
            break
    return ids, totals


WANTED = [
    {},
    {"statuses": ["failed"]},
    {"statuses": ["failed", "completed"]},
    {"kinds": ["flaky"]},
    {"newest_first": False},
    {"statuses": ["queued"]},
    {"top_level": True},
]


def expected(world, wanted):
    jobs = [job for job in world.all_jobs() if job.account_id == world.account]
    for key, attribute in (("statuses", "status"), ("kinds", "kind")):
        if key in wanted:
            jobs = [job for job in jobs if getattr(job, attribute) in wanted[key]]
    ids = [job.id for job in jobs]
    return ids if wanted.get("newest_first") is False else ids[::-1]


@pytest.mark.parametrize("wanted", WANTED, ids=str)
@pytest.mark.parametrize("size", [1, 7, 10, 200])
def test_pages_hold_every_job_once_in_order(world, many, wanted, size):
    ids, totals = all_pages(world, size, account_id=world.account, face=FACE, **wanted)
    assert ids == expected(world, wanted)
    assert totals == {len(ids)}


def test_changes_show_at_once_on_every_page(world, runner, many):
    wanted = {"statuses": ["failed"]}
    read = lambda: all_pages(world, 9, account_id=world.account, face=FACE, **wanted)[0]  # noqa: E731
    assert read() == expected(world, wanted)
    with world.database.write() as session:
        world.jobs.delete(session, world.jobs.get(session, many[3]))
    assert read() == expected(world, wanted)
    with world.database.write() as session:
        assert world.jobs.retry(session, world.jobs.get(session, many[7]))
    assert read() == expected(world, wanted)
    runner.run_waiting(["batch"])
    broken = world.enqueue("broken")
    runner.run_waiting(["batch"])
    assert read() == expected(world, wanted)
    assert read()[0] == broken.id


def test_another_process_that_removes_jobs_is_noticed(world, many):
    from pentaprism.core.jobs.queue import Jobs

    all_pages(world, 9, account_id=world.account, face=FACE)
    elsewhere = Jobs(None, world.platform.events, world.platform.kinds)
    with world.database.write() as session:
        elsewhere.delete(session, elsewhere.get(session, many[1]))
    assert all_pages(world, 9, account_id=world.account, face=FACE)[0] == expected(world, {})


def test_a_page_past_the_end_is_empty_and_still_knows_the_total(world, many):
    with world.database.read() as session:
        page = world.jobs.list(session, account_id=world.account, face=FACE, limit=10, offset=10_000)
    assert (list(page.items), page.total) == ([], len(expected(world, {})))


def test_everybodys_jobs_can_be_listed(world, many):
    assert all_pages(world, 50)[0] == [job.id for job in world.all_jobs()][::-1]


def test_jobs_of_a_subject(world):
    ids = [world.enqueue("echo", subject="image:1").id for _ in range(3)]
    world.enqueue("echo", subject="image:2")
    assert all_pages(world, 2, subject="image:1")[0] == ids[::-1]


def test_counts_by_state_leave_batches_out(world, many):
    with world.database.write() as session:
        session.execute(delete(Job).where(Job.account_id != world.account))
        world.jobs.batch(session, "group", [NewJob("echo", world.account, FACE)] * 1, account_id=world.account, face=FACE)
        counts = world.jobs.counts(session, account_id=world.account, face=FACE)
    jobs = [job for job in world.all_jobs() if not job.is_batch]
    assert {str(state): number for state, number in counts.items() if number} == {
        status: len([job for job in jobs if job.status == status]) for status in {job.status for job in jobs}
    }


def test_the_first_id_of_a_moment_lies_below_all_ids_made_then():
    from pentaprism.core.ids import new_id

    before, made, after = listing.first_id_of(now()), new_id(), listing.first_id_of(now() + timedelta(milliseconds=2))
    assert before < made < after
