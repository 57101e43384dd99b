"""The peer of the job core: Celery on a Redis server of its own, with two worker processes."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
from celery import Celery

URL = os.environ.get("BENCHMARK_REDIS_URL", "redis://127.0.0.1:6379/0")

app = Celery("benchmarks.celery_peer", broker=URL, backend=URL)


@app.task
def empty(value: int) -> dict[str, Any]:
    """An empty job with a result: when it began."""
    return {"value": value, "at": time.time()}


def make_durable(client: redis.Redis, durable: bool) -> None:
    """Switch the append-only file, synchronised at every command, on or off."""
    client.config_set("appendonly", "yes" if durable else "no")
    while client.info("persistence")["aof_rewrite_in_progress"]:
        time.sleep(0.05)


@contextmanager
def celery_on_redis(processes: int) -> Iterator[Callable[[bool], None]]:
    """Redis and Celery workers running; gives a switch: whether Redis writes every command to the disk before it answers."""
    program = shutil.which("redis-server")
    if program is None:
        raise SystemExit("redis-server is not installed (apt-get install redis-server)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"redis://127.0.0.1:{port}/0"
    environment = {**os.environ, "BENCHMARK_REDIS_URL": url, "PYTHONWARNINGS": "ignore"}
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "--port", str(port), "--dir", folder, "--save", "", "--appendfsync", "always"]
        worker = [sys.executable, "-m", "celery", "-A", "benchmarks.celery_peer", "worker", "-c", str(processes), "-l", "ERROR"]
        root = Path(__file__).parent.parent
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
            try:
                time.sleep(0.5)
                with subprocess.Popen(worker, env=environment, cwd=root, stdout=subprocess.DEVNULL) as workers:
                    try:
                        app.conf.update(broker_url=url, result_backend=url)
                        client = redis.Redis(port=port)
                        yield lambda durable: make_durable(client, durable)
                    finally:
                        workers.terminate()
                        workers.wait()
            finally:
                server.terminate()
                server.wait()
