"""How an installation of several processes grows: workers, gateways, rows, sockets.

Run with ``python -m benchmarks.scale [--jobs 600] [--rows 1000000] [--sockets 1000] [--parts workers costs rows gateways events sockets]``.
Needs redis-server and PostgreSQL. Clients, servers and workers share the processors of one machine, so figures are lower bounds.
"""

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from sqlalchemy import text

from benchmarks.report import Row, percentile, show

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from benchmarks.sockets import SOCKETS_AN_ACCOUNT, listen
from celery_world import celery_serving
from core.jobs.job_world import FACE, World, platform_on
from core.jobs.job_world import SilentDispatch as Silent
from pentaprism.adapters.redis_bus import RedisBus
from pentaprism.core.database.engine import Database
from pentaprism.core.database.tables import Base
from pentaprism.core.events.memory import MemoryBus
from pentaprism.core.jobs.heart import Heart
from pentaprism.core.jobs.new import NewJob
from pentaprism.core.jobs.runner import Runner
from pentaprism.core.jobs.tables import Job
from pentaprism.core.workers.identity import worker_name
from postgres_server import PostgresServer, postgres_server
from production_world import production
from redis_server import redis_server
from spheroseg_client import SpherosegClient

PROCESSES = (1, 2, 4)
SECONDS = 5.0
CLIENTS = 16
SAMPLE = 200
ROUNDS = 5
EVENTS = 50_000
PUBLISHER = """
import sys
from pentaprism.adapters.redis_bus import RedisBus
from pentaprism.core.events.event import Event

bus, number = RedisBus(sys.argv[1]), int(sys.argv[2])
for start in range(0, number, 100):
    bus.publish(Event(f"job:{index}", "progress", {"progress": 0.5, "message": "measuring"}, index) for index in range(start, start + 100))
bus.publish([Event("over", "over", {}, 1)])
"""


def tables(server: PostgresServer) -> str:
    """The URL of a new database with all tables."""
    url = server.new_database()
    database = Database(url)
    Base.metadata.create_all(database.engine)
    database.dispose()
    return url


def worker_rows(number: int) -> Iterator[Row]:
    """Empty jobs a second through Celery, from the first accepted to the last ended."""
    for processes in PROCESSES:
        with (
            tempfile.TemporaryDirectory() as name,
            postgres_server(connections=200) as postgres,
            redis_server(Path(name)) as redis,
            celery_serving(tables(postgres), redis.url, Path(name), processes) as world,
        ):
            run_jobs(world, 20)
            yield Row(f"empty jobs, {processes} worker processes", f"{number / run_jobs(world, number):.0f}/s")


def cost_rows(number: int) -> Iterator[Row]:
    """Processor time of an empty job, by who spends it."""
    with (
        tempfile.TemporaryDirectory() as name,
        postgres_server(connections=200) as postgres,
        redis_server(Path(name)) as redis,
        celery_serving(tables(postgres), redis.url, Path(name), 1) as world,
    ):
        run_jobs(world, 20)
        parent = next(child for child in psutil.Process().children() if any("celery_world" in word for word in child.cmdline()))
        postmaster = psutil.Process(int((postgres.folder / "data" / "postmaster.pid").read_text().split()[0]))
        parts = {
            "worker process": parent.children(recursive=True),
            "its parent": [parent],
            "PostgreSQL": [postmaster, *postmaster.children(recursive=True)],
        }
        before = {part: spent(processes) for part, processes in parts.items()}
        run_jobs(world, number)
        for part, processes in parts.items():
            yield Row(f"processor time of an empty job, {part}", f"{(spent(processes) - before[part]) / number * 1000:.1f} ms")


def spent(processes: Sequence[psutil.Process]) -> float:
    """Seconds of processor time so far."""
    times = [process.cpu_times() for process in processes]
    return sum(time.user + time.system for time in times)


def event_rows() -> Iterator[Row]:
    """Processor time that a process spends on an event to which nobody there listens."""
    with tempfile.TemporaryDirectory() as name, redis_server(Path(name)) as redis:
        bus, over = RedisBus(redis.url), threading.Event()
        bus.subscribe(["over"], lambda _: over.set())
        started = time.process_time()
        subprocess.run([sys.executable, "-c", PUBLISHER, redis.url, str(EVENTS)], check=True)
        over.wait(60)
        used = time.process_time() - started
        bus.close()
        yield Row("processor time of an event that nobody here listens to", f"{used / EVENTS * 1e6:.0f} µs")


def run_jobs(world: World, number: int) -> float:
    """Seconds for ``number`` jobs."""
    started = time.perf_counter()
    with world.database.write() as session:
        jobs = world.jobs.enqueue_many(session, [NewJob("echo", world.account, FACE, {"value": index}) for index in range(number)])
    last = [job.id for job in jobs[-50:]]
    while True:
        time.sleep(0.05)
        with world.database.read() as session:
            if session.query(Job.id).filter(Job.id.in_(last), Job.status != "completed").first() is None:
                break
    world.wait_for(lambda: all(world.job(job.id).status == "completed" for job in jobs[::20]), 60.0, "the rest")
    return time.perf_counter() - started


def table_rows(largest: int) -> Iterator[Row]:
    """Milliseconds that accepting, taking and ending one job costs, by the number of ended jobs in the table."""
    with postgres_server() as postgres:
        database = Database(tables(postgres))
        world = World(platform_on(database, Silent(), MemoryBus()), Silent())
        heart = Heart()
        runner = Runner(world.platform, worker_name(), heart=heart)
        present, wanted = 0, 1000
        while wanted <= largest:
            present += fill(world, wanted - present)
            times = [one_job(world, runner) for _ in range(SAMPLE)]
            yield Row(f"cost of a job among {wanted:,} rows, median", f"{percentile(times, 0.5):.1f} ms")
            wanted *= 10
        heart.stop()
        database.dispose()


def one_job(world: World, runner: Runner) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    world.enqueue("echo", {"value": 1})
    runner.run_waiting(("interactive", "batch", "gpu"))
    return (time.perf_counter() - started) * 1000


def fill(world: World, number: int) -> int:
    """Add ended jobs that are copies of one, under ids of their own."""
    job = world.enqueue("echo", {"value": 1})
    with world.database.write() as session:
        session.execute(text("UPDATE jobs SET status = 'completed' WHERE id = :id"), {"id": job.id})
        names = [column.name for column in Job.__table__.columns if column.name != "id"]
        listed = ", ".join(f'"{name}"' for name in names)
        copy = f"INSERT INTO jobs (id, {listed}) SELECT gen_random_uuid()::text, {listed} FROM jobs, generate_series(1, :n) WHERE id = :id"
        session.execute(text(copy), {"n": number, "id": job.id})
    with world.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE jobs"))
    return number


def gateway_rows() -> Iterator[Row]:
    """Authorised requests a second that read a list of projects."""
    for number in (1, 2):
        with tempfile.TemporaryDirectory() as name, production(Path(name) / "world", gateways=number, hosts=0) as world:
            client = SpherosegClient(f"{world.gateways[0].url}/spheroseg")
            client.register("bench@example.com", "correct horse battery")
            urls = [f"{gateway.url}/spheroseg/api/projects" for gateway in world.gateways]
            press(urls, client.access or "", 1.0)
            yield Row(f"requests/s, {number} gateway processes", f"{press(urls, client.access or '', SECONDS) / SECONDS:.0f}/s")
            client.close()


def press(urls: Sequence[str], token: str, seconds: float) -> int:
    """How many requests of ``CLIENTS`` clients were answered."""
    counts: list[int] = []

    def run(url: str) -> None:
        parts, count = urlsplit(url), 0
        connection = HTTPConnection(parts.hostname or "", parts.port)
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            connection.request("GET", parts.path, headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            count += 1
        connection.close()
        counts.append(count)

    threads = [threading.Thread(target=run, args=(urls[index % len(urls)],)) for index in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


def socket_rows(number: int) -> Iterator[Row]:
    """Milliseconds from a request at one gateway to the arrival of its event at sockets that are spread over two."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with (
        tempfile.TemporaryDirectory() as name,
        production(Path(name) / "world", gateways=2, hosts=0, environment=SOCKETS_AN_ACCOUNT) as world,
    ):
        urls = [f"{gateway.url}/spheroseg" for gateway in world.gateways]
        client = SpherosegClient(urls[0])
        client.register("bench@example.com", "correct horse battery")
        times = asyncio.run(fan_out(urls, client, number))
        client.close()
        found = f"p50 {percentile(times, 0.5):.0f} ms, p99 {percentile(times, 0.99):.0f} ms"
        yield Row(f"one event to {number:,} sockets on two gateways", found)


async def fan_out(urls: Sequence[str], client: SpherosegClient, number: int) -> list[float]:
    """Milliseconds for every socket and round."""
    heard: asyncio.Queue[float] = asyncio.Queue()
    project = client.json("POST", "/projects", json={"title": "sockets"})["id"]
    sockets = [socket for url in urls for socket in await listen(url, client.access or "", number // len(urls), heard)]
    times: list[float] = []
    for round_number in range(ROUNDS):
        started = time.perf_counter()
        await asyncio.to_thread(client.json, "PUT", f"/projects/{project}", json={"title": f"round {round_number}"})
        times += [(await asyncio.wait_for(heard.get(), 60) - started) * 1000 for _ in sockets]
    await asyncio.gather(*(connection.disconnect() for connection in sockets))
    return times


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--jobs", type=int, default=600)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--sockets", type=int, default=1000)
    options.add_argument("--parts", nargs="*", default=["workers", "costs", "rows", "gateways", "events", "sockets"])
    chosen = options.parse_args()
    parts = {
        "workers": lambda: worker_rows(chosen.jobs),
        "costs": lambda: cost_rows(chosen.jobs),
        "rows": lambda: table_rows(chosen.rows),
        "gateways": gateway_rows,
        "events": event_rows,
        "sockets": lambda: socket_rows(chosen.sockets),
    }
    show(row for name in chosen.parts for row in parts[name]())


if __name__ == "__main__":
    main()
