"""An installation of several processes on real servers: PostgreSQL, Redis, S3, gateways and Celery workers, nginx before them."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from postgres_server import PostgresServer
from redis_server import RedisServer, free_port
from running_server import QUIET_LIMITS, RunningServer
from s3_server import S3Server, new_bucket
from worker_host import WorkerHost

ROOT = Path(__file__).parents[1]
SECRET = "a secret of the tests, shared by all processes"


class Production:
    """Everything that ``compose.yaml`` describes, run by hand."""

    def __init__(self, folder: Path, *, gateways: int, hosts: int, processes: int, environment: dict[str, str] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.postgres = PostgresServer(connections=200)
        self.redis = RedisServer(folder)
        self.s3 = S3Server()
        self.database_url = self.postgres.new_database()
        self.storage_url = new_bucket(self.s3.endpoint)
        self.environment = {
            "DATABASE_URL": self.database_url.replace("postgresql://", "postgresql+asyncpg://"),
            "REDIS_URL": self.redis.url,
            "CELERY_BROKER_URL": self.redis.url,
            "CELERY_RESULT_BACKEND": self.redis.url,
            "STORAGE_URL": self.storage_url,
            "PENTAPRISM_SECRET": SECRET,
            "PENTAPRISM_JOBS__SWEEP_SECONDS": "1",
            "PENTAPRISM_WORKERS__GRACE_SECONDS": "3",
            "PENTAPRISM_SERVER__TRUSTED_PROXIES": "127.0.0.1",
            **QUIET_LIMITS,
            **(environment or {}),
        }
        self.gateways = [RunningServer(folder / f"gateway-{number}", (), dict(self.environment)) for number in range(1, gateways + 1)]
        self.hosts = [WorkerHost(folder / f"worker-{number}", self.environment, processes) for number in range(1, hosts + 1)]
        self._nginx: subprocess.Popen[bytes] | None = None
        self.proxy_url = ""

    def start(self) -> None:
        """Start everything; it is up when every worker process has told of itself."""
        # All at once: the migrations must bear that.
        for gateway in self.gateways:
            gateway.start(wait=False)
        for host in self.hosts:
            host.start()
        for gateway in self.gateways:
            gateway.wait(90)
        self.wait_for_workers()

    def wait_for_workers(self, patience: float = 90.0, processes: int | None = None) -> None:
        """Until every worker process is there, or so many."""
        wanted = sum(host.processes for host in self.hosts) if processes is None else processes
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            found = [httpx.get(f"{gateway.url}/health", timeout=10).json().get("checks", {}) for gateway in self.gateways]
            if all(checks.get("workers", {}).get("processes", 0) >= wanted for checks in found):
                return
            time.sleep(0.2)
        logs = "".join(host.log.read_text()[-1500:] for host in self.hosts)
        raise RuntimeError(f"the workers did not come in {patience} s: {found}\n{logs}")

    def start_proxy(self) -> str:
        """nginx with the shipped configuration before the gateways; gives its address."""
        program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if program is None:
            pytest.skip("nginx is not installed")
        port = free_port()
        text = (ROOT / "deploy" / "nginx.conf").read_text()
        for number, gateway in enumerate(self.gateways, 1):
            text = text.replace(f"gateway-{number}:8000", f"127.0.0.1:{gateway.port}")
        text = text.replace("listen 8080", f"listen 127.0.0.1:{port}").replace("/tmp/nginx", str(self.folder / "nginx"))
        config = self.folder / "nginx.conf"
        config.write_text(text)
        with (self.folder / "nginx.log").open("ab") as log:
            command = [program, "-c", str(config), "-g", "daemon off;"]
            self._nginx = subprocess.Popen(command, stdout=log, stderr=log)
        self.proxy_url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.proxy_url}/health", timeout=2).status_code == 200:
                    return self.proxy_url
            except httpx.TransportError:
                time.sleep(0.05)
        raise RuntimeError(f"nginx did not answer:\n{(self.folder / 'nginx.log').read_text()[-2000:]}")

    def close(self) -> None:
        """Stop everything, the last first."""
        parts: Sequence[RunningServer | WorkerHost] = [*self.hosts, *self.gateways]
        if self._nginx is not None:
            self._nginx.terminate()
            self._nginx.wait(10)
        for part in parts:
            if part.process is not None and part.process.poll() is None:
                part.process.terminate()
        for part in parts:
            part.stop()
        self.redis.stop()
        self.postgres.remove()
        self.s3.stop()


@contextmanager
def production(
    folder: Path, *, gateways: int = 2, hosts: int = 2, processes: int = 1, environment: dict[str, str] | None = None
) -> Iterator[Production]:
    """A running installation for the length of the block."""
    world = Production(folder, gateways=gateways, hosts=hosts, processes=processes, environment=environment)
    try:
        world.start()
        yield world
    finally:
        world.close()
