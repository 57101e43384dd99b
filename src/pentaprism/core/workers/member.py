"""The server's view of one worker process."""

import threading
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

import psutil

from pentaprism.core.clock import monotonic


@dataclass(frozen=True, slots=True)
class Death:
    """Why a worker was killed: the code and the sentence its job gets, and whether the job may be tried again."""

    code: str
    message: str
    again: bool


@dataclass(eq=False)
class Member:
    """A worker process with its pipe. ``idle`` is true from its message until the next doorbell."""

    queues: tuple[str, ...]
    process: SpawnProcess
    connection: Connection
    name: str | None = None
    ready: bool = False
    idle: bool = False
    looked: bool = True
    told_to_stop: bool = False
    job_id: str | None = None
    kill_at: float | None = None
    death: Death | None = None
    killed: bool = False
    born_at: float = field(default_factory=monotonic)
    beat_at: float = field(default_factory=monotonic)
    cpu_seconds: float = 0.0
    _sending: threading.Lock = field(default_factory=threading.Lock)
    _stats: psutil.Process | None = None

    def send(self, *message: Any) -> None:
        """Tell the worker; one that is gone is noticed elsewhere."""
        try:
            with self._sending:
                self.connection.send(message)
        except (BrokenPipeError, OSError):
            return

    def begin(self, job_id: str, deadline: float, death: Death) -> None:
        """The worker has taken a job that may run until ``deadline``."""
        self.job_id, self.kill_at, self.death = job_id, deadline, death

    def end(self) -> None:
        """The worker has left its job."""
        self.job_id = self.kill_at = self.death = None

    def kill(self, death: Death | None = None) -> None:
        """End the process at once."""
        if death is not None:
            self.death = death
        self.kill_at = None
        self.killed = True
        self.process.kill()

    def resident_bytes(self) -> int:
        """Resident memory; 0 when the process is gone."""
        stats = self._process_stats()
        try:
            return int(stats.memory_info().rss) if stats is not None else 0
        except psutil.Error:
            return 0

    def has_worked(self) -> bool:
        """Whether the process used its processor since the last question."""
        stats = self._process_stats()
        try:
            times = stats.cpu_times() if stats is not None else None
        except psutil.Error:
            return False
        before, self.cpu_seconds = self.cpu_seconds, times.user + times.system if times is not None else 0.0
        return self.cpu_seconds > before

    def _process_stats(self) -> psutil.Process | None:
        if self._stats is None and self.process.pid is not None:
            try:
                self._stats = psutil.Process(self.process.pid)
            except psutil.NoSuchProcess:
                return None
        return self._stats
