"""Celery workers of the tests: ``pentaprism worker`` in a process of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil


class WorkerHost:
    """``pentaprism worker`` with its processes; ``start`` after ``kill`` is a new one in its place."""

    def __init__(self, data_dir: Path, environment: dict[str, str], processes: int) -> None:
        self.data_dir = data_dir
        self.environment = environment
        self.processes = processes
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.data_dir.with_suffix(".log")

    def start(self) -> None:
        """Start; it is ready when its processes tell so in the database."""
        command = [sys.executable, "-m", "pentaprism", "worker", "--concurrency", str(self.processes), "--data-dir", str(self.data_dir)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env={**os.environ, **self.environment}, stdout=log, stderr=log, start_new_session=True)

    def kill(self) -> None:
        """``kill -9`` of the parent; its children die with it."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def children(self) -> list[psutil.Process]:
        """The processes that run jobs."""
        assert self.process is not None
        return psutil.Process(self.process.pid).children()

    def stop(self) -> None:
        """End as an operator would."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(25)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
