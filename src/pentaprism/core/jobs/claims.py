"""Which job is next, and taking it: a compare-and-set that gives one worker the lease and the attempt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Table, TextClause, bindparam, func, literal_column, null, select, text
from sqlalchemy.orm import Session

from pentaprism.core.clock import Clock
from pentaprism.core.database.tables import Moment
from pentaprism.core.jobs.announce import REVISION_STEP
from pentaprism.core.jobs.kinds import JobKind
from pentaprism.core.jobs.prepared import Prepared
from pentaprism.core.jobs.states import JobState, StepState
from pentaprism.core.jobs.tables import Job, JobStep, SharedState

LEASE = timedelta(seconds=20)
WAITS = "status IN ('queued', 'retrying')"

SERVED = Prepared(
    text(
        "INSERT INTO job_turns (account_id, queue, served_at) VALUES (:account, :queue, :now) "
        "ON CONFLICT (account_id, queue) DO UPDATE SET served_at = excluded.served_at"
    ).bindparams(bindparam("now", type_=Moment()))
)

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
        held = " AND NOT EXISTS (SELECT 1 FROM shared_state h WHERE h.name = 'kind:' || j.kind)"
        self._ready = f"{WAITS} AND (j.run_after IS NULL OR j.run_after <= :now){held}" + "".join(map(_limits, kinds.values()))
        self._ranked = [kind.name for kind in kinds.values() if kind.by_rank]
        self._keeping = [kind.name for kind in kinds.values() if kind.keeps_progress]
        paused = "EXISTS (SELECT 1 FROM shared_state WHERE name = 'queue:' || j.queue)"
        self._one = self._taking(f"SELECT j.id FROM jobs j WHERE j.id = :job AND {self._ready} AND NOT {paused}")
        self._next: dict[tuple[str, ...], tuple[Prepared, TextClause]] = {}

    def next(self, session: Session, queues: Sequence[str], worker_id: str) -> Claim | None:
        """Take the next job of the first of ``queues`` that has one; None when nothing is ready."""
        lanes = tuple(queues)
        if lanes not in self._next:
            self._next[lanes] = self._statements(lanes)
        taking, looking = self._next[lanes]
        connection = session.connection()
        while (claim := self._take(connection, taking, worker_id, {})) is None:
            # Where two workers may pick the same row (PostgreSQL), the second finds it taken and looks again.
            if connection.dialect.name == "sqlite" or connection.execute(looking, {"now": self._clock()}).scalar() is None:
                return None
        return claim

    def peek(self, session: Session, queues: Sequence[str]) -> str | None:
        """Id of the job that :meth:`next` would take."""
        lanes = tuple(queues)
        if lanes not in self._next:
            self._next[lanes] = self._statements(lanes)
        found: str | None = session.connection().execute(self._next[lanes][1], {"now": self._clock()}).scalar()
        return found

    def one(self, session: Session, job_id: str, worker_id: str) -> Claim | None:
        """Take the job ``job_id``; None when it does not wait, is not due, or a limit or a pause holds it back."""
        return self._take(session.connection(), self._one, worker_id, {"job": job_id})

    def _statements(self, lanes: tuple[str, ...]) -> tuple[Prepared, TextClause]:
        pick = _pick(lanes, self._ready)
        if self._ranked:
            pick = _by_rank(pick, self._ranked, self._ready)
        return self._taking(pick), _timed(pick)

    def _take(self, connection: Connection, taking: Prepared, worker_id: str, wanted: dict[str, str]) -> Claim | None:
        moment = self._clock()
        values = {"worker": worker_id, "moment": moment, "lease": moment + LEASE, "now": moment, **wanted}
        taken = taking.row(connection, values)
        if taken is None:
            return None
        claim = Claim(*taken, worker_id, moment)  # type: ignore[call-arg]
        # In microseconds: two accounts served within one millisecond must not tie.
        SERVED.run(connection, {"account": claim.account_id, "queue": claim.queue, "now": datetime.now(UTC)})
        if claim.attempt > 1:
            _reset_steps(connection, claim.id)
        return claim

    def _taking(self, pick: str) -> Prepared:
        """Pick and compare-and-set in one statement; kinds that keep their progress go on from the progress reached."""
        moment = bindparam("moment", type_=Moment())
        names = ", ".join(_quoted(name) for name in self._keeping)
        kept: ColumnElement[float] = (
            literal_column(f"CASE WHEN kind IN ({names}) THEN progress ELSE 0.0 END") if names else literal_column("0.0")
        )
        return Prepared(
            JOBS.update()
            .where(_timed(f"jobs.id = ({pick})"), text(WAITS))
            .values(
                status=str(JobState.RUNNING),
                attempt=JOBS.c.attempt + 1,
                lease_owner=bindparam("worker"),
                lease_until=bindparam("lease", type_=Moment()),
                started_at=moment,
                first_started_at=func.coalesce(JOBS.c.first_started_at, moment),
                updated_at=moment,
                run_after=null(),
                progress=kept,
                step=null(),
                message=null(),
                error_code=null(),
                error_message=null(),
                revision=JOBS.c.revision + REVISION_STEP,
            )
            .returning(*(JOBS.c[name] for name in TAKEN))
        )


def pause_name(queue: str) -> str:
    """Name of the shared state that is there while ``queue`` is paused."""
    return f"queue:{queue}"


def hold_name(kind: str) -> str:
    """Name of the shared state that is there while ``kind`` is held."""
    return f"kind:{kind}"


def is_there(session: Session, name: str) -> bool:
    """Whether the shared state ``name`` is there."""
    return session.scalar(PAUSED, {"name": name}) is not None


def is_paused(session: Session, queue: str) -> bool:
    """Whether ``queue`` gives out no jobs."""
    return is_there(session, pause_name(queue))


def _reset_steps(connection: Connection, job_id: str) -> None:
    connection.execute(
        cast(Table, JobStep.__table__)
        .update()
        .where(JobStep.job_id == job_id, JobStep.status != StepState.COMPLETED)
        .values(status=StepState.PENDING, started_at=None, finished_at=None, duration_ms=None, error=None)
    )


def _pick(queues: Sequence[str], ready: str) -> str:
    """SQL of the id of the next job. The accounts that wait are found by stepping through the index, not by reading every row."""
    lanes = ", ".join(f"({_quoted(queue)}, {rank})" for rank, queue in enumerate(queues))
    first = f"SELECT min(account_id) FROM jobs f WHERE f.queue = lanes.queue AND f.{WAITS}"
    following = f"SELECT min(f.account_id) FROM jobs f WHERE f.queue = waiting.queue AND f.{WAITS} AND f.account_id > waiting.account_id"
    return f"""
        WITH RECURSIVE lanes(queue, place) AS (VALUES {lanes}),
        waiting(queue, place, account_id) AS (
            SELECT queue, place, ({first}) FROM lanes
            UNION ALL
            SELECT queue, place, ({following}) FROM waiting WHERE waiting.account_id IS NOT NULL
        )
        SELECT job_id FROM (
            SELECT (
                SELECT j.id FROM jobs j WHERE j.queue = waiting.queue AND j.account_id = waiting.account_id AND j.{ready}
                ORDER BY j.priority DESC, j.id LIMIT 1
            ) AS job_id, place, served_at, waiting.account_id AS account_id
            FROM waiting LEFT JOIN job_turns ON job_turns.account_id = waiting.account_id AND job_turns.queue = waiting.queue
            WHERE waiting.account_id IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM shared_state WHERE name = 'queue:' || waiting.queue)
        ) AS picked
        WHERE job_id IS NOT NULL ORDER BY place, served_at NULLS FIRST, account_id LIMIT 1"""


def _by_rank(pick: str, kinds: Sequence[str], ready: str) -> str:
    """SQL that exchanges a picked job of one of ``kinds`` for the best ranked ready one of its kind and queue."""
    names = ", ".join(map(_quoted, kinds))
    best = f"SELECT j.id FROM jobs j WHERE j.queue = due.queue AND j.kind = due.kind AND j.{ready} ORDER BY j.priority DESC, j.id LIMIT 1"
    return f"SELECT CASE WHEN due.kind IN ({names}) THEN ({best}) ELSE due.id END FROM jobs due WHERE due.id = ({pick})"


def _quoted(text: str) -> str:
    """A name from the code, never from a request, as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def _limits(kind: JobKind) -> str:
    """SQL that holds back jobs of ``kind`` while its limits are reached."""
    name = _quoted(kind.name)
    running = f"r.kind = {name} AND r.status = 'running'"
    sql = ""
    if kind.serial:
        sql += f" AND NOT (j.kind = {name} AND EXISTS (SELECT 1 FROM jobs r WHERE r.subject = j.subject AND {running}))"
    if kind.account_at_once is not None:
        count = f"SELECT count(*) FROM jobs r WHERE r.account_id = j.account_id AND r.face = j.face AND {running}"
        sql += f" AND NOT (j.kind = {name} AND ({count}) >= {int(kind.account_at_once)})"
    return sql


def _timed(sql: str) -> TextClause:
    return text(sql).bindparams(bindparam("now", type_=Moment()))
