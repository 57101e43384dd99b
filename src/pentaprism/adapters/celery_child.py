"""A forked process of a Celery worker: it answers doorbells with jobs."""

import logging
import signal
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from pentaprism.adapters.celery_dispatch import HARD_SECONDS, NEXT, Call, CeleryDispatch
from pentaprism.core.jobs.context import TimeLimit
from pentaprism.core.jobs.heart import Heart
from pentaprism.core.jobs.runner import Runner
from pentaprism.core.jobs.states import WAITING
from pentaprism.core.jobs.tables import Job
from pentaprism.core.workers.child import preload as preload_handlers
from pentaprism.core.workers.identity import worker_name
from pentaprism.core.workers.presence import Presence

if TYPE_CHECKING:
    from pentaprism.core.platform import Platform

log = logging.getLogger(__name__)

STOP_SIGNAL = signal.SIGRTMIN + 1
CANCEL_SIGNAL = signal.SIGRTMIN + 2
SOON = timedelta(seconds=60)


class Child:
    """Takes jobs in the order of fair turns, whichever doorbell it hears.

    A doorbell for a job whose turn has not come yet is answered with a message for the job whose turn it is, so that the id of a
    Celery task is always that of the job it runs. As many jobs are run as doorbells rang: none is left over.
    """

    def __init__(self, platform: "Platform", dispatch: CeleryDispatch, queues: Sequence[str], *, preload: bool) -> None:
        self._platform = platform
        self._dispatch = dispatch
        self._queues = tuple(queues)
        self._name = worker_name()
        self._presence = Presence(platform, self._name, queues)
        self._stopping = False
        self._armed = False
        signal.signal(STOP_SIGNAL, self._on_stop)
        signal.signal(CANCEL_SIGNAL, self._on_cancel)
        if preload:
            preload_handlers(platform)
        self._heart = Heart(self._beat)
        self._runner = Runner(platform, self._name, heart=self._heart)
        self._heart.beat()

    def answer(self, job_id: str, *, chosen: bool, chain: bool) -> None:
        """Run ``job_id`` if it is ``chosen``, else the job whose turn it is; ``chain``: go on while something waits."""
        if not self._armed:
            # After the worker's own handler, which would raise in whatever the process does at that moment.
            signal.signal(signal.SIGUSR1, self._on_soft_limit)
            self._armed = True
        try:
            self._answer(job_id, chosen=chosen, chain=chain)
        except (SQLAlchemyError, OSError):
            log.warning("looking for work failed; the sweeper rings again", exc_info=True)

    def close(self) -> None:
        """Leave in good order."""
        self._heart.stop()
        self._presence.leave()
        self._platform.close()

    def _answer(self, job_id: str, *, chosen: bool, chain: bool) -> None:
        if self._stopping:
            self._pass_on(job_id)
            return
        if chosen:
            if not self._runner.run_job(job_id):
                self._forward(chain=chain, but=job_id)
            elif chain or self._is_limited(job_id):
                self._forward(chain=chain)
            return
        due, own = self._look(job_id)
        if due is None:
            self._later(own)
        elif own is None or not _may_go(own, due):
            self._send(due, chain=chain)
        elif own.time_limit != HARD_SECONDS:
            self._send(own, chain=chain)
        elif not self._runner.run_job(job_id):
            self._forward(chain=chain, but=job_id)
        elif chain or self._is_limited(job_id, own):
            self._forward(chain=chain)

    def _forward(self, *, chain: bool, but: str | None = None) -> None:
        due, _ = self._look("")
        if due is not None and due.id != but and not self._stopping:
            self._send(due, chain=chain)

    def _look(self, job_id: str) -> tuple[Job | None, Job | None]:
        """The job whose turn it is, and the one with that id, as they are now."""
        with self._platform.database.read() as session:
            found = self._platform.jobs.claims.peek(session, self._queues)
            due = session.get(Job, found) if found is not None else None
            return due, session.get(Job, job_id) if job_id else None

    def _send(self, job: Job, *, chain: bool) -> None:
        self._dispatch.send(Call(job.id, job.queue, NEXT, chosen=True, chain=chain, time_limit=job.time_limit))

    def _later(self, job: Job | None) -> None:
        """Ring again when a retried job becomes due; the sweeper sees to those that are due much later."""
        if job is None or job.status not in WAITING or job.run_after is None:
            return
        wait = job.run_after - self._platform.clock()
        if timedelta() < wait <= SOON:
            self._dispatch.send(Call(job.id, job.queue, delay=wait.total_seconds()))

    def _pass_on(self, job_id: str) -> None:
        with self._platform.database.read() as session:
            job = session.get(Job, job_id) if job_id else None
        if job is not None and job.status in WAITING:
            self._dispatch.send(Call(job.id, job.queue))

    def _is_limited(self, job_id: str, job: Job | None = None) -> bool:
        """Whether the end of the job may let others go that were held back."""
        if job is None:
            with self._platform.database.read() as session:
                job = session.get(Job, job_id)
        kind = self._platform.kinds.get(job.kind) if job is not None else None
        return kind is not None and (kind.serial or kind.account_at_once is not None)

    def _beat(self) -> None:
        runner = getattr(self, "_runner", None)
        self._presence.tell(runner.current.id if runner is not None and runner.current is not None else None)

    def _on_stop(self, *_: Any) -> None:
        self._stopping = True
        self._runner.stop()

    def _on_cancel(self, *_: Any) -> None:
        self._heart.beat()

    def _on_soft_limit(self, *_: Any) -> None:
        current = self._runner.current
        if current is not None:
            current.interrupt(TimeLimit)


def _may_go(job: Job, due: Job) -> bool:
    """Whether ``job`` may go as well as the one whose turn it is: its account's turn has come, and nothing more urgent waits there.

    Several processes look at the same moment, so the order of one account's equal jobs is that of their doorbells.
    """
    if job.id == due.id:
        return True
    same = (job.account_id, job.queue, job.kind) == (due.account_id, due.queue, due.kind)
    return same and job.status in WAITING and job.run_after is None and job.priority >= due.priority
