import time
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from pentaprism.core.clock import isoformat, monotonic, now


def test_now_is_utc_in_milliseconds() -> None:
    before = time.time()
    moment = now()
    assert moment.tzinfo is UTC and moment.microsecond % 1000 == 0
    assert -0.001 <= moment.timestamp() - before < 1


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1)), st.integers(-12, 14))  # noqa: DTZ001 -- the zone is added
def test_what_is_shown_is_the_moment_in_utc(naive: datetime, hours: int) -> None:
    moment = naive.replace(microsecond=naive.microsecond // 1000 * 1000, tzinfo=timezone(timedelta(hours=hours)))
    shown = isoformat(moment)
    assert len(shown) == 24 and shown.endswith("Z") and shown[19] == "."
    assert datetime.fromisoformat(shown) == moment


def test_monotonic_never_goes_back() -> None:
    seen = [monotonic() for _ in range(1000)]
    assert seen == sorted(seen)
