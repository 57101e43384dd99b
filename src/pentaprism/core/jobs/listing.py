"""Lists and counts of jobs."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pentaprism.core.jobs.states import JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.core.pages import Page


class Listing:
    """Pages of jobs by age."""

    def page(self, session: Session, *, limit: int, offset: int, newest_first: bool, **wanted: Any) -> Page[Job]:
        """``limit`` jobs after ``offset`` others."""
        conditions = matching(**wanted)
        total = session.scalar(select(func.count()).select_from(Job).where(*conditions)) or 0
        query = select(Job).where(*conditions).order_by(Job.id.desc() if newest_first else Job.id)
        return Page(session.scalars(query.limit(limit).offset(offset)).all(), total, limit, offset)

    def counts(self, session: Session, *, account_id: str | None, face: str | None, queue: str | None) -> dict[JobState, int]:
        """Number of jobs in each state."""
        conditions = [Job.is_batch.is_(False), *matching(account_id=account_id, face=face)]
        if queue is not None:
            conditions.append(Job.queue == queue)
        counts = dict.fromkeys(JobState, 0)
        for state, number in session.execute(select(Job.status, func.count()).where(*conditions).group_by(Job.status)):
            counts[JobState(state)] = number
        return counts

    def changed(self, session: Session, account_id: str) -> None:
        """Jobs of ``account_id`` were removed or began anew."""


def matching(
    *,
    account_id: str | None = None,
    face: str | None = None,
    statuses: Sequence[JobState] | None = None,
    kinds: Sequence[str] | None = None,
    subject: str | None = None,
    top_level: bool = False,
) -> list[Any]:
    """Conditions on ``Job``."""
    conditions: list[Any] = []
    if account_id is not None:
        conditions.append(Job.account_id == account_id)
    if face is not None:
        conditions.append(Job.face == face)
    if statuses is not None:
        conditions.append(Job.status.in_(list(statuses)))
    if kinds is not None:
        conditions.append(Job.kind.in_(list(kinds)))
    if subject is not None:
        conditions.append(Job.subject == subject)
    if top_level:
        conditions.append(Job.parent_id.is_(None))
    return conditions
