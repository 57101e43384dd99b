"""A Celery worker: the parent watches over forked processes, each of which has a platform of its own."""

import logging
import os
import secrets
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil
from billiard.exceptions import WorkerLostError
from celery import Celery, bootsteps, signals
from celery.worker import state as worker_state
from celery.worker.control import control_command
from celery.worker.request import Request
from sqlalchemy.exc import SQLAlchemyError

from pentaprism.adapters.celery_child import CANCEL_SIGNAL, STOP_SIGNAL, Child
from pentaprism.adapters.celery_dispatch import CANCEL, PREFIX, TASK, CeleryDispatch, celery_app
from pentaprism.core.clock import monotonic
from pentaprism.core.workers.identity import host_name
from pentaprism.core.workers.member import Death

if TYPE_CHECKING:
    from pentaprism.core.platform import Platform

log = logging.getLogger(__name__)

LOST = Death("WORKER_LOST", "The worker process ended unexpectedly.", again=True)
REMEMBER_SECONDS = 60.0
WATCH_SECONDS = 0.5
CLOSE_SECONDS = 10.0
"""A pool takes no longer to close once the grace is over."""

Settle = Callable[[int, Death | None], None]
"""Ends what the dead process of this host with that pid was running as its death says; None hands it back uncounted."""


@dataclass(frozen=True, slots=True)
class CeleryRules:
    """``concurrency`` processes serve ``queues``, earlier ones first. The rest is as for the embedded workers."""

    broker_url: str
    queues: tuple[str, ...]
    concurrency: int
    memory_mb: int = 4096
    grace_seconds: float = 10.0
    preload: bool = True


class Parent:
    """What the parent process knows of its children: who runs what, and which of it is cancelled."""

    def __init__(self, rules: CeleryRules, settle: Settle) -> None:
        self.rules = rules
        self._settle = settle
        self._running: dict[int, Request] = {}
        self._cancelled: dict[str, float] = {}
        self._stats: dict[int, psutil.Process] = {}
        self.stopping = False

    def accepted(self, request: Request, pid: int) -> None:
        """The child ``pid`` has begun with ``request``."""
        self._running[pid] = request
        if request.id in self._cancelled:
            os.kill(pid, CANCEL_SIGNAL)

    def cancel(self, job_id: str) -> list[int]:
        """Tell whoever runs the job; gives their pids, which are to be killed after the grace."""
        moment = monotonic()
        self._cancelled = {job: at for job, at in self._cancelled.items() if moment - at < REMEMBER_SECONDS} | {job_id: moment}
        found = self._busy_with(job_id)
        for pid in found:
            _signal(pid, CANCEL_SIGNAL)
        return found

    def kill_if_busy_with(self, pid: int, job_id: str) -> None:
        """The grace is over."""
        if pid in self._busy_with(job_id):
            log.warning("worker process %s is killed; job %s did not stop in time", pid, job_id)
            _signal(pid, signal.SIGKILL)

    def timed_out(self, pid: int, seconds: float) -> None:
        """The child is about to be killed by Celery's hard limit."""
        self._end(pid, Death("TIMEOUT", f"The job ran longer than {seconds:g} s.", again=False))

    def lost(self, pid: int) -> None:
        """The child is dead."""
        self._end(pid, None if self.stopping else LOST)

    def watch_memory(self) -> None:
        """Kill children that use too much."""
        limit = self.rules.memory_mb * 1024 * 1024
        for pid in self._busy():
            with suppress(psutil.Error):
                stats = self._stats.setdefault(pid, psutil.Process(pid))
                if stats.memory_info().rss > limit:
                    log.warning("worker process %s uses more than %s MB and is killed", pid, self.rules.memory_mb)
                    self._end(pid, Death("MEMORY_LIMIT", "The job needs more memory than it may use.", again=False))
                    _signal(pid, signal.SIGKILL)

    def stop(self) -> None:
        """Have the children hand back what they run; who does not in time is killed."""
        if self.stopping:
            return
        self.stopping = True
        for pid in self._busy():
            _signal(pid, STOP_SIGNAL)
        threading.Thread(target=self._kill_late, name="grace", daemon=True).start()

    def _end(self, pid: int, death: Death | None) -> None:
        """Write the end before somebody else finds the process dead, not knowing why."""
        self._running.pop(pid, None)
        self._stats.pop(pid, None)
        try:
            self._settle(pid, death)
        except (SQLAlchemyError, OSError):
            log.warning("the end of worker process %s could not be written; the sweeper finds its job", pid, exc_info=True)

    def _kill_late(self) -> None:
        time.sleep(self.rules.grace_seconds)
        self._hand_back()
        time.sleep(CLOSE_SECONDS)
        log.warning("the worker did not close within %g s of its grace and ends at once", CLOSE_SECONDS)
        self._hand_back()
        for child in psutil.Process().children():
            _signal(child.pid, signal.SIGKILL)
        os._exit(os.EX_SOFTWARE)

    def _hand_back(self) -> None:
        for pid in self._busy():
            # A pool that closes no longer tells of lost processes.
            self._end(pid, None)
            _signal(pid, signal.SIGKILL)

    def _busy(self) -> list[int]:
        return [pid for pid, request in list(self._running.items()) if request in worker_state.active_requests]

    def _busy_with(self, job_id: str) -> list[int]:
        return [pid for pid in self._busy() if self._running[pid].id == job_id]


_parent: Parent | None = None
_child: Child | None = None


class Bell(Request):  # type: ignore[misc]
    """A doorbell in the parent process."""

    def on_accepted(self, pid: int, time_accepted: float) -> None:
        super().on_accepted(pid, time_accepted)
        if _parent is not None:
            _parent.accepted(self, pid)

    def on_timeout(self, soft: bool, timeout: float) -> None:
        if not soft and _parent is not None and self.worker_pid is not None:
            _parent.timed_out(self.worker_pid, timeout)
        super().on_timeout(soft, timeout)

    def on_failure(self, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False) -> Any:
        if _parent is not None and self.worker_pid is not None and isinstance(exc_info.exception, WorkerLostError):
            _parent.lost(self.worker_pid)
        return super().on_failure(exc_info, send_failed_event, return_ok)


@control_command(name=CANCEL, args=[("job_id", str), ("grace", float)])  # type: ignore[untyped-decorator]
def _cancel(state: Any, job_id: str, grace: float) -> None:
    if _parent is None:
        return
    for pid in _parent.cancel(job_id):
        state.consumer.timer.call_after(grace, _parent.kill_if_busy_with, (pid, job_id))


class Watch(bootsteps.StartStopStep):  # type: ignore[misc]
    """Looks at the children's memory from time to time."""

    requires = frozenset({"celery.worker.components:Timer"})

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._entry: Any = None

    def start(self, worker: Any) -> None:
        if _parent is not None:
            self._entry = worker.timer.call_repeatedly(WATCH_SECONDS, _parent.watch_memory)

    def stop(self, worker: Any) -> None:  # noqa: ARG002 -- the interface of a step
        if self._entry is not None:
            self._entry.cancel()


def run_worker(rules: CeleryRules, build: Callable[[CeleryDispatch], "Platform"], settle: Settle) -> int:
    """Work until told to stop; gives the exit status. ``build`` makes the platform of a forked process, ``settle`` ends in the
    database what a dead one was running."""
    global _parent
    parent = _parent = Parent(rules, settle)
    app = _worker_app(rules)

    def born(**_: Any) -> None:
        global _child
        dispatch = CeleryDispatch(celery_app(rules.broker_url), rules.grace_seconds)
        _child = Child(build(dispatch), dispatch, rules.queues, preload=rules.preload)

    def gone(**_: Any) -> None:
        if _child is not None:
            _child.close()

    signals.worker_process_init.connect(born, weak=False)
    signals.worker_process_shutdown.connect(gone, weak=False)
    signals.worker_shutting_down.connect(lambda **_: parent.stop(), weak=False)
    signals.setup_logging.connect(_keep_logging, weak=False)
    worker = app.Worker(
        hostname=f"{secrets.token_hex(4)}@{host_name()}",
        queues=[PREFIX + name for name in rules.queues],
        concurrency=rules.concurrency,
        pool="prefork",
        without_gossip=True,
        without_mingle=True,
        optimization="fair",
        quiet=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


def _worker_app(rules: CeleryRules) -> Celery:
    app = celery_app(rules.broker_url)
    app.conf.worker_max_memory_per_child = rules.memory_mb * 1024
    app.steps["worker"].add(Watch)

    def run_job(job_id: str, chosen: bool = False, chain: bool = False) -> None:
        if _child is not None:
            _child.answer(job_id, chosen=chosen, chain=chain)

    app.task(name=TASK, Request=Bell)(run_job)
    return app


def _keep_logging(**_: Any) -> None:
    """The process has set up its log lines already."""


def _signal(pid: int, which: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, which)
