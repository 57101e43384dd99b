"""A platform of jobs whose workers are those of Celery: a process of its own on a real Redis and a real PostgreSQL.

Run as a program this module is that worker.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.jobs.job_world import KINDS, World, platform_on
from pentaprism.adapters.celery_dispatch import QUEUES, CeleryDispatch, celery_app
from pentaprism.adapters.celery_worker import CeleryRules, run_worker
from pentaprism.adapters.redis_bus import RedisBus
from pentaprism.core.database.engine import Database
from pentaprism.core.jobs.maintenance import Chore, Maintenance
from pentaprism.core.jobs.queue import Jobs
from pentaprism.core.jobs.sweeper import Sweeper
from pentaprism.core.platform import Platform
from pentaprism.core.workers.dead import settle_dead
from pentaprism.core.workers.member import Death

GRACE = 0.5
TESTS = Path(__file__).parent


def start_worker(database_url: str, redis_url: str, log: Path, processes: int = 2, before: str = "") -> subprocess.Popen[bytes]:
    """A Celery worker for the kinds of the tests; it runs the code ``before`` all else."""
    code = f"{before}\nimport runpy; runpy.run_path({__file__!r}, run_name='__main__')"
    command = [sys.executable, "-c", code, database_url, redis_url, str(processes)]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    with log.open("ab") as file:
        return subprocess.Popen(command, env=environment, stdout=file, stderr=file, start_new_session=True)


@contextmanager
def celery_serving(database_url: str, redis_url: str, folder: Path, processes: int = 2, before: str = "") -> Iterator[World]:
    """A server on the database, and a worker beside it."""
    database = Database(database_url)
    events = RedisBus(redis_url)
    dispatch = CeleryDispatch(celery_app(redis_url), GRACE)
    platform = platform_on(database, dispatch, events)
    world = World(platform, dispatch)
    world.processes = processes
    maintenance = Maintenance([Chore("the job sweep", 1.0, Sweeper(platform).sweep)])
    maintenance.start()
    worker = start_worker(database_url, redis_url, folder / "worker.log", processes, before)
    try:
        world.wait_for(world.is_up, 60.0, "the worker")
        yield world
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)
        maintenance.stop()
        dispatch.close()
        events.close()
        database.dispose()


def _main(database_url: str, redis_url: str, processes: str) -> int:
    rules = CeleryRules(redis_url, QUEUES, int(processes), memory_mb=600, grace_seconds=GRACE)

    def build(dispatch: CeleryDispatch) -> Platform:
        return platform_on(Database(database_url), dispatch, RedisBus(redis_url))

    def settle(pid: int, death: Death | None) -> None:
        database, dispatch, events = Database(database_url), CeleryDispatch(celery_app(redis_url), GRACE), RedisBus(redis_url)
        settle_dead(database, Jobs(dispatch, events, KINDS), pid, death)
        dispatch.close()
        events.close()
        database.dispose()

    return run_worker(rules, build, settle)


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
