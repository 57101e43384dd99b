"""A real server in a process of its own, on free ports, for tests and benchmarks.

With ``PENTAPRISM_TEST_SETUP=production`` in the environment it stands on PostgreSQL, Redis and S3, with Celery workers beside it.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from shared_servers import IS_PRODUCTION, production_environment
from worker_host import WorkerHost

QUIET_LIMITS = {"PENTAPRISM_LIMITS__ENABLED": "false"}


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class RunningServer:
    """``pentaprism serve`` on ``data_dir``; ``start`` after ``kill`` continues with the same data and port."""

    data_dir: Path
    arguments: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    workers: WorkerHost | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        """Where the rows of the started server are."""
        return self.environment.get("DATABASE_URL") or f"sqlite:///{self.data_dir}/pentaprism.sqlite3"

    @property
    def log(self) -> Path:
        return self.data_dir.parent / f"{self.data_dir.name}.log"

    def start(self, patience: float = 60.0, *, wait: bool = True) -> None:
        """Start the server and wait until ``/health`` answers."""
        if IS_PRODUCTION:
            self.environment = {**production_environment(self.data_dir), **self.environment}
        command = [sys.executable, "-m", "pentaprism", "serve", "--port", str(self.port), "--data-dir", str(self.data_dir), *self.arguments]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env={**os.environ, **self.environment}, stdout=log, stderr=log, start_new_session=True)
        if IS_PRODUCTION and self.workers is None:
            self._start_workers()
        if wait:
            self.wait(patience)

    def wait(self, patience: float = 60.0) -> None:
        """Until ``/health`` answers."""
        assert self.process is not None
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with status {self.process.returncode}:\n{self.log.read_text()[-4000:]}")
            try:
                if httpx.get(f"{self.url}/health", timeout=2).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise RuntimeError(f"the server did not answer in {patience} s:\n{self.log.read_text()[-4000:]}")

    def _start_workers(self) -> None:
        """The Celery workers in place of the server's own."""
        given = dict(zip(self.arguments, self.arguments[1:], strict=False)).get("--workers", "2")
        if int(given):
            self.workers = WorkerHost(self.data_dir, self.environment, int(given))
            self.workers.start()

    def children(self) -> list[psutil.Process]:
        """Every process below the server's, workers among them, wherever they are."""
        assert self.process is not None
        workers = self.workers.children() if self.workers is not None else []
        return psutil.Process(self.process.pid).children(recursive=True) + workers

    def memory(self) -> int:
        """Resident bytes of the server process itself."""
        assert self.process is not None
        rss: int = psutil.Process(self.process.pid).memory_info().rss
        return rss

    def kill(self) -> None:
        """``kill -9`` of the server alone, as in a crash; its workers are left to themselves."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End the server as an operator would, and whatever is left of its process group."""
        if self.workers is not None:
            self.workers.stop()
            self.workers = None
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@contextmanager
def running_server(data_dir: Path, *arguments: str, environment: dict[str, str] | None = None) -> Iterator[RunningServer]:
    """A started server that is stopped at the end."""
    server = RunningServer(data_dir, arguments, dict(environment or {}))
    server.start()
    try:
        yield server
    finally:
        server.stop()
