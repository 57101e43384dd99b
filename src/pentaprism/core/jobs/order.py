"""Where a waiting job stands in its queue."""

from collections.abc import Sequence

from sqlalchemy import and_, func, or_, select, text
from sqlalchemy.orm import Session

from pentaprism.core.jobs.states import WAITING
from pentaprism.core.jobs.tables import WAITING_ROWS, Job, Turn


def positions(session: Session, jobs: Sequence[Job]) -> dict[str, int]:
    """One-based places of the waiting ones of ``jobs`` under fair turns, by id.

    A job with ``r`` own jobs before it comes in its account's turn ``r``: before it go its own ``r`` jobs, ``r`` of every
    other account, and one more of each account whose turn comes sooner.
    """
    found: dict[str, int] = {}
    for queue in {job.queue for job in jobs if job.status in WAITING}:
        mine = [job for job in jobs if job.queue == queue and job.status in WAITING]
        totals, turns = _accounts(session, queue)
        for job in mine:
            rank = _rank(session, job)
            ahead = rank
            for account, number in totals.items():
                if account != job.account_id:
                    sooner = turns.get(account, ("", account)) < turns.get(job.account_id, ("", job.account_id))
                    ahead += min(number, rank + 1 if sooner else rank)
            found[job.id] = ahead + 1
    return found


def _accounts(session: Session, queue: str) -> tuple[dict[str, int], dict[str, tuple[str, str]]]:
    counted = select(Job.account_id, func.count()).where(Job.queue == queue, text(str(WAITING_ROWS))).group_by(Job.account_id)
    totals = {row[0]: row[1] for row in session.execute(counted)}
    served = session.execute(select(Turn.account_id, Turn.served_at).where(Turn.queue == queue, Turn.account_id.in_(list(totals)[:500])))
    return totals, {account: (moment.isoformat(timespec="microseconds"), account) for account, moment in served}


def _rank(session: Session, job: Job) -> int:
    before = or_(Job.priority > job.priority, and_(Job.priority == job.priority, Job.id < job.id))
    own = select(func.count()).where(Job.queue == job.queue, Job.account_id == job.account_id, text(str(WAITING_ROWS)), before)
    return session.scalar(own) or 0
