from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pentaprism.core.jobs import logs

START = datetime(2026, 1, 1, tzinfo=UTC)


@given(st.lists(st.integers(-5, 5), max_size=40))
def test_times_rise_strictly_whatever_the_clock_does(jumps):
    clock = logs.LineClock(None, 0)
    moment, stamps = START, []
    for jump in jumps:
        moment += timedelta(milliseconds=jump)
        stamps.append(clock.stamp(moment))
        assert stamps[-1] >= moment
    assert stamps == sorted(set(stamps))


def test_a_later_writer_goes_on_after_the_last_line(world):
    job = world.enqueue("echo")
    future = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    with world.database.write() as session:
        logs.write(session, job.id, [(future, "info", "from a clock that is ahead")], logs.LineClock(None, 0))
    with world.database.write() as session:
        world.jobs.log(session, job.id, "Retry requested", "warning")
    with world.database.read() as session:
        lines = world.jobs.logs(session, job.id)
    assert [line.message for line in lines] == ["from a clock that is ahead", "Retry requested"]
    assert lines[1].at == future + timedelta(milliseconds=1)


def test_after_ten_thousand_lines_one_says_that_lines_were_dropped(world):
    job = world.enqueue("echo")
    clock = logs.LineClock(None, 0)
    with world.database.write() as session:
        logs.write(session, job.id, [(START, "info", f"{number}") for number in range(9_999)], clock)
        logs.write(session, job.id, [(START, "info", f"{number}") for number in range(9_999, 10_050)], clock)
        logs.write(session, job.id, [(START, "info", "more")], clock)
    with world.database.read() as session:
        lines = world.jobs.logs(session, job.id, limit=20_000)
    assert len(lines) == 10_001
    assert [line.message for line in lines[-2:]] == ["9999", logs.DROPPED]
