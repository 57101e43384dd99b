"""Whether the server lives, and whether it can do its work."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from typing import Any

import structlog

from pentaprism.core.errors import PlatformError

log = structlog.get_logger(__name__)

Check = Callable[[], Mapping[str, Any] | None]


class NotReady(Exception):
    """A part cannot work at the moment; the text says why, without secrets and paths."""


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One part: ``ok`` or ``failed``, how long the look took, and what the check tells; ``told`` unless only its own face asks."""

    name: str
    ok: bool
    critical: bool
    told: bool
    ms: float
    message: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """``{status, ms, ...}``."""
        shown: dict[str, Any] = {"status": "ok" if self.ok else "failed", "ms": self.ms, **self.details}
        return shown if self.message is None else {**shown, "message": self.message}


@dataclass(frozen=True, slots=True)
class Report:
    """The health of all parts. ``ok``: everything works; ``degraded``: what is critical works; ``unavailable``: it does not."""

    parts: tuple[PartHealth, ...]

    @property
    def ready(self) -> bool:
        """Whether requests can be served."""
        return all(part.ok for part in self.parts if part.critical)

    @property
    def status(self) -> str:
        """ok, degraded or unavailable."""
        if not self.ready:
            return "unavailable"
        return "ok" if all(part.ok for part in self.parts if part.told) else "degraded"

    def part(self, name: str) -> PartHealth | None:
        """The part of that name."""
        return next((part for part in self.parts if part.name == name), None)

    def as_json(self) -> dict[str, Any]:
        """``{status, checks{name: {status, ms, ...}}}``."""
        return {"status": self.status, "checks": {part.name: part.as_json() for part in self.parts if part.told}}


@dataclass(frozen=True, slots=True)
class _Watched:
    look: Check
    critical: bool
    told: bool


class Health:
    """Named checks, each run in a thread with a time limit; a report is kept for ``keep_seconds`` after it was made.

    A check returns details or None, and raises when its part does not work. One that hangs is waited for again, never begun a second
    time beside itself, so it takes one thread and leaves the others to the checks that work.
    """

    def __init__(self, *, timeout: float = 1.0, keep_seconds: float = 1.0) -> None:
        self._checks: dict[str, _Watched] = {}
        self.timeout = timeout
        self.keep = keep_seconds
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(max_workers=16, thread_name_prefix="health")
        self._running: dict[str, Future[Mapping[str, Any] | None]] = {}
        self._report: tuple[float, Report] | None = None

    def add(self, name: str, check: Check, *, critical: bool = True, told: bool = True) -> None:
        """Look after a part; without a ``critical`` part the server is not ready. What is not ``told`` neither shows nor counts:
        a face asks the report for it."""
        self._checks[name] = _Watched(check, critical, told)

    def report(self) -> Report:
        """The state of all parts, at most ``keep_seconds`` old. Whoever asks while a report is made gets that one."""
        asked = time.monotonic()
        with self._lock:
            if self._report is None or self._report[0] < asked - self.keep:
                report = self._look()
                self._report = (time.monotonic(), report)
            return self._report[1]

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _look(self) -> Report:
        began = time.perf_counter()
        for name, watched in self._checks.items():
            if name not in self._running or self._running[name].done():
                self._running[name] = self._threads.submit(watched.look)
        deadline = began + self.timeout
        return Report(tuple(_part(name, watched, self._running[name], began, deadline) for name, watched in self._checks.items()))


def _part(name: str, watched: _Watched, future: "Future[Mapping[str, Any] | None]", began: float, deadline: float) -> PartHealth:
    message: str | None = None
    details: Mapping[str, Any] = {}
    try:
        details = future.result(max(0.0, deadline - time.perf_counter())) or {}
    except FutureTimeout:
        message = "no answer in time"
    except NotReady as error:
        message = str(error)
    except PlatformError as error:
        message = error.message
    except Exception as error:  # noqa: BLE001 -- whatever a check raises means that its part does not work
        log.warning("check failed", part=name, error=str(error))
        message = "not reachable"
    ms = round((time.perf_counter() - began) * 1000, 1)
    return PartHealth(name, message is None, watched.critical, watched.told, ms, message, details)
