"""Where a waiting job stands in its queue."""

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from pentaprism.core.database.chunks import CHUNK, chunks
from pentaprism.core.jobs.states import WAITING
from pentaprism.core.jobs.tables import WAITING_ROWS, Job, Turn

"""Ids named in one statement."""


def positions(session: Session, jobs: Sequence[Job], ranked: Collection[str] = ()) -> dict[str, int]:
    """One-based places of the waiting ones of ``jobs`` under fair turns, by id; a batch stands where its first waiting child does.

    A job with ``r`` own jobs before it comes in its account's turn ``r``: before it go its own ``r`` jobs, ``r`` of every
    other account, and one more of each account whose turn comes sooner. A job of one of the ``ranked`` kinds stands among all
    waiting jobs of its kind, whoever owns them. However many jobs are asked for, each queue is counted once.
    """
    waiting = [job for job in jobs if job.status in WAITING]
    firsts = _first_children(session, [job.id for job in waiting if job.is_batch])
    standing = [job for job in waiting if not job.is_batch] + list(firsts.values())
    found: dict[str, int] = {}
    for queue in {job.queue for job in standing}:
        mine = [job for job in standing if job.queue == queue]
        for kind in {job.kind for job in mine if job.kind in ranked}:
            ids = [job.id for job in mine if job.kind == kind]
            found |= {job_id: rank + 1 for job_id, rank in _ranks(session, queue, ids, Job.kind == kind)}
        found |= _fair_places(session, queue, [job for job in mine if job.kind not in ranked])
    shown = {job.id for job in waiting}
    batches = {batch_id: found[child.id] for batch_id, child in firsts.items() if child.id in found}
    return {job_id: place for job_id, place in found.items() if job_id in shown} | batches


def _fair_places(session: Session, queue: str, jobs: Sequence[Job]) -> dict[str, int]:
    if not jobs:
        return {}
    totals, turns = _accounts(session, queue)
    found = {}
    for account_id in {job.account_id for job in jobs}:
        turn = turns.get(account_id, ("", account_id))
        others = [(number, turns.get(account, ("", account)) < turn) for account, number in totals.items() if account != account_id]
        ids = [job.id for job in jobs if job.account_id == account_id]
        for job_id, rank in _ranks(session, queue, ids, Job.account_id == account_id):
            found[job_id] = rank + 1 + sum(min(number, rank + 1 if sooner else rank) for number, sooner in others)
    return found


def _accounts(session: Session, queue: str) -> tuple[dict[str, int], dict[str, tuple[str, str]]]:
    counted = select(Job.account_id, func.count()).where(Job.queue == queue, text(str(WAITING_ROWS))).group_by(Job.account_id)
    totals = {row[0]: row[1] for row in session.execute(counted)}
    served = session.execute(select(Turn.account_id, Turn.served_at).where(Turn.queue == queue, Turn.account_id.in_(list(totals)[:CHUNK])))
    return totals, {account: (moment.isoformat(timespec="microseconds"), account) for account, moment in served}


def _ranks(session: Session, queue: str, ids: Sequence[str], among: ColumnElement[bool]) -> Iterator[tuple[str, int]]:
    """How many of the waiting jobs of ``queue`` that meet ``among`` go before each of ``ids``."""
    place = (func.row_number().over(order_by=(Job.priority.desc(), Job.id)) - 1).label("place")
    ordered = select(Job.id.label("id"), place).where(Job.queue == queue, among, text(str(WAITING_ROWS))).subquery()
    for part in chunks(ids):
        for row in session.execute(select(ordered.c.id, ordered.c.place).where(ordered.c.id.in_(part))):
            yield row[0], row[1]


def _first_children(session: Session, batches: Sequence[str]) -> dict[str, Job]:
    found: dict[str, Job] = {}
    for part in chunks(batches):
        first = select(func.min(Job.id)).where(Job.parent_id.in_(part), Job.status.in_(WAITING)).group_by(Job.parent_id)
        found |= {str(child.parent_id): child for child in session.scalars(select(Job).where(Job.id.in_(first)))}
    return found
