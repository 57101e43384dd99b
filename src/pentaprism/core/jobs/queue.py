"""The queue: what routes and services do with jobs."""

import builtins
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from pentaprism.core.clock import Clock, now
from pentaprism.core.database.chunks import chunks
from pentaprism.core.database.engine import after_commit
from pentaprism.core.errors import NotFound
from pentaprism.core.events.bus import EventBus
from pentaprism.core.jobs import logs, order
from pentaprism.core.jobs.announce import REVISION_STEP
from pentaprism.core.jobs.claims import Claims, hold_name, is_paused, is_there, pause_name
from pentaprism.core.jobs.dispatch import Dispatch
from pentaprism.core.jobs.kinds import JobKind
from pentaprism.core.jobs.life import HELD, Life, child_counts, hook
from pentaprism.core.jobs.listing import Listing, Wanted
from pentaprism.core.jobs.new import AlreadyActive, Intake, KeyReused, NewJob
from pentaprism.core.jobs.shared import put_shared
from pentaprism.core.jobs.states import ACTIVE, FINAL, WAITING, JobState
from pentaprism.core.jobs.tables import Job, JobLog, JobStep, SharedState
from pentaprism.core.pages import Page

__all__ = ["AlreadyActive", "Jobs", "KeyReused", "NewJob"]


class Jobs:
    """Durable jobs. No method commits; doorbells and events go out after the caller's commit."""

    def __init__(self, dispatch: Dispatch, events: EventBus, kinds: Mapping[str, JobKind], clock: Clock = now) -> None:
        self.kinds = kinds
        self.life = Life(kinds, dispatch, events, clock)
        self.claims = Claims(kinds, clock)
        self._intake = Intake(kinds, self.life, clock)
        self._dispatch = dispatch
        self._listing = Listing(clock)

    # -- new jobs

    def enqueue(
        self,
        session: Session,
        kind: str,
        *,
        account_id: str,
        face: str,
        request: Mapping[str, Any],
        subject: str | None = None,
        exclusive_key: str | None = None,
        priority: int = 0,
        parent: Job | None = None,
        child_index: int | None = None,
        run_after: datetime | None = None,
        idempotency_key: str | None = None,
        request_hash: str | None = None,
        max_attempts: int | None = None,
        time_limit: int | None = None,
        queue: str | None = None,
    ) -> Job:
        """A waiting job, or the earlier one of the same ``idempotency_key``; ``queue`` in place of its kind's.

        Raises KeyReused when that key came with another ``request_hash``, AlreadyActive when an active job has the same
        ``exclusive_key``.
        """
        new = NewJob(
            kind,
            account_id,
            face,
            request,
            subject=subject,
            exclusive_key=exclusive_key,
            priority=priority,
            parent_id=parent.id if parent else None,
            child_index=child_index,
            run_after=run_after,
            idempotency_key=idempotency_key,
            request_hash=request_hash,
            max_attempts=max_attempts,
            time_limit=time_limit,
            queue=queue,
        )
        return self._intake.one(session, new)

    def enqueue_many(self, session: Session, new: Sequence[NewJob]) -> builtins.list[Job]:
        """All of ``new`` in one INSERT, in this order within equal priority."""
        return self._intake.many(session, new)

    def batch(
        self,
        session: Session,
        kind: str,
        children: Sequence[NewJob],
        *,
        account_id: str,
        face: str,
        request: Mapping[str, Any] | None = None,
        subject: str | None = None,
        children_at_once: int | None = None,
        priority: int = 0,
        idempotency_key: str | None = None,
        request_hash: str | None = None,
    ) -> Job:
        """A batch of ``children``, of which at most ``children_at_once`` are worked on at a time. It ends with its last child:
        completed when at least one child completed, failed when none did."""
        parent = NewJob(
            kind,
            account_id,
            face,
            request or {},
            subject=subject,
            priority=priority,
            idempotency_key=idempotency_key,
            request_hash=request_hash,
        )
        return self._intake.batch(session, parent, children, children_at_once)

    # -- looking

    def get(self, session: Session, job_id: str) -> Job:
        """The job; NotFound if there is none."""
        job = session.get(Job, job_id)
        if job is None:
            raise NotFound
        return job

    def active_for(self, session: Session, subject: str) -> Job | None:
        """The newest active job on ``subject``."""
        return session.scalars(select(Job).where(Job.subject == subject, Job.status.in_(ACTIVE)).order_by(Job.id.desc()).limit(1)).first()

    def active_for_many(self, session: Session, subjects: Sequence[str]) -> dict[str, Job]:
        """The newest active job on each of ``subjects`` that has one."""
        found: dict[str, Job] = {}
        for part in chunks(subjects):
            for job in session.scalars(select(Job).where(Job.subject.in_(part), Job.status.in_(ACTIVE)).order_by(Job.id)):
                found[str(job.subject)] = job
        return found

    def position(self, session: Session, job: Job) -> int:
        """One-based place in the whole queue under fair turns; 0 when the job does not wait."""
        return self.positions(session, [job]).get(job.id, 0)

    def positions(self, session: Session, jobs: Sequence[Job]) -> dict[str, int]:
        """:meth:`position` of several jobs, by id; those that do not wait are left out. A batch stands where its first waiting
        child does, a job of a kind taken by rank among all waiting jobs of its kind."""
        return order.positions(session, jobs, [kind.name for kind in self.kinds.values() if kind.by_rank])

    def counts(
        self, session: Session, *, account_id: str | None = None, face: str | None = None, queue: str | None = None
    ) -> dict[JobState, int]:
        """Number of jobs in each state, batches themselves left out."""
        return self._listing.counts(session, account_id=account_id, face=face, queue=queue)

    def child_counts(self, session: Session, parent: Job) -> dict[JobState, int]:
        """Number of a batch's children in each state; deleted children still count."""
        return child_counts(session, parent)

    def children(self, session: Session, parent: Job, *, limit: int = 1000, offset: int = 0) -> Sequence[Job]:
        """The batch's children in their order."""
        query = select(Job).where(Job.parent_id == parent.id).order_by(Job.child_index, Job.id)
        return session.scalars(query.limit(limit).offset(offset)).all()

    def list(
        self,
        session: Session,
        *,
        account_id: str | None = None,
        face: str | None = None,
        statuses: Sequence[JobState] | None = None,
        kinds: Sequence[str] | None = None,
        subject: str | None = None,
        top_level: bool = False,
        limit: int = 50,
        offset: int = 0,
        newest_first: bool = True,
    ) -> Page[Job]:
        """A page of jobs by age. ``top_level`` leaves children of batches out."""
        states = None if statuses is None else tuple(sorted(statuses))
        wanted = Wanted(account_id, face, states, None if kinds is None else tuple(sorted(kinds)), subject, top_level)
        return self._listing.page(session, wanted, limit=limit, offset=offset, newest_first=newest_first)

    def logs(
        self, session: Session, job_id: str, *, since: datetime | None = None, level: str = "debug", limit: int = 1000
    ) -> Sequence[JobLog]:
        """Log lines later than ``since`` of ``level`` or above, oldest first."""
        return logs.read(session, job_id, since=since, level=level, limit=limit)

    def log(self, session: Session, job_id: str, message: str, level: str = "info") -> None:
        """Add a line to the job's log from outside its worker."""
        logs.append(session, job_id, message, level)

    def steps(self, session: Session, job_id: str) -> Sequence[JobStep]:
        """The job's steps, by subject and position."""
        return session.scalars(select(JobStep).where(JobStep.job_id == job_id).order_by(JobStep.subject, JobStep.position)).all()

    # -- changing

    def cancel(self, session: Session, job: Job, message: str | None = None) -> bool:
        """Cancel an active job, or a batch with its active children, in its row at once; False when it had ended before."""
        return self.life.cancelled(session, job, message)

    def cancel_all(self, session: Session, jobs: Sequence[Job], message: str | None = None) -> None:
        """Cancel those of ``jobs`` that are active."""
        self.life.lock(session, jobs)
        for job in jobs:
            self.life.cancelled(session, job, message)

    def cancel_account(self, session: Session, account_id: str) -> None:
        """Cancel whatever is active of an account."""
        query = select(Job).where(Job.account_id == account_id, Job.status.in_(ACTIVE))
        jobs = session.scalars(query.order_by(Job.parent_id.is_not(None))).all()
        self.cancel_all(session, jobs, "The account was deleted.")

    def raise_priority(self, session: Session, job: Job, priority: int) -> bool:
        """Give a waiting job a higher priority; False when it does not wait or has that priority already."""
        changed = session.execute(
            update(Job)
            .where(Job.id == job.id, Job.status.in_(WAITING), Job.priority < priority)
            .values(priority=priority, revision=Job.revision + REVISION_STEP)
            .execution_options(synchronize_session=False)
        )
        if changed.rowcount != 1:  # type: ignore[attr-defined]
            return False
        session.refresh(job)
        self.life.announce(session, job)
        self.life.ring(session, job)
        return True

    def retry(self, session: Session, job: Job) -> bool:
        """Put a failed job, or the failed children of a batch, back into the queue with fresh attempts; False if nothing has failed.

        A batch that had ended is open again until they end. Children that never ran, and whatever was cancelled, stay as they are.
        """
        if job.is_batch:
            failed = select(Job).where(Job.parent_id == job.id, Job.status == JobState.FAILED, Job.attempt > 0)
            return self._retry_children(session, job, session.scalars(failed.order_by(Job.id)).all())
        if job.parent_id is not None:
            parent = session.get(Job, job.parent_id, with_for_update=True, populate_existing=True)
            return parent is not None and job.attempt > 0 and self._retry_children(session, parent, [job])
        if not self._again(session, job):
            return False
        self._listing.changed(session, job.account_id)
        return True

    def delete(self, session: Session, job: Job) -> None:
        """Remove the job with its children, steps and log; an active one is cancelled first."""
        if job.status in ACTIVE:
            self.life.cancelled(session, job, None)
        self.delete_ended(session, [job])

    def delete_ended(self, session: Session, jobs: Sequence[Job]) -> None:
        """Remove ended jobs with their children, steps and logs; batches keep the counts of children removed."""
        ids = [job.id for job in jobs]
        children = session.scalars(select(Job).where(Job.parent_id.in_([job.id for job in jobs if job.is_batch]))).all()
        for job in (*children, *jobs):
            kind = self.kinds.get(job.kind)
            if kind is not None and kind.on_delete:
                hook(kind.on_delete)(session, job)
        for job in jobs:
            if job.parent_id is not None and job.parent_id not in ids:
                self.life.child_removed(session, job)
        for account_id in {job.account_id for job in jobs}:
            self._listing.changed(session, account_id)
        session.flush()
        session.execute(delete(Job).where(Job.id.in_(ids)).execution_options(synchronize_session=False))
        for job in (*children, *jobs):
            session.expunge(job)

    # -- queues

    def pause(self, session: Session, queue: str) -> None:
        """Give out no further jobs of ``queue``; running ones go on."""
        put_shared(session, pause_name(queue), {})

    def resume(self, session: Session, queue: str) -> None:
        """Give out jobs of ``queue`` again."""
        session.execute(delete(SharedState).where(SharedState.name == pause_name(queue)))
        after_commit(session, lambda: self._dispatch.ring("", queue, 0))

    def is_paused(self, session: Session, queue: str) -> bool:
        """Whether ``queue`` gives out no jobs."""
        return is_paused(session, queue)

    def hold(self, session: Session, kind: str) -> None:
        """Give out no further jobs of ``kind``; running ones go on."""
        put_shared(session, hold_name(kind), {})

    def unhold(self, session: Session, kind: str) -> None:
        """Give out jobs of ``kind`` again."""
        session.execute(delete(SharedState).where(SharedState.name == hold_name(kind)))
        queue = self.kinds[kind].queue
        after_commit(session, lambda: self._dispatch.ring("", queue, 0))

    def is_held(self, session: Session, kind: str) -> bool:
        """Whether no jobs of ``kind`` are given out."""
        return is_there(session, hold_name(kind))

    # -- workers

    def worker_lost(
        self, session: Session, worker_id: str, code: str, message: str, *, again: bool, wait: bool = False
    ) -> builtins.list[str]:
        """Fail or retry whatever ``worker_id`` was running; gives the ids of those jobs."""
        running = select(Job).where(Job.status == JobState.RUNNING, Job.lease_until.is_not(None), Job.lease_owner == worker_id)
        lost = session.scalars(running.with_for_update()).all()
        for job in lost:
            self.life.failed(session, job, code, message, again=again, at_once=not wait)
        return [job.id for job in lost]

    def hand_back(self, session: Session, worker_id: str) -> builtins.list[str]:
        """Put back what a stopped ``worker_id`` was running, the attempt uncounted; gives the ids of those jobs."""
        running = select(Job).where(Job.status == JobState.RUNNING, Job.lease_until.is_not(None), Job.lease_owner == worker_id)
        left = session.scalars(running.with_for_update()).all()
        for job in left:
            self.life.given_back(session, job)
        return [job.id for job in left]

    # -- inside

    def _again(self, session: Session, job: Job, run_after: datetime | None = None) -> bool:
        """Make a failed job wait again."""
        kind = self.kinds.get(job.kind)
        values: dict[str, Any] = {} if kind is not None and kind.keeps_progress else {"progress": 0.0}
        changed = session.execute(
            update(Job)
            .where(Job.id == job.id, Job.status == JobState.FAILED)
            .values(
                status=JobState.QUEUED,
                attempt=0,
                run_after=run_after,
                error_code=None,
                error_message=None,
                finished_at=None,
                expires_at=None,
                cancel_requested_at=None,
                message=None,
                step=None,
                revision=Job.revision + REVISION_STEP,
                **values,
            )
            .execution_options(synchronize_session=False)
        )
        session.refresh(job)
        if changed.rowcount != 1:  # type: ignore[attr-defined]
            return False
        self.life.announce(session, job)
        if run_after is None:
            self.life.ring(session, job)
        return True

    def _retry_children(self, session: Session, parent: Job, failed: Sequence[Job]) -> bool:
        if parent.status == JobState.CANCELLED:
            return False
        # Held first, then let go as far as the batch allows.
        held = HELD if parent.children_at_once is not None else None
        if not [child for child in failed if self._again(session, child, held)]:
            return False
        if parent.status in FINAL:
            parent.status = JobState.QUEUED
            parent.error_code = parent.error_message = parent.finished_at = parent.expires_at = None
            parent.progress = 0.0
            parent.revision += REVISION_STEP
            session.flush()
        self._listing.changed(session, parent.account_id)
        self.life.settle(session, parent.id)
        return True
