"""Log lines of jobs. Times rise strictly inside a job, so that paging by the last time seen loses and repeats nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from pentaprism.core.clock import now
from pentaprism.core.jobs.tables import JobLog

LEVELS = ("debug", "info", "warning", "error")
MOST_LINES = 10_000
DROPPED = "Further lines were dropped"
TICK = timedelta(milliseconds=1)

Line = tuple[datetime, str, str]


class LineClock:
    """Where a job's log stands: the time of its last line and how many lines it has."""

    def __init__(self, last: datetime | None, count: int) -> None:
        self._last = last
        self.count = count

    @classmethod
    def of(cls, session: Session, job_id: str) -> "LineClock":
        """The state of the stored log."""
        last, count = session.execute(select(func.max(JobLog.at), func.count()).where(JobLog.job_id == job_id)).one()
        return cls(last, count)

    def stamp(self, moment: datetime) -> datetime:
        """``moment``, moved on where it would not be later than the line before."""
        self._last = moment if self._last is None or moment > self._last else self._last + TICK
        return self._last


def write(session: Session, job_id: str, lines: Sequence[Line], clock: LineClock) -> None:
    """Store ``lines`` (time, level, message); beyond 10,000 lines of a job one last line says that lines were dropped."""
    rows = []
    for at, level, message in lines:
        if clock.count > MOST_LINES:
            break
        text = message if clock.count < MOST_LINES else DROPPED
        rows.append({"job_id": job_id, "at": clock.stamp(at), "level": level if text is message else "warning", "message": text})
        clock.count += 1
    if rows:
        session.execute(insert(JobLog), rows)


def append(session: Session, job_id: str, message: str, level: str = "info") -> None:
    """One line from outside the worker, such as a request to retry."""
    write(session, job_id, [(now(), level, message)], LineClock.of(session, job_id))


def read(session: Session, job_id: str, *, since: datetime | None = None, level: str = "debug", limit: int = 1000) -> Sequence[JobLog]:
    """The first ``limit`` lines later than ``since`` of ``level`` or above, oldest first."""
    query = select(JobLog).where(JobLog.job_id == job_id, JobLog.level.in_(LEVELS[LEVELS.index(level) :]))
    if since is not None:
        query = query.where(JobLog.at > since)
    return session.scalars(query.order_by(JobLog.id).limit(limit)).all()
