"""The heartbeat of a worker: renews leases, and writes late what a handler reported too fast to be written at once."""

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from pentaprism.core.clock import monotonic
from pentaprism.core.errors import JobCancelled, LeaseLost

log = logging.getLogger(__name__)

INTERVAL = 5.0


class Beating(Protocol):
    """A job under way."""

    def renew(self) -> None:
        """Renew the lease; raises JobCancelled or LeaseLost when the job is no longer the worker's."""

    def flush(self) -> None:
        """Write what is pending; raises like :meth:`renew`."""


class Heart:
    """One thread per worker process. ``on_beat`` is called every ``interval`` seconds, with or without a job."""

    def __init__(self, on_beat: Callable[[], None] | None = None, interval: float = INTERVAL) -> None:
        self._on_beat = on_beat
        self._interval = interval
        self._job: Beating | None = None
        self._flush_at: float | None = None
        self._beat_at = monotonic() + interval
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="heart", daemon=True)
        self._thread.start()

    def keep(self, job: Beating) -> "Kept":
        """Context in which ``job`` is kept alive."""
        return Kept(self, job)

    def hold(self, job: Beating | None) -> None:
        """Look after ``job`` from now on; None to look after nothing."""
        with self._changed:
            self._job = job
            self._flush_at = None

    def flush_in(self, seconds: float) -> None:
        """Flush the job in so many seconds, unless that is planned already."""
        with self._changed:
            if self._flush_at is None:
                self._flush_at = monotonic() + seconds
                self._changed.notify()

    def beat(self) -> None:
        """Beat at once, which finds out whether the job is still the worker's. May be called by a signal handler."""
        with self._changed:
            self._beat_at = 0.0
            self._changed.notify()

    def stop(self) -> None:
        """End the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                due = self._beat_at if self._flush_at is None else min(self._beat_at, self._flush_at)
                if not self._stopping and due > monotonic():
                    self._changed.wait(due - monotonic())
                if self._stopping:
                    return
                job, flushing = self._job, self._flush_at is not None and self._flush_at <= monotonic()
                if flushing:
                    self._flush_at = None
                beating = self._beat_at <= monotonic()
                if beating:
                    self._beat_at = monotonic() + self._interval
            self._tend(job, flushing=flushing, beating=beating)

    def _tend(self, job: Beating | None, *, flushing: bool, beating: bool) -> None:
        try:
            if job is not None and flushing:
                job.flush()
            if job is not None and beating:
                job.renew()
            if beating and self._on_beat is not None:
                self._on_beat()
        except (JobCancelled, LeaseLost):
            # The job's own flags are set; its handler learns at its next check.
            return
        except (SQLAlchemyError, OSError):
            log.warning("a heartbeat failed; the next one follows", exc_info=True)


class Kept:
    """A job in the care of a heart, until the end of the context."""

    def __init__(self, heart: Heart, job: Beating) -> None:
        self._heart = heart
        self._job = job

    def __enter__(self) -> None:
        self._heart.hold(self._job)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._heart.hold(None)
