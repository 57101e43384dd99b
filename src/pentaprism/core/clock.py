"""Time, in one form: aware UTC datetimes with millisecond precision."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def now() -> datetime:
    """Present moment in UTC, cut to milliseconds so that what is stored equals what is shown."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def isoformat(moment: datetime) -> str:
    """``2026-01-31T12:00:00.000Z``: UTC, ISO 8601, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def monotonic() -> float:
    """Seconds of a clock that never goes back, for durations."""
    return time.monotonic()
