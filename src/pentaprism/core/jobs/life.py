"""How a job moves from state to state. Every move is one guarded UPDATE; what follows from it happens in the same transaction."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from typing import Any

from sqlalchemy import bindparam, func, literal_column, null, select, update
from sqlalchemy.orm import Session

from pentaprism.core.clock import Clock
from pentaprism.core.database.chunks import chunks
from pentaprism.core.database.engine import after_commit
from pentaprism.core.database.tables import Moment
from pentaprism.core.errors import LeaseLost
from pentaprism.core.events.bus import EventBus
from pentaprism.core.events.event import Event
from pentaprism.core.jobs.announce import REVISION_STEP, Announced, job_events
from pentaprism.core.jobs.claims import JOBS, Claim
from pentaprism.core.jobs.dispatch import Dispatch
from pentaprism.core.jobs.kinds import JobKind
from pentaprism.core.jobs.prepared import Prepared
from pentaprism.core.jobs.states import ACTIVE, FINAL, JobState, StepState
from pentaprism.core.jobs.tables import Job, JobStep

log = logging.getLogger(__name__)

TOLD, ALSO = "job_events", "hook_events"

HELD = datetime(9999, 1, 1, tzinfo=UTC)
"""``run_after`` of a child that waits for a sibling to end."""


@cache
def hook(path: str) -> Callable[..., Any]:
    """The function that ``module:function`` names."""
    module, _, name = path.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found


def also_tell(session: Session, events: Iterable[Event]) -> None:
    """Let what a hook has to tell go out with the events of the job whose end or failure called it."""
    session.info.setdefault(ALSO, []).extend(events)


class Life:
    """The moves of jobs, with the events and hooks that belong to them."""

    def __init__(self, kinds: Mapping[str, JobKind], dispatch: Dispatch, events: EventBus, clock: Clock) -> None:
        self.kinds = kinds
        self._dispatch = dispatch
        self._events = events
        self._clock = clock

    def announce(self, session: Session, job: Announced) -> None:
        """Publish the job as it is now, after the commit; all that one transaction tells goes out together."""
        told: list[Event] | None = session.info.get(TOLD)
        if told is None:
            told = session.info[TOLD] = []
            events = told
            after_commit(session, lambda: self._events.publish([*events, *session.info.get(ALSO, ())]))
        told.extend(job_events(job))

    def ring(self, session: Session, job: Job) -> None:
        """Ring the doorbell for ``job`` after the commit."""
        job_id, queue, priority = job.id, job.queue, job.priority
        after_commit(session, lambda: self._dispatch.ring(job_id, queue, priority))

    def started(self, session: Session, claim: Claim) -> None:
        """A worker has taken the job: tell so, and start its batch with the first child."""
        self.announce(session, claim)
        if claim.parent_id is None:
            return
        moment = self._clock()
        parent = session.scalars(
            update(Job)
            .where(Job.id == claim.parent_id, Job.status == JobState.QUEUED)
            .values(
                status=JobState.RUNNING,
                started_at=moment,
                first_started_at=func.coalesce(Job.first_started_at, moment),
                revision=Job.revision + REVISION_STEP,
            )
            .returning(Job)
            .execution_options(synchronize_session=False, populate_existing=True)
        ).one_or_none()
        if parent is not None:
            self.announce(session, parent)

    def completed(self, session: Session, claim: Claim, result: Mapping[str, Any] | None, retention: timedelta | None = None) -> None:
        """End the claimed job as completed; LeaseLost if it is no longer the worker's."""
        moment = self._clock()
        kept = retention if retention is not None else self._retention(claim.kind)
        claim.revision += REVISION_STEP
        values = {
            "message": claim.message,
            "result": dict(result) if result is not None else None,
            "moment": moment,
            "expires_at": None if claim.parent_id else moment + kept,
            "revision": claim.revision,
        }
        if COMPLETE.run(session.connection(), fence(claim) | values).rowcount != 1:
            raise LeaseLost
        claim.status, claim.progress, claim.step = JobState.COMPLETED, 100.0, None
        self.announce(session, claim)
        if claim.parent_id is not None:
            self.settle(session, claim.parent_id)

    def failed(
        self, session: Session, job: Job, code: str, message: str, *, again: bool, wait: float | None = None, at_once: bool = False
    ) -> None:
        """An attempt of the running ``job`` failed. With ``again`` and attempts left it is retried after the kind's backoff
        (``wait``: seconds asked for by whoever was busy; ``at_once``: no wait), else it ends as failed."""
        kind = self.kinds.get(job.kind)
        self._close_steps(session, job.id, StepState.FAILED, message)
        if again and job.attempt < job.max_attempts:
            seconds = 0.0 if at_once or kind is None else kind.wait_after(job.attempt, wait)
            job.status = JobState.RETRYING
            job.run_after = self._clock() + timedelta(seconds=seconds) if seconds > 0 else None
            job.lease_owner = job.lease_until = None
            self._tell(job, code, message)
            if kind is not None and kind.on_retry:
                hook(kind.on_retry)(session, job, seconds)
            session.flush()
            self.announce(session, job)
            self.ring(session, job)
            return
        self._end(session, job, JobState.FAILED, code, message)

    def lock(self, session: Session, jobs: Sequence[Job]) -> None:
        """Wait for the workers' transactions on active ``jobs`` and on children of the batches among them.

        Workers hold their own job before its batch and before what hooks change, so whoever cancels has to go the same way: a hook of
        the first of several jobs may change what the worker of the second is about to change.
        """
        locking = select(Job.id).where(Job.status.in_(ACTIVE)).order_by(Job.id).with_for_update()
        for part in chunks(sorted(job.id for job in jobs if job.is_batch)):
            session.execute(locking.where(Job.parent_id.in_(part))).all()
        for part in chunks(sorted(job.id for job in jobs)):
            session.execute(locking.where(Job.id.in_(part))).all()

    def cancelled(self, session: Session, job: Job, message: str | None) -> bool:
        """Cancel the job if it is active; its worker, if any, can write nothing from here on."""
        moment = self._clock()
        if job.is_batch:
            self.lock(session, [job])
        before = session.scalar(select(Job.status).where(Job.id == job.id).with_for_update())
        if before not in ACTIVE:
            session.refresh(job)
            return False
        session.refresh(job)
        job.cancel_requested_at = moment
        self._close_steps(session, job.id, StepState.SKIPPED, None)
        self._end(session, job, JobState.CANCELLED, "CANCELLED", message or "The job was cancelled.")
        if job.is_batch:
            for child in session.scalars(select(Job).where(Job.parent_id == job.id, Job.status.in_(ACTIVE))).all():
                self.cancelled(session, child, message)
        elif before == JobState.RUNNING:
            after_commit(session, lambda: self._dispatch.cancel(job.id))
        return True

    def given_back(self, session: Session, job: Job) -> None:
        """The worker of ``job`` stops before it is done: the job waits again and the attempt does not count."""
        self._close_steps(session, job.id, StepState.PENDING, None)
        job.status = JobState.RETRYING if job.attempt > 1 else JobState.QUEUED
        job.attempt -= 1
        job.lease_owner = job.lease_until = job.run_after = None
        self._tell(job, None, None)
        session.flush()
        self.announce(session, job)
        self.ring(session, job)

    def settle(self, session: Session, parent_id: str) -> None:
        """Bring a batch up to date with its children: release the next held one, raise the progress, end it with the last."""
        parent = session.get(Job, parent_id, with_for_update=True, populate_existing=True)
        if parent is None or parent.status in FINAL:
            return
        counts = child_counts(session, parent)
        total = sum(counts.values())
        active = sum(counts[state] for state in ACTIVE)
        if active == 0:
            self._end_batch(session, parent, counts)
            return
        if parent.children_at_once is not None:
            self._release_child(session, parent)
        parent.progress = max(parent.progress, 100.0 * (total - active) / total)
        parent.revision += REVISION_STEP
        session.flush()
        self.announce(session, parent)

    def child_removed(self, session: Session, child: Job) -> None:
        """An ended child is about to be deleted: its batch goes on counting it."""
        parent = session.get(Job, child.parent_id, with_for_update=True)
        if parent is not None:
            removed = dict(parent.removed_children or {})
            removed[str(child.status)] = int(removed.get(str(child.status), 0)) + 1
            parent.removed_children = removed

    def _end_batch(self, session: Session, parent: Job, counts: Mapping[JobState, int]) -> None:
        parent.progress = 100.0
        if counts[JobState.COMPLETED] or not sum(counts.values()):
            self._end(session, parent, JobState.COMPLETED, None, None)
        elif counts[JobState.FAILED]:
            self._end(session, parent, JobState.FAILED, "BATCH_FAILED", f"All {counts[JobState.FAILED]} jobs of the batch failed.")
        else:
            self._end(session, parent, JobState.CANCELLED, "CANCELLED", "The job was cancelled.")

    def _end(self, session: Session, job: Job, state: JobState, code: str | None, message: str | None) -> None:
        moment = self._clock()
        kind = self.kinds.get(job.kind)
        job.status = state
        job.finished_at = moment
        job.expires_at = None if job.parent_id else moment + self._retention(job.kind)
        job.lease_owner = job.lease_until = job.run_after = None
        self._tell(job, code, message)
        if kind is not None and kind.on_end:
            hook(kind.on_end)(session, job)
        session.flush()
        self.announce(session, job)
        if job.parent_id is not None:
            self.settle(session, job.parent_id)

    def _tell(self, job: Job, code: str | None, message: str | None) -> None:
        job.error_code = code
        job.error_message = message[:1000] if message else None
        job.revision += REVISION_STEP

    def _release_child(self, session: Session, parent: Job) -> None:
        free = select(func.count()).where(Job.parent_id == parent.id, Job.status.in_(ACTIVE), Job.run_after.is_distinct_from(HELD))
        for _ in range((parent.children_at_once or 1) - (session.scalar(free) or 0)):
            held = select(Job).where(Job.parent_id == parent.id, Job.status == JobState.QUEUED, Job.run_after == HELD)
            child = session.scalars(held.order_by(Job.id).limit(1)).one_or_none()
            if child is None:
                return
            child.run_after = None
            session.flush()
            self.ring(session, child)

    def _close_steps(self, session: Session, job_id: str, state: StepState, error: str | None) -> None:
        """Open steps end as ``state``; of those, steps that never began are skipped when the job fails."""
        moment = self._clock()
        values: dict[str, Any] = {"status": state, "error": error[:1000] if error else None}
        values |= {"started_at": None} if state is StepState.PENDING else {"finished_at": moment}
        begun = update(JobStep).where(JobStep.job_id == job_id, JobStep.status == StepState.RUNNING)
        session.execute(begun.values(**values).execution_options(synchronize_session=False))
        if state is not StepState.PENDING:
            rest = update(JobStep).where(JobStep.job_id == job_id, JobStep.status == StepState.PENDING)
            session.execute(rest.values(status=StepState.SKIPPED).execution_options(synchronize_session=False))

    def _retention(self, kind: str) -> timedelta:
        found = self.kinds.get(kind)
        return found.retention if found is not None else timedelta(days=7)


MINE = (
    JOBS.c.id == bindparam("claim_id"),
    JOBS.c.attempt == bindparam("claim_attempt"),
    JOBS.c.lease_owner == bindparam("claim_worker"),
    JOBS.c.status == literal_column("'running'"),
)
"""The fence as a condition, bound by :func:`fence`."""

COMPLETE = Prepared(
    JOBS.update()
    .where(*MINE)
    .values(
        status=str(JobState.COMPLETED),
        progress=100.0,
        step=null(),
        message=bindparam("message"),
        result=bindparam("result"),
        finished_at=bindparam("moment", type_=Moment()),
        updated_at=bindparam("moment", type_=Moment()),
        expires_at=bindparam("expires_at"),
        lease_owner=null(),
        lease_until=null(),
        revision=bindparam("revision"),
    )
)


def fence(claim: Claim) -> dict[str, Any]:
    """Values for ``MINE``."""
    return {"claim_id": claim.id, "claim_attempt": claim.attempt, "claim_worker": claim.worker_id}


def mine(claim: Claim) -> tuple[Any, ...]:
    """The fence: true only while ``claim`` holds the job."""
    return (
        Job.id == claim.id,
        Job.attempt == claim.attempt,
        Job.lease_owner == claim.worker_id,
        Job.status == JobState.RUNNING,
    )


def child_counts(session: Session, parent: Job) -> dict[JobState, int]:
    """Number of the batch's children in each state, those deleted meanwhile included."""
    counts = dict.fromkeys(JobState, 0)
    for state, number in session.execute(select(Job.status, func.count()).where(Job.parent_id == parent.id).group_by(Job.status)):
        counts[JobState(state)] += number
    for name, removed in (parent.removed_children or {}).items():
        counts[JobState(name)] += int(removed)
    return counts
