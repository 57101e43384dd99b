"""Running jobs: the same in an embedded worker and in a Celery one."""

import inspect
import logging
import threading
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import BaseModel, ValidationError
from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from pentaprism.core.errors import JobCancelled, LeaseLost, PlatformError, TransientFault, Unavailable
from pentaprism.core.jobs.claims import Claim
from pentaprism.core.jobs.context import JobContext, Result, Stopping, TimeLimit
from pentaprism.core.jobs.heart import Heart
from pentaprism.core.jobs.kinds import JobKind
from pentaprism.core.jobs.life import hook, mine
from pentaprism.core.jobs.tables import Job

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from pentaprism.core.platform import Platform

log = logging.getLogger(__name__)

Handler = Callable[[JobContext, Any], Result]

DATABASE_FAULTS = (OperationalError, InterfaceError, PoolTimeout)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an attempt failed, in words for the user, and whether another attempt may help."""

    code: str
    message: str
    again: bool
    wait: float | None = None


class Runner:
    """Runs one job at a time for the worker ``worker_id``. ``on_start`` hears of each job taken,
    ``on_return`` of each handler that has returned, before its job is ended."""

    def __init__(
        self,
        platform: "Platform",
        worker_id: str,
        *,
        heart: Heart | None = None,
        on_start: Callable[[Claim], None] | None = None,
        on_return: Callable[[], None] | None = None,
    ) -> None:
        self._platform = platform
        self._worker_id = worker_id
        self._heart = heart or Heart()
        self._on_start = on_start
        self._on_return = on_return
        self._current: JobContext | None = None
        self._stopping = threading.Event()

    @property
    def current(self) -> JobContext | None:
        """The job under way."""
        return self._current

    def run_job(self, job_id: str) -> bool:
        """Run that job if it is to be had; whether it was."""
        with self._platform.database.write(durable=False) as session:
            claim = self._platform.jobs.claims.one(session, job_id, self._worker_id)
            if claim is not None:
                self._platform.jobs.life.started(session, claim)
        if claim is None:
            return False
        self._run(claim, ())
        return True

    def run_waiting(self, queues: Sequence[str]) -> int:
        """Run jobs of ``queues``, earlier queues first, until none is ready; gives their number."""
        count = 0
        claim = self._claim(queues)
        while claim is not None:
            count += 1
            following, asked = self._run(claim, queues)
            claim = following if asked else self._claim(queues)
        return count

    def cancel(self, job_id: str) -> None:
        """Make the handler of ``job_id``, if it runs here, stop at its next check."""
        current = self._current
        if current is not None and current.id == job_id:
            current.interrupt(JobCancelled)

    def stop(self) -> None:
        """Take no further jobs; the present one goes back to the queue at its next check."""
        self._stopping.set()
        current = self._current
        if current is not None:
            current.interrupt(Stopping)

    def _claim(self, queues: Sequence[str]) -> Claim | None:
        if self._stopping.is_set():
            return None
        with self._platform.database.write(durable=False) as session:
            return self._take(session, queues)

    def _take(self, session: "Session", queues: Sequence[str]) -> Claim | None:
        claim = self._platform.jobs.claims.next(session, queues, self._worker_id)
        if claim is not None:
            self._platform.jobs.life.started(session, claim)
        return claim

    def _run(self, claim: Claim, queues: Sequence[str]) -> tuple[Claim | None, bool]:
        """Run one attempt; gives the job taken in the very transaction that ended it, and whether one was looked for."""
        following: Claim | None = None
        asked = False
        context = JobContext(self._platform, claim, self._heart)
        self._current = context
        if self._on_start is not None:
            self._on_start(claim)
        if self._stopping.is_set():
            context.interrupt(Stopping)
        with structlog.contextvars.bound_contextvars(job_id=claim.id, account_id=claim.account_id), self._heart.keep(context):
            try:
                result = self._call(context)
                if self._on_return is not None:
                    self._on_return()
                if not context.ended:
                    with self._platform.database.write(durable=False) as session:
                        context.complete(session, result)
                        if queues and not self._stopping.is_set():
                            asked = True
                            following = self._take(session, queues)
            except (JobCancelled, LeaseLost):
                following, asked = None, False
                log.info("job %s was taken from this worker", claim.id)
            except Exception as error:  # noqa: BLE001 -- whatever a handler raises ends the attempt, never the worker
                following, asked = None, False
                self._failed(context, error)
        self._current = None
        return following, asked

    def _call(self, context: JobContext) -> Result:
        kind = self._platform.kinds[context.kind]
        handler, model = load_handler(kind.handler)
        request = model.model_validate(context.claim.request) if model is not None else context.claim.request
        context.check()
        return handler(context, request)

    def _failed(self, context: JobContext, error: Exception) -> None:
        claim = context.claim
        fault = None if isinstance(error, Stopping) else judge(error, self._platform.kinds.get(claim.kind))
        if context.ended:
            log.error("job %s raised after it had completed", claim.id, exc_info=error)
            return
        if fault is not None:
            unexpected = fault.code == "INTERNAL_ERROR"
            log.log(
                logging.ERROR if unexpected else logging.WARNING,
                "job %s failed: %s",
                claim.id,
                error,
                exc_info=error if unexpected else None,
            )
        for pause in (0.2, 1.0, 5.0, None):
            try:
                self._write_fault(context, fault)
            except (JobCancelled, LeaseLost):
                return
            except DATABASE_FAULTS:
                if pause is None:
                    # The lease runs out, and the sweeper gives the job to another worker.
                    log.exception("the end of job %s could not be written", claim.id)
                    return
                self._stopping.wait(pause)
            else:
                return

    def _write_fault(self, context: JobContext, fault: Fault | None) -> None:
        with self._platform.database.write(durable=False) as session:
            context.write_pending(session)
            job = session.scalars(select(Job).where(*mine(context.claim)).with_for_update()).one_or_none()
            if job is None:
                raise LeaseLost
            if fault is None:
                self._platform.jobs.life.given_back(session, job)
            else:
                self._platform.jobs.life.failed(session, job, fault.code, fault.message, again=fault.again, wait=fault.wait)


_runners: dict[tuple[int, str], Runner] = {}


def run_job(platform: "Platform", job_id: str, worker_id: str) -> None:
    """Run ``job_id`` on behalf of ``worker_id`` if it is to be had. Doubled and late calls do nothing."""
    key = (id(platform), worker_id)
    if key not in _runners:
        _runners[key] = Runner(platform, worker_id)
    _runners[key].run_job(job_id)


@cache
def load_handler(path: str) -> tuple[Handler, type[BaseModel] | None]:
    """The handler ``module:function`` and the Pydantic model that its second parameter is annotated with, if any."""
    handler: Handler = hook(path)
    hints = typing.get_type_hints(handler)
    parameters = list(inspect.signature(handler).parameters)
    model = hints.get(parameters[1]) if len(parameters) > 1 else None
    return handler, model if isinstance(model, type) and issubclass(model, BaseModel) else None


def judge(error: Exception, kind: JobKind | None) -> Fault:
    """What an exception of a handler means for its job."""
    if isinstance(error, TimeLimit):
        return Fault(error.code, error.message, again=kind is not None and kind.retries_timeouts)
    if isinstance(error, PlatformError):
        return Fault(error.code, error.message, again=isinstance(error, (TransientFault, Unavailable)), wait=error.retry_after)
    if isinstance(error, DATABASE_FAULTS):
        return Fault("STORAGE_ERROR", "The database could not be reached.", again=True)
    if isinstance(error, MemoryError):
        return Fault("MEMORY_LIMIT", "The job needs more memory than it may use.", again=False)
    if isinstance(error, OSError) and not isinstance(error, (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError)):
        return Fault("STORAGE_ERROR", "The storage could not be reached.", again=True)
    if isinstance(error, ValidationError):
        return Fault("INVALID_INPUT", "The request of the job is not valid.", again=False)
    return Fault("INTERNAL_ERROR", "An internal error occurred; it has been logged.", again=False)
