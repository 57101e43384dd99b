import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from core.jobs.job_world import FACE, SilentDispatch, World, database_at, platform_on
from pentaprism.core.events.memory import MemoryBus
from pentaprism.core.jobs.queue import NewJob
from pentaprism.core.jobs.tables import SharedState

TESTS = Path(__file__).parents[2]


@contextmanager
def server(folder: Path) -> Iterator[psutil.Process]:
    """A server process, killed at the end."""
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    command = [sys.executable, "-m", "core.workers.pool_server", str(folder)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield psutil.Process(process.pid)
        finally:
            process.kill()


def world_of(folder: Path) -> World:
    dispatch = SilentDispatch()
    return World(platform_on(database_at(folder), dispatch, MemoryBus()), dispatch)


def test_after_a_kill_of_the_server_its_workers_die_and_the_next_one_takes_their_jobs_at_once(tmp_path):
    world = world_of(tmp_path)
    stuck, checking = world.enqueue("stuck", time_limit=600), world.enqueue("dawdle", {"seconds": 4.0})
    with server(tmp_path) as process:
        world.started(stuck.id)
        world.started(checking.id)
        workers = process.children(recursive=True)
        assert len(workers) >= 2
        process.kill()
        _, alive = psutil.wait_procs(workers, timeout=30)
        assert alive == []
    with server(tmp_path):
        again = world.wait(checking.id, lambda job: job.status == "running" and job.attempt == 2, 20.0)
        assert again.first_started_at < again.started_at
        world.wait(stuck.id, lambda job: job.status == "running" and job.attempt == 2, 10.0)
        assert world.ended(checking.id).status == "completed"


def test_killed_servers_lose_no_job_and_double_no_effect(tmp_path):
    world = world_of(tmp_path)
    generator = random.Random(3)
    with world.database.write() as session:
        jobs = world.jobs.enqueue_many(session, [NewJob("once", world.account, FACE, {"seconds": 0.03}) for _ in range(60)])
    for _ in range(3):
        with server(tmp_path):
            time.sleep(generator.uniform(0.1, 0.6))
    with server(tmp_path):
        done = [world.ended(job.id, 60.0) for job in jobs]
    assert {job.status for job in done} == {"completed"}
    with world.database.read() as session:
        effects = session.query(SharedState).filter(SharedState.name.startswith("effect:")).all()
    assert len(effects) == len(jobs)
    attempts = {f"effect:{job.id}": job.attempt for job in done}
    assert {effect.name: effect.value["attempt"] for effect in effects} == attempts
