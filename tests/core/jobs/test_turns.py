from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from core.jobs.job_world import FACE, SilentDispatch, World, database_at, platform_on
from pentaprism.core.events.memory import MemoryBus
from pentaprism.core.jobs.queue import NewJob
from pentaprism.core.jobs.tables import Job


def order_of(world, runner_name="w"):
    """Ids in the order in which a worker would take them, taking them."""
    order = []
    with world.database.write() as session:
        while (claim := world.jobs.claims.next(session, ["batch"], runner_name)) is not None:
            order.append(claim.id)
    return order


def test_accounts_take_turns_and_priority_orders_only_the_own_jobs(world):
    many, other = world.account, world.add_account()
    mine = [world.enqueue("echo", account_id=many, priority=9).id for _ in range(4)]
    urgent = world.enqueue("echo", account_id=many, priority=10).id
    theirs = [world.enqueue("echo", account_id=other).id for _ in range(2)]
    order = order_of(world)
    assert [one for one in order if one in theirs] == theirs
    assert [one for one in order if one not in theirs] == [urgent, *mine]
    assert {order.index(one) for one in theirs} in ({0, 2}, {1, 3})


def test_a_ranked_kind_orders_the_jobs_of_all_accounts_by_priority_and_age(world):
    first, second = sorted([world.account, world.add_account()])
    low = world.enqueue("ranked", account_id=first, priority=1).id
    high = world.enqueue("ranked", account_id=second, priority=7).id
    middle = world.enqueue("ranked", account_id=first, priority=3).id
    later = world.enqueue("ranked", account_id=second, priority=3).id
    assert order_of(world) == [high, middle, later, low]


def test_a_ranked_kind_heeds_its_limits_and_leaves_other_kinds_their_turns(world):
    busy, other = world.account, world.add_account()
    ranked = [world.enqueue("ranked", account_id=busy, priority=9).id for _ in range(3)]
    waiting = world.enqueue("ranked", account_id=other, priority=1).id
    plain = world.enqueue("echo", account_id=other).id
    order = order_of(world)
    assert set(order) == {*ranked[:2], waiting, plain}
    assert order.index(waiting) > order.index(ranked[1])


def test_a_held_kind_is_not_given_out_until_it_is_released(world):
    echo = world.enqueue("echo").id
    quick = world.enqueue("quick", queue="batch").id
    with world.database.write() as session:
        world.jobs.hold(session, "echo")
        world.jobs.hold(session, "echo")
    with world.database.read() as session:
        assert world.jobs.is_held(session, "echo") and not world.jobs.is_held(session, "quick")
    assert order_of(world) == [quick]
    with world.database.write() as session:
        assert world.jobs.claims.one(session, echo, "w") is None
        world.jobs.unhold(session, "echo")
    assert order_of(world) == [echo]


def test_who_was_served_longest_ago_is_next(world):
    first, second = sorted([world.account, world.add_account()])
    world.enqueue("echo", account_id=first)
    order_of(world)
    later = [world.enqueue("echo", account_id=account).id for account in (first, second)]
    assert order_of(world) == later[::-1]


def test_equal_priority_is_first_in_first_out(world):
    ids = [world.enqueue("echo").id for _ in range(20)]
    assert order_of(world) == ids


def test_earlier_queues_of_a_worker_go_first(world, runner):
    slow = world.enqueue("echo")
    quick = world.enqueue("quick")
    runner.run_waiting(["interactive", "batch"])
    assert world.job(quick.id).finished_at <= world.job(slow.id).started_at


def test_jobs_of_one_subject_run_one_after_the_other_where_the_kind_says_so(world):
    first, second, third = (world.enqueue("serial", subject=subject) for subject in ("image:1", "image:1", "image:2"))
    assert order_of(world) == [first.id, third.id]
    with world.database.write() as session:
        assert world.jobs.claims.one(session, second.id, "w") is None
        session.get(Job, first.id).status = "completed"
    assert order_of(world) == [second.id]


def test_an_account_has_at_most_so_many_running_jobs_of_a_limited_kind(world):
    mine = [world.enqueue("few").id for _ in range(4)]
    theirs = [world.enqueue("few", account_id=world.add_account()).id]
    free = world.enqueue("echo").id
    assert set(order_of(world)) == {*mine[:2], *theirs, free}


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=14))
def test_the_position_shown_is_the_place_in_which_a_job_is_taken(tmp_path_factory, plan):
    dispatch = SilentDispatch()
    world = World(platform_on(database_at(tmp_path_factory.mktemp("turns")), dispatch, MemoryBus()), dispatch)
    accounts = [world.account, *(world.add_account() for _ in range(3))]
    for account in accounts[:2]:
        world.enqueue("echo", account_id=account)
    order_of(world)
    with world.database.write() as session:
        world.jobs.enqueue_many(session, [NewJob("echo", accounts[who], FACE, priority=priority) for who, priority in plan])
    with world.database.read() as session:
        waiting = session.query(Job).filter(Job.status == "queued").all()
        positions = world.jobs.positions(session, waiting)
    expected = {job_id: place for place, job_id in enumerate(order_of(world), 1)}
    world.database.dispose()
    assert positions == expected


def test_a_ranked_job_stands_among_all_jobs_of_its_kind(world):
    first, second = world.account, world.add_account()
    ids = [world.enqueue("ranked", account_id=who, priority=rank).id for who, rank in ((first, 1), (second, 7), (first, 3), (second, 3))]
    world.enqueue("echo", account_id=first)
    with world.database.read() as session:
        places = world.jobs.positions(session, [session.get(Job, job_id) for job_id in ids])
    assert places == {ids[1]: 1, ids[2]: 2, ids[3]: 3, ids[0]: 4}


def test_a_batch_stands_where_its_first_waiting_child_does(world, runner):
    before = [world.enqueue("echo").id for _ in range(2)]
    with world.database.write() as session:
        children = [NewJob("echo", world.account, FACE) for _ in range(3)]
        parent = world.jobs.batch(session, "group", children, account_id=world.account, face=FACE, children_at_once=1)
    with world.database.read() as session:
        assert world.jobs.positions(session, [world.job(parent.id)]) == {parent.id: 3}
        assert world.jobs.position(session, world.job(children[1].id)) == 4
    runner.run_job(before[0])
    with world.database.read() as session:
        assert world.jobs.position(session, world.job(parent.id)) == 2
    runner.run_waiting(["batch"])
    with world.database.read() as session:
        assert world.jobs.position(session, world.job(parent.id)) == 0


def test_places_of_many_jobs_cost_no_more_statements_than_of_one(world):
    ids = [world.enqueue("echo", account_id=who).id for who in (world.account, world.add_account()) for _ in range(40)]

    def statements(wanted):
        with world.database.read() as session:
            jobs = [session.get(Job, job_id) for job_id in wanted]
            seen = []
            listener = lambda *_: seen.append(1)  # noqa: E731
            event.listen(world.database.engine, "before_cursor_execute", listener)
            places = world.jobs.positions(session, jobs)
            event.remove(world.database.engine, "before_cursor_execute", listener)
        assert len(places) == len(wanted)
        return len(seen)

    assert statements(ids[:40]) == statements(ids[:1])


def test_a_job_that_runs_or_has_ended_has_no_position(world, runner):
    job = world.enqueue("echo")
    runner.run_waiting(["batch"])
    with world.database.read() as session:
        assert world.jobs.position(session, world.job(job.id)) == 0
