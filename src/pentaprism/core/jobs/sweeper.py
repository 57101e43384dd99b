"""Puts right what a crash or a lost message left behind, and removes what has outlived its retention."""

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import exists, or_, select, text, update
from sqlalchemy.orm import Session, aliased

from pentaprism.core.jobs.announce import REVISION_STEP
from pentaprism.core.jobs.states import ACTIVE, FINAL, JobState
from pentaprism.core.jobs.tables import ACTIVE_ROWS, WAITING_ROWS, Job, Worker
from pentaprism.core.workers.identity import is_gone

if TYPE_CHECKING:
    from pentaprism.core.platform import Platform

log = logging.getLogger(__name__)

RING_AGAIN = timedelta(seconds=30)
WORKER_SILENCE = timedelta(seconds=60)
AT_A_TIME = 500

LOST_CODE = "WORKER_LOST"
LOST_MESSAGE = "The worker process ended unexpectedly."


class Sweeper:
    """Several servers may sweep one database at a time: every change is guarded by the state it changes."""

    def __init__(self, platform: "Platform") -> None:
        self._platform = platform
        self._database = platform.database
        self._jobs = platform.jobs
        self._clock = platform.clock

    def sweep(self) -> None:
        """Everything below, once."""
        self.take_back()
        self.age()
        self.ring()
        self.end_batches()
        self.forget_workers()
        self.expire()

    def take_back(self) -> int:
        """Fail or retry jobs whose lease ran out, and at once those whose worker was a process of this host that is dead."""
        with self._database.read() as session:
            moment = self._clock()
            running = select(Job.lease_owner, Job.lease_until).where(Job.status == JobState.RUNNING, Job.lease_until.is_not(None))
            owners = {owner: owner is None or until < moment for owner, until in session.execute(running) if until is not None}
        lost = [owner for owner, is_late in owners.items() if owner is not None and (is_late or is_gone(owner))]
        count = 0
        for owner in lost:
            with self._database.write() as session:
                if not is_gone(owner) and not self._is_late(session, owner):
                    continue
                taken = self._jobs.worker_lost(session, owner, LOST_CODE, LOST_MESSAGE, again=True)
            count += len(taken)
            log.warning("worker %s is lost; taken back: %s", owner, ", ".join(taken) or "nothing")
        return count

    def ring(self) -> int:
        """Ring again for ready jobs that have been waiting since their last doorbell for half a minute."""
        moment = self._clock()
        ready = (text(str(WAITING_ROWS)), Job.is_batch.is_(False), or_(Job.run_after.is_(None), Job.run_after <= moment))
        quiet = or_(Job.rung_at.is_(None), Job.rung_at < moment - RING_AGAIN)
        with self._database.read() as session:
            waiting = [job.id for job in session.scalars(select(Job).where(*ready, quiet).limit(AT_A_TIME))]
        if not waiting:
            return 0
        with self._database.write() as session:
            for job in session.scalars(select(Job).where(Job.id.in_(waiting), *ready)).all():
                job.rung_at = moment
                self._jobs.life.ring(session, job)
        return len(waiting)

    def age(self) -> None:
        """Raise the priority of jobs that have waited for as long as their kind allows."""
        for kind in self._platform.kinds.values():
            if kind.age_after is None:
                continue
            old = (
                text(str(WAITING_ROWS)),
                Job.kind == kind.name,
                Job.queue == kind.queue,
                Job.priority < kind.age_priority,
                Job.created_at < self._clock() - kind.age_after,
            )
            with self._database.read() as session:
                if session.scalar(select(Job.id).where(*old).limit(1)) is None:
                    continue
            with self._database.write() as session:
                values = {"priority": kind.age_priority, "revision": Job.revision + REVISION_STEP}
                session.execute(update(Job).where(*old).values(values).execution_options(synchronize_session=False))

    def end_batches(self) -> int:
        """End batches whose children have all ended, as a crash between two transactions may leave them."""
        child = aliased(Job)
        open_child = exists().where(child.parent_id == Job.id, child.status.in_(ACTIVE))
        with self._database.read() as session:
            over = list(session.scalars(select(Job.id).where(text(str(ACTIVE_ROWS)), Job.is_batch, ~open_child)))
        for parent_id in over:
            with self._database.write() as session:
                self._jobs.life.settle(session, parent_id)
        return len(over)

    def forget_workers(self) -> None:
        """Remove rows of workers that are dead or have been silent for a minute."""
        with self._database.read() as session:
            workers = session.scalars(select(Worker)).all()
        silent = self._clock() - WORKER_SILENCE
        gone = [worker.id for worker in workers if worker.heartbeat_at < silent or is_gone(worker.id)]
        if gone:
            with self._database.write() as session:
                for worker in session.scalars(select(Worker).where(Worker.id.in_(gone))).all():
                    session.delete(worker)

    def expire(self) -> int:
        """Remove ended jobs past their retention, some hundreds in a transaction; gives their number."""
        count = 0
        while True:
            over = select(Job.id).where(Job.expires_at < self._clock(), Job.status.in_(FINAL)).order_by(Job.expires_at).limit(AT_A_TIME)
            with self._database.read() as session:
                expired = list(session.scalars(over))
            if not expired:
                return count
            with self._database.write() as session:
                self._jobs.delete_ended(session, session.scalars(select(Job).where(Job.id.in_(expired), Job.status.in_(FINAL))).all())
            count += len(expired)

    def _is_late(self, session: Session, owner: str) -> bool:
        late = (Job.status == JobState.RUNNING, Job.lease_owner == owner, Job.lease_until < self._clock())
        return session.scalar(select(Job.id).where(*late).limit(1)) is not None
