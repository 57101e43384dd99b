"""What a handler holds while its job runs."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pentaprism.core.clock import monotonic
from pentaprism.core.errors import JobCancelled, LeaseLost, PlatformError
from pentaprism.core.events.bus import EventBus
from pentaprism.core.jobs import logs
from pentaprism.core.jobs.announce import REVISION_STEP, job_events
from pentaprism.core.jobs.claims import LEASE, Claim
from pentaprism.core.jobs.heart import Heart
from pentaprism.core.jobs.life import mine
from pentaprism.core.jobs.states import JobState, StepState
from pentaprism.core.jobs.steps import StepBook
from pentaprism.core.jobs.tables import Job

if TYPE_CHECKING:
    from pentaprism.core.blobs.uploads import Blobs
    from pentaprism.core.database.engine import Database
    from pentaprism.core.models.registry import Models
    from pentaprism.core.platform import Platform

WRITE_EVERY = 0.2
TELL_EVERY = 0.1

Result = BaseModel | Mapping[str, Any] | None


class TimeLimit(PlatformError):
    """The job ran longer than its time limit."""

    status = 504
    code = "TIMEOUT"


class Stopping(PlatformError):
    """The worker is being stopped."""

    status = 503
    code = "STOPPING"


@dataclass(slots=True)
class Step:
    """The step under way; ``result`` is stored with its row at its end."""

    name: str
    subject: str
    result: dict[str, Any] | None = None


class JobContext:
    """A running job as its handler sees it. Percentages are 0 to 100 of the whole job; fractions 0 to 1 of the present step."""

    def __init__(self, platform: "Platform", claim: Claim, heart: Heart) -> None:
        self.platform = platform
        self.claim = claim
        self.ended = False
        self._heart = heart
        self._range = (claim.progress, 100.0)
        self._floor = claim.progress
        self._deadline = monotonic() + claim.time_limit
        self._interrupt: type[PlatformError] | None = None
        self._lock = threading.RLock()
        self._lines: list[logs.Line] = []
        self._line_clock: logs.LineClock | None = None
        self._book: StepBook | None = None
        self._dirty = False
        self._in_transaction = False
        self._written_at = self._told_at = 0.0

    # -- what it is

    @property
    def id(self) -> str:
        return self.claim.id

    @property
    def account_id(self) -> str:
        return self.claim.account_id

    @property
    def face(self) -> str:
        return self.claim.face

    @property
    def kind(self) -> str:
        return self.claim.kind

    @property
    def subject(self) -> str | None:
        return self.claim.subject

    @property
    def attempt(self) -> int:
        """Number of this attempt, from 1."""
        return self.claim.attempt

    @property
    def is_last_attempt(self) -> bool:
        """Whether a fault now ends the job."""
        return self.claim.attempt >= self.claim.max_attempts

    @property
    def parent_id(self) -> str | None:
        return self.claim.parent_id

    @property
    def child_index(self) -> int | None:
        return self.claim.child_index

    @property
    def blobs(self) -> "Blobs":
        return self.platform.blobs

    @property
    def models(self) -> "Models":
        return self.platform.models

    @property
    def database(self) -> "Database":
        return self.platform.database

    @property
    def events(self) -> EventBus:
        return self.platform.events

    @property
    def remaining(self) -> float:
        """Seconds until the time limit of this attempt; a handler that can store part of its work does so in time."""
        return self._deadline - monotonic()

    # -- what it tells

    @contextmanager
    def step(self, name: str, *, subject: str = "", upto: float | None = None) -> Iterator[Step]:
        """A step of the pipeline with a row of its own. ``upto``: percent of the whole job reached at its end; fractions
        given to :meth:`progress` inside spread from the present progress to there."""
        self.check()
        outer, started = self._range, monotonic()
        if upto is not None:
            self._range = (self.claim.progress, max(upto, self.claim.progress))
        step = Step(name, subject)
        with self._lock:
            self.claim.step = name
            self._write(lambda session, book: book.begin(session, name, subject))
        try:
            yield step
        except BaseException as error:
            self._abandon(step, error, monotonic() - started)
            raise
        with self._lock:
            if upto is not None:
                self._rise(upto)
            if not self.ended:
                self._write(lambda session, book: book.end(session, name, subject, monotonic() - started, step.result))
        self._range = outer

    def plan(self, names: Sequence[str], *, subject: str = "") -> None:
        """Write the steps to come as pending, so that they show before they begin."""
        with self._lock:
            self._write(lambda session, book: book.plan(session, names, subject))

    def done(self, name: str, *, subject: str = "") -> bool:
        """Whether an earlier attempt has completed this step."""
        with self._lock:
            return self._steps().is_done(name, subject)

    def progress(self, fraction: float) -> None:
        """Part 0..1 of the present step (of the whole job outside steps) that is done. Raises like :meth:`check`."""
        self.check()
        low, high = self._range
        with self._lock:
            self._rise(low + (high - low) * min(max(fraction, 0.0), 1.0))
            self._tell()

    def report(self, percent: float, message: str | None = None) -> None:
        """Progress of the whole job in percent, with a line for the user. Raises like :meth:`check`."""
        self.check()
        with self._lock:
            if message is not None:
                self.claim.message = message[:500]
            self._rise(percent)
            self._tell()

    def log(self, message: str, level: str = "info") -> None:
        """A line of the job's log; ``level`` is debug, info, warning or error."""
        if level not in logs.LEVELS:
            raise ValueError(f"unknown level {level!r}; known are {', '.join(logs.LEVELS)}")
        with self._lock:
            self._lines.append((self.platform.clock(), level, message))
            self._tell_rows()

    # -- what it must heed

    def check(self) -> None:
        """Raise if the job has to stop: JobCancelled, LeaseLost, TimeLimit or Stopping. Costs next to nothing."""
        if self._interrupt is not None:
            raise self._interrupt
        if monotonic() > self._deadline:
            raise TimeLimit(f"The job ran longer than {self.claim.time_limit} s.")

    def interrupt(self, reason: type[PlatformError]) -> None:
        """Make the next :meth:`check` raise ``reason``; called from other threads."""
        if self._interrupt is None or reason is not Stopping:
            self._interrupt = reason

    # -- what it writes

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A write session that is refused (JobCancelled, LeaseLost) unless this worker still holds the job."""
        with self._lock:
            self._in_transaction = True
        try:
            with self.database.write(durable=False) as session:
                if session.scalar(select(Job.id).where(*mine(self.claim)).with_for_update()) is None:
                    self._refused(session)
                yield session
        finally:
            self._in_transaction = False

    @contextmanager
    def completing(self, result: Result, *, retention: timedelta | None = None) -> Iterator[Session]:
        """Like :meth:`transaction`, and its commit also ends the job as completed with ``result``."""
        self.check()
        with self.transaction() as session:
            yield session
            self.write_pending(session)
            self.platform.jobs.life.completed(session, self.claim, plain(result), retention)
        self.ended = True
        self._lines = []

    def write_pending(self, session: Session) -> None:
        """Add the log lines not written yet to ``session``, whose caller holds the fence."""
        with self._lock:
            self._write_lines(session)

    def complete(self, session: Session, result: Result) -> None:
        """End the job as completed in the transaction of ``session``; the fence is in the very statement."""
        self.check()
        self.write_pending(session)
        self.platform.jobs.life.completed(session, self.claim, plain(result))

    # -- for the heartbeat

    def renew(self) -> None:
        """Renew the lease; learn here if the job was cancelled or taken over."""
        with self.database.write(durable=False) as session:
            self._touch(session, {"lease_until": self.platform.clock() + LEASE})

    def flush(self) -> None:
        """Write progress, message and log lines that are not written yet."""
        with self._lock:
            if self._in_transaction:
                self._heart.flush_in(WRITE_EVERY)
            elif not self.ended and (self._dirty or self._lines):
                self._write()

    # -- inside

    def _rise(self, percent: float) -> None:
        value = min(max(percent, self._floor), 100.0)
        self._floor = value
        self.claim.progress = value

    def _tell(self) -> None:
        """Publish, thinned to ten a second, and write, thinned to five; the heartbeat brings the last value later."""
        self._dirty = True
        moment = monotonic()
        if moment - self._written_at >= WRITE_EVERY and not self._in_transaction:
            self._write()
            return
        if moment - self._told_at >= TELL_EVERY and self.claim.revision % REVISION_STEP < REVISION_STEP - 1:
            self._told_at = moment
            self.claim.revision += 1
            self.events.publish(job_events(self.claim))
        self._heart.flush_in(WRITE_EVERY)

    def _tell_rows(self) -> None:
        if monotonic() - self._written_at >= WRITE_EVERY and not self._in_transaction:
            self._write()
        else:
            self._heart.flush_in(WRITE_EVERY)

    def _write(self, also: Any = None) -> None:
        """One fenced transaction with everything pending, and what ``also(session, steps)`` adds."""
        if self._in_transaction:
            raise RuntimeError("a step cannot begin or end inside a transaction of its job")
        revision = (self.claim.revision // REVISION_STEP + 1) * REVISION_STEP
        book = self._steps() if also is not None else None
        with self.database.write(durable=False) as session:
            values = {"progress": self.claim.progress, "step": self.claim.step, "message": self.claim.message, "revision": revision}
            self._touch(session, values)
            self._write_lines(session)
            if also is not None:
                also(session, book)
        self._dirty = False
        self._lines = []
        self.claim.revision = revision
        self._written_at = self._told_at = monotonic()
        self.events.publish(job_events(self.claim))

    def _write_lines(self, session: Session) -> None:
        if not self._lines:
            return
        if self._line_clock is None:
            self._line_clock = logs.LineClock.of(session, self.id)
        logs.write(session, self.id, self._lines, self._line_clock)

    def _touch(self, session: Session, values: Mapping[str, Any]) -> None:
        done = session.execute(update(Job).where(*mine(self.claim)).values(**values).execution_options(synchronize_session=False))
        if done.rowcount != 1:  # type: ignore[attr-defined]
            self._refused(session)

    def _refused(self, session: Session) -> None:
        status = session.scalar(select(Job.status).where(Job.id == self.id))
        reason = JobCancelled if status == JobState.CANCELLED else LeaseLost
        self.interrupt(reason)
        raise reason

    def _steps(self) -> StepBook:
        if self._book is None:
            with self.database.read() as session:
                self._book = StepBook.of(session, self.id)
        return self._book

    def _abandon(self, step: Step, error: BaseException, seconds: float) -> None:
        """Close the row of a step that raised; where the job is not ours any more, whoever took it has done so."""
        if isinstance(error, (JobCancelled, LeaseLost, Stopping)) or self.ended:
            return
        sentence = error.message if isinstance(error, PlatformError) else "An internal error occurred."
        with self._lock:
            self._write(lambda session, book: book.end(session, step.name, step.subject, seconds, step.result, StepState.FAILED, sentence))


def plain(result: Result) -> dict[str, Any] | None:
    """``result`` as JSON values."""
    if result is None:
        return None
    return result.model_dump(mode="json") if isinstance(result, BaseModel) else dict(result)
