"""Accepting jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, make_transient_to_detached

from pentaprism.core.clock import Clock
from pentaprism.core.errors import Conflict
from pentaprism.core.ids import new_id
from pentaprism.core.jobs.announce import REVISION_STEP
from pentaprism.core.jobs.claims import JOBS
from pentaprism.core.jobs.kinds import JobKind
from pentaprism.core.jobs.life import HELD, Life
from pentaprism.core.jobs.prepared import Prepared
from pentaprism.core.jobs.states import ACTIVE, WAITING, JobState
from pentaprism.core.jobs.tables import Job

INSERT = Prepared(JOBS.insert().values({column.name: bindparam(column.name) for column in JOBS.columns}))

BATCH_QUEUE = "none"
"""Queue of batch rows, which run nothing themselves."""


class AlreadyActive(Conflict):
    """A job for this is already active."""

    # ``job`` is that job, detached.
    code = "ALREADY_ACTIVE"

    def __init__(self, job: Job) -> None:
        super().__init__(details={"job_id": job.id})
        self.job = job


class KeyReused(Conflict):
    """This idempotency key was used for a different request."""

    code = "IDEMPOTENCY_KEY_REUSED"


@dataclass(slots=True)
class NewJob:
    """A job to be. ``queue`` in place of its kind's. ``failure`` (code, message) makes a row that has failed before it ran, for a bad
    entry of a batch."""

    kind: str
    account_id: str
    face: str
    request: Mapping[str, Any] = field(default_factory=dict)
    subject: str | None = None
    exclusive_key: str | None = None
    priority: int = 0
    parent_id: str | None = None
    child_index: int | None = None
    run_after: datetime | None = None
    idempotency_key: str | None = None
    request_hash: str | None = None
    max_attempts: int | None = None
    time_limit: int | None = None
    queue: str | None = None
    failure: tuple[str, str] | None = None
    id: str = field(default_factory=new_id)


class Intake:
    """Writes new rows."""

    def __init__(self, kinds: Mapping[str, JobKind], life: Life, clock: Clock) -> None:
        self._kinds = kinds
        self._life = life
        self._clock = clock

    def one(self, session: Session, new: NewJob) -> Job:
        """The job, or the earlier one of its idempotency key. Raises KeyReused, AlreadyActive."""
        return self._active_or_earlier(session, new) or self._once(session, new, self._row(new))

    def many(self, session: Session, new: Sequence[NewJob]) -> list[Job]:
        """All of ``new`` in one INSERT."""
        return self._insert(session, [self._row(one) for one in new])

    def batch(self, session: Session, new: NewJob, children: Sequence[NewJob], children_at_once: int | None) -> Job:
        """A batch row and its children; those beyond ``children_at_once`` are held back."""
        earlier = self._earlier(session, new)
        if earlier is not None:
            return earlier
        row = self._row(new) | {"is_batch": True, "queue": BATCH_QUEUE, "children_at_once": children_at_once}
        parent = self._once(session, new, row)
        if parent.id != new.id:
            return parent
        rows = []
        active = 0
        for index, child in enumerate(children):
            child.parent_id = parent.id
            child.child_index = index if child.child_index is None else child.child_index
            one = self._row(child)
            if child.failure is None:
                active += 1
                if children_at_once is not None and active > children_at_once:
                    one["run_after"] = HELD
            rows.append(one)
        self._insert(session, rows)
        if active == 0:
            self._life.settle(session, parent.id)
        return parent

    def _once(self, session: Session, new: NewJob, row: dict[str, Any]) -> Job:
        """The job of ``row``, or that of the same key which another transaction has committed since we looked. Raises AlreadyActive."""
        if new.exclusive_key is None and new.idempotency_key is None:
            return self._insert(session, [row])[0]
        try:
            with session.begin_nested():
                return self._insert(session, [row])[0]
        except Conflict:
            earlier = self._active_or_earlier(session, new)
            if earlier is None:
                raise
            return earlier

    def _active_or_earlier(self, session: Session, new: NewJob) -> Job | None:
        """The earlier job of the idempotency key, or None. Raises AlreadyActive for the exclusive key's."""
        earlier = self._earlier(session, new)
        if earlier is not None or new.exclusive_key is None:
            return earlier
        active = session.scalars(select(Job).where(Job.exclusive_key == new.exclusive_key, Job.status.in_(ACTIVE))).first()
        if active is not None:
            # Out of the session, whose rollback would empty it.
            session.expunge(active)
            raise AlreadyActive(active)
        return None

    def _earlier(self, session: Session, new: NewJob) -> Job | None:
        if new.idempotency_key is None:
            return None
        same = (Job.account_id == new.account_id, Job.face == new.face, Job.idempotency_key == new.idempotency_key)
        earlier = session.scalars(select(Job).where(*same)).first()
        if earlier is not None and earlier.request_hash != new.request_hash:
            raise KeyReused
        return earlier

    def _row(self, new: NewJob) -> dict[str, Any]:
        kind = self._kinds[new.kind]
        moment = self._clock()
        code, message = new.failure or (None, None)
        return {
            "id": new.id,
            "account_id": new.account_id,
            "face": new.face,
            "kind": new.kind,
            "queue": new.queue or kind.queue,
            "priority": new.priority,
            "subject": new.subject,
            "exclusive_key": new.exclusive_key,
            "parent_id": new.parent_id,
            "child_index": new.child_index,
            "is_batch": False,
            "children_at_once": None,
            "removed_children": None,
            "status": JobState.QUEUED if new.failure is None else JobState.FAILED,
            "progress": 0.0,
            "step": None,
            "message": None,
            "revision": REVISION_STEP,
            "request": dict(new.request),
            "result": None,
            "error_code": code,
            "error_message": message,
            "attempt": 0,
            "max_attempts": new.max_attempts or kind.max_attempts,
            "time_limit": new.time_limit or kind.time_limit,
            "run_after": new.run_after,
            "lease_owner": None,
            "lease_until": None,
            "cancel_requested_at": None,
            "rung_at": moment,
            "idempotency_key": new.idempotency_key,
            "request_hash": new.request_hash,
            "created_at": moment,
            "updated_at": moment,
            "started_at": None,
            "first_started_at": None,
            "finished_at": None if new.failure is None else moment,
            "expires_at": None,
        }

    def _insert(self, session: Session, rows: Sequence[dict[str, Any]]) -> list[Job]:
        if not rows:
            return []
        session.flush()
        # What can be done before the write lock is taken is done before.
        jobs = [Job(**row) for row in rows]
        try:
            INSERT.run_many(session.connection(), rows)
        except IntegrityError as error:
            raise Conflict("A job for this was accepted at the same moment.") from error
        for job in jobs:
            # The rows are there; the objects join the session without a second round trip.
            make_transient_to_detached(job)
            session.add(job)
            self._life.announce(session, job)
            if job.status in WAITING and not job.is_batch and job.run_after != HELD:
                self._life.ring(session, job)
        return jobs
