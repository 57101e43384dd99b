"""Which job is next, and taking it: a compare-and-set that gives one worker the lease and the attempt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import TextClause, bindparam, case, func, select, text, update
from sqlalchemy.orm import Session

from pentaprism.core.clock import Clock
from pentaprism.core.database.tables import Moment
from pentaprism.core.jobs.announce import REVISION_STEP
from pentaprism.core.jobs.kinds import JobKind
from pentaprism.core.jobs.states import WAITING, JobState, StepState
from pentaprism.core.jobs.tables import Job, JobStep, SharedState

LEASE = timedelta(seconds=20)
WAITS = "status IN ('queued', 'retrying')"

ACCOUNTS = f"""
WITH RECURSIVE waiting(account_id) AS (
    SELECT min(account_id) FROM jobs WHERE queue = :queue AND {WAITS}
    UNION ALL
    SELECT (SELECT min(account_id) FROM jobs WHERE queue = :queue AND {WAITS} AND account_id > waiting.account_id)
    FROM waiting WHERE waiting.account_id IS NOT NULL
)"""

SERVED = text(
    "INSERT INTO job_turns (account_id, queue, served_at) VALUES (:account, :queue, :now) "
    "ON CONFLICT (account_id, queue) DO UPDATE SET served_at = excluded.served_at"
).bindparams(bindparam("now", type_=Moment()))

PAUSED = select(SharedState.value).where(SharedState.name == bindparam("name"))

TAKEN = (
    Job.id,
    Job.account_id,
    Job.face,
    Job.kind,
    Job.queue,
    Job.subject,
    Job.parent_id,
    Job.child_index,
    Job.request,
    Job.attempt,
    Job.max_attempts,
    Job.time_limit,
    Job.progress,
    Job.revision,
)


@dataclass(slots=True)
class Claim:
    """A job in the hands of a worker: what the row said when it was taken, and what the worker has changed since."""

    id: str
    account_id: str
    face: str
    kind: str
    queue: str
    subject: str | None
    parent_id: str | None
    child_index: int | None
    request: dict[str, Any]
    attempt: int
    max_attempts: int
    time_limit: int
    progress: float
    revision: int
    worker_id: str
    started_at: datetime
    status: str = JobState.RUNNING
    step: str | None = None
    message: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    is_batch: bool = False


class Claims:
    """Picks and takes jobs. Accounts with waiting jobs take turns; inside an account priority, then age, decides."""

    def __init__(self, kinds: Mapping[str, JobKind], clock: Clock) -> None:
        self._clock = clock
        limits = "".join(_limits(kind) for kind in kinds.values())
        ready = f"{WAITS} AND (j.run_after IS NULL OR j.run_after <= :now){limits}"
        self._next = _timed(
            f"""{ACCOUNTS}
            SELECT job_id FROM (
                SELECT (
                    SELECT j.id FROM jobs j WHERE j.queue = :queue AND j.account_id = waiting.account_id AND {ready}
                    ORDER BY j.priority DESC, j.id LIMIT 1
                ) AS job_id, served_at, waiting.account_id AS account_id
                FROM waiting LEFT JOIN job_turns ON job_turns.account_id = waiting.account_id AND job_turns.queue = :queue
                WHERE waiting.account_id IS NOT NULL
            ) AS picked
            WHERE job_id IS NOT NULL ORDER BY served_at NULLS FIRST, account_id LIMIT 1"""
        )
        self._one = _timed(f"SELECT j.id FROM jobs j WHERE j.id = :job AND {ready}")
        self._keeping = [kind.name for kind in kinds.values() if kind.keeps_progress]

    def next(self, session: Session, queues: Sequence[str], worker_id: str) -> Claim | None:
        """Take the next job of the first of ``queues`` that has one; None when nothing is ready."""
        for queue in queues:
            if is_paused(session, queue):
                continue
            while (job_id := session.scalar(self._next, {"queue": queue, "now": self._clock()})) is not None:
                claim = self._take(session, job_id, worker_id)
                if claim is not None:
                    return claim
        return None

    def one(self, session: Session, job_id: str, worker_id: str) -> Claim | None:
        """Take the job ``job_id``; None when it does not wait, is not due, or a limit or a pause holds it back."""
        if session.scalar(self._one, {"job": job_id, "now": self._clock()}) is None:
            return None
        queue = session.scalar(text("SELECT queue FROM jobs WHERE id = :job"), {"job": job_id})
        return None if is_paused(session, str(queue)) else self._take(session, job_id, worker_id)

    def _take(self, session: Session, job_id: str, worker_id: str) -> Claim | None:
        moment = self._clock()
        progress: Any = case((Job.kind.in_(self._keeping), Job.progress), else_=0.0) if self._keeping else 0.0
        taken = session.execute(
            update(Job)
            .where(Job.id == job_id, Job.status.in_(WAITING))
            .values(
                status=JobState.RUNNING,
                attempt=Job.attempt + 1,
                lease_owner=worker_id,
                lease_until=moment + LEASE,
                started_at=moment,
                first_started_at=func.coalesce(Job.first_started_at, bindparam(None, moment, Moment())),
                updated_at=moment,
                run_after=None,
                progress=progress,
                step=None,
                message=None,
                error_code=None,
                error_message=None,
                revision=Job.revision + REVISION_STEP,
            )
            .returning(*TAKEN)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if taken is None:
            return None
        claim = Claim(worker_id=worker_id, started_at=moment, **taken._mapping)
        session.execute(SERVED, {"account": claim.account_id, "queue": claim.queue, "now": moment})
        if claim.attempt > 1:
            _reset_steps(session, claim.id)
        return claim


def is_paused(session: Session, queue: str) -> bool:
    """Whether ``queue`` gives out no jobs."""
    value = session.scalar(PAUSED, {"name": f"queue:{queue}"})
    return value is not None and bool(value.get("paused"))


def _reset_steps(session: Session, job_id: str) -> None:
    session.execute(
        update(JobStep)
        .where(JobStep.job_id == job_id, JobStep.status != StepState.COMPLETED)
        .values(status=StepState.PENDING, started_at=None, finished_at=None, duration_ms=None, error=None)
        .execution_options(synchronize_session=False)
    )


def _limits(kind: JobKind) -> str:
    """SQL that holds back jobs of ``kind`` while its limits are reached; names come from code, never from a request."""
    name = kind.name.replace("'", "''")
    running = f"r.kind = '{name}' AND r.status = 'running'"
    sql = ""
    if kind.serial:
        sql += f" AND NOT (j.kind = '{name}' AND EXISTS (SELECT 1 FROM jobs r WHERE r.subject = j.subject AND {running}))"
    if kind.account_at_once is not None:
        count = f"SELECT count(*) FROM jobs r WHERE r.account_id = j.account_id AND r.face = j.face AND {running}"
        sql += f" AND NOT (j.kind = '{name}' AND ({count}) >= {int(kind.account_at_once)})"
    return sql


def _timed(sql: str) -> TextClause:
    return text(sql).bindparams(bindparam("now", type_=Moment()))
