"""Which job is next, and taking it: a compare-and-set that gives one worker the lease and the attempt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, Table, TextClause, bindparam, case, func, null, select, text
from sqlalchemy.orm import Session

from pentaprism.core.clock import Clock
from pentaprism.core.database.tables import Moment
from pentaprism.core.jobs.announce import REVISION_STEP
from pentaprism.core.jobs.kinds import JobKind
from pentaprism.core.jobs.states import WAITING, JobState, StepState
from pentaprism.core.jobs.tables import Job, JobStep, SharedState

if TYPE_CHECKING:
    from sqlalchemy.sql.dml import ReturningUpdate

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

PAUSED = select(SharedState.name).where(SharedState.name == bindparam("name"))

JOBS = cast(Table, Job.__table__)

TAKEN = (
    "id",
    "account_id",
    "face",
    "kind",
    "queue",
    "subject",
    "parent_id",
    "child_index",
    "request",
    "attempt",
    "max_attempts",
    "time_limit",
    "progress",
    "revision",
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
    """Picks and takes jobs. Accounts with waiting jobs take turns; inside an account priority, then age, decides.

    Statements are built once: composing them anew would cost more than running them.
    """

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
                WHERE waiting.account_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM shared_state WHERE name = :pause)
            ) AS picked
            WHERE job_id IS NOT NULL ORDER BY served_at NULLS FIRST, account_id LIMIT 1"""
        )
        paused = "EXISTS (SELECT 1 FROM shared_state WHERE name = 'queue:' || j.queue)"
        self._one = _timed(f"SELECT j.id FROM jobs j WHERE j.id = :job AND {ready} AND NOT {paused}")
        self._taking = _taking([kind.name for kind in kinds.values() if kind.keeps_progress])

    def next(self, session: Session, queues: Sequence[str], worker_id: str) -> Claim | None:
        """Take the next job of the first of ``queues`` that has one; None when nothing is ready."""
        connection = session.connection()
        for queue in queues:
            wanted = {"queue": queue, "pause": pause_name(queue), "now": self._clock()}
            while (job_id := connection.execute(self._next, wanted).scalar()) is not None:
                claim = self._take(connection, job_id, worker_id)
                if claim is not None:
                    return claim
        return None

    def one(self, session: Session, job_id: str, worker_id: str) -> Claim | None:
        """Take the job ``job_id``; None when it does not wait, is not due, or a limit or a pause holds it back."""
        connection = session.connection()
        if connection.execute(self._one, {"job": job_id, "now": self._clock()}).scalar() is None:
            return None
        return self._take(connection, job_id, worker_id)

    def _take(self, connection: Connection, job_id: str, worker_id: str) -> Claim | None:
        moment = self._clock()
        values = {"taken_id": job_id, "worker": worker_id, "moment": moment, "lease": moment + LEASE}
        taken = connection.execute(self._taking, values).one_or_none()
        if taken is None:
            return None
        claim = Claim(worker_id=worker_id, started_at=moment, **taken._mapping)
        # In microseconds: two accounts served within one millisecond must not tie.
        connection.execute(SERVED, {"account": claim.account_id, "queue": claim.queue, "now": datetime.now(UTC)})
        if claim.attempt > 1:
            _reset_steps(connection, claim.id)
        return claim


def pause_name(queue: str) -> str:
    """Name of the shared state that is there while ``queue`` is paused."""
    return f"queue:{queue}"


def is_paused(session: Session, queue: str) -> bool:
    """Whether ``queue`` gives out no jobs."""
    return session.scalar(PAUSED, {"name": pause_name(queue)}) is not None


def _taking(keeping: Sequence[str]) -> "ReturningUpdate[Any]":
    """The compare-and-set; kinds named in ``keeping`` go on from the progress reached."""
    moment = bindparam("moment", type_=Moment())
    return (
        JOBS.update()
        .where(JOBS.c.id == bindparam("taken_id"), JOBS.c.status.in_([str(state) for state in WAITING]))
        .values(
            status=str(JobState.RUNNING),
            attempt=JOBS.c.attempt + 1,
            lease_owner=bindparam("worker"),
            lease_until=bindparam("lease", type_=Moment()),
            started_at=moment,
            first_started_at=func.coalesce(JOBS.c.first_started_at, moment),
            updated_at=moment,
            run_after=null(),
            progress=case((JOBS.c.kind.in_(keeping), JOBS.c.progress), else_=0.0) if keeping else 0.0,
            step=null(),
            message=null(),
            error_code=null(),
            error_message=null(),
            revision=JOBS.c.revision + REVISION_STEP,
        )
        .returning(*(JOBS.c[name] for name in TAKEN))
    )


def _reset_steps(connection: Connection, job_id: str) -> None:
    connection.execute(
        cast(Table, JobStep.__table__)
        .update()
        .where(JobStep.job_id == job_id, JobStep.status != StepState.COMPLETED)
        .values(status=StepState.PENDING, started_at=None, finished_at=None, duration_ms=None, error=None)
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
