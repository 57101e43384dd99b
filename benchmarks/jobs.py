"""The job core beside Celery on Redis doing the same empty job with a result, and pages of a list of 1,000,000 jobs.

Run with ``python -m benchmarks.jobs [--jobs 1000] [--rows 1000000]``. Needs redis-server.
"""

import argparse
import json
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from sqlalchemy import func, select

from benchmarks.report import Row, percentile, show
from pentaprism.core.accounts.tables import Account
from pentaprism.core.clock import now
from pentaprism.core.database.engine import Database
from pentaprism.core.database.tables import Base
from pentaprism.core.events.bus import EventBus
from pentaprism.core.events.event import Event
from pentaprism.core.events.memory import MemoryBus
from pentaprism.core.jobs.context import JobContext
from pentaprism.core.jobs.dispatch import Dispatch
from pentaprism.core.jobs.kinds import JobKind
from pentaprism.core.jobs.listing import first_id_of
from pentaprism.core.jobs.new import INSERT, Intake, NewJob
from pentaprism.core.jobs.queue import Jobs
from pentaprism.core.jobs.states import JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.core.jobs.waiting import wait_for_end
from pentaprism.core.models.registry import Models
from pentaprism.core.platform import Platform
from pentaprism.core.workers.pool import WorkerPool
from pentaprism.core.workers.relay import RelayBus, RelayDispatch
from pentaprism.core.workers.rules import WorkerRules

FACE = "benchmark"
PROCESSES = 2
SENDERS = (1, 4)
KINDS = {"empty": JobKind("empty", "benchmarks.jobs:empty")}


def empty(job: JobContext, request: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001 -- the signature of a handler
    """An empty job with a result: when it began."""
    return {"value": request["value"], "at": time.time()}


def platform_on(database: Database, dispatch: Dispatch, events: EventBus) -> Platform:
    """A platform with jobs and nothing else."""
    absent = cast(Any, None)
    services = dict.fromkeys(("accounts", "tokens", "api_keys", "mail", "blobs", "limits", "compute"), absent)
    return Platform(
        secret=b"s" * 32,
        database=database,
        events=events,
        kinds=KINDS,
        jobs=Jobs(dispatch, events, KINDS),
        models=Models([], Path("models")),
        **services,
    )


def build_worker(settings_json: str, publish: Callable[[Iterable[Event]], None]) -> Platform:
    """The platform of a worker process."""
    return platform_on(Database(json.loads(settings_json)["url"]), RelayDispatch(publish), RelayBus(publish))


class Embedded:
    """The job core with its own worker processes on SQLite."""

    def __init__(self, platform: Platform, account_id: str) -> None:
        self.platform = platform
        self.database = platform.database
        self.jobs = platform.jobs
        self.account_id = account_id
        self.durable = True

    def enqueue(self, value: int) -> str:
        """One accepted job; where ``durable`` it is on the disk then, as the routes of the server have it."""
        with self.database.write(durable=self.durable) as session:
            return self.jobs.enqueue(session, "empty", account_id=self.account_id, face=FACE, request={"value": value}).id

    def result(self, job_id: str) -> dict[str, Any]:
        """Its result, waiting for it."""
        return dict(wait_for_end(self.platform, job_id, 60.0).result or {})

    def wait_all(self, ids: Sequence[str]) -> None:
        """Return when all jobs have ended."""
        while True:
            with self.database.read() as session:
                done = session.scalar(select(func.count()).where(Job.id.in_(ids), Job.status == JobState.COMPLETED))
            if done == len(ids):
                return
            time.sleep(0.01)


class Celery:
    """The same on Celery."""

    def __init__(self) -> None:
        from benchmarks.celery_peer import empty as task

        self._task = task
        self._pending: dict[str, Any] = {}

    def enqueue(self, value: int) -> str:
        """One sent task."""
        pending = self._task.delay(value)
        self._pending[pending.id] = pending
        return str(pending.id)

    def result(self, job_id: str) -> dict[str, Any]:
        """Its result, waiting for it."""
        return dict(self._pending.pop(job_id).get(interval=0.002))

    def wait_all(self, ids: Sequence[str]) -> None:
        """Return when all tasks have ended."""
        for job_id in ids:
            self._pending.pop(job_id).get(interval=0.002)


Side = Embedded | Celery


@contextmanager
def embedded(folder: Path) -> Iterator[Embedded]:
    """A server with warm workers on an empty database."""
    database, account_id = database_in(folder)
    pool = WorkerPool(WorkerRules(processes=PROCESSES), "benchmarks.jobs:build_worker", json.dumps({"url": database.url}))
    events = MemoryBus()
    platform = platform_on(database, pool, events)
    pool.start(platform)
    try:
        yield Embedded(platform, account_id)
    finally:
        pool.stop()
        events.close()
        database.dispose()


def database_in(folder: Path) -> tuple[Database, str]:
    """A database with one account."""
    database = Database(f"sqlite:///{folder / 'jobs.db'}")
    Base.metadata.create_all(database.engine)
    with database.write() as session:
        account = Account(kind="service", name="benchmark")
        session.add(account)
    return database, account.id


def waits(side: Side, count: int) -> list[float]:
    """Milliseconds from the request to the first line of the handler, one job at a time."""
    found = []
    for value in range(count):
        began = time.time()
        job_id = side.enqueue(value)
        found.append((side.result(job_id)["at"] - began) * 1000)
        time.sleep(0.003)
    return found


def rate(side: Side, count: int, senders: int) -> float:
    """Jobs a second from the first request to the last result, sent one by one by ``senders`` threads."""
    ids: list[str] = []

    def send(number: int) -> None:
        ids.extend([side.enqueue(value) for value in range(number, count, senders)])

    began = time.perf_counter()
    threads = [threading.Thread(target=send, args=(number,)) for number in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    side.wait_all(ids)
    return len(ids) / (time.perf_counter() - began)


def against_celery(count: int, rounds: int = 3) -> list[Row]:
    """Latency and rate, in turns so that a busy machine is busy for both; once neither waits for the disk, once both do."""
    from benchmarks.celery_peer import celery_on_redis

    rows = []
    with tempfile.TemporaryDirectory() as folder, embedded(Path(folder)) as ours, celery_on_redis(PROCESSES) as make_durable:
        sides: dict[str, Side] = {"ours": ours, "celery": Celery()}
        for durable in (False, True):
            make_durable(durable)
            ours.durable = durable
            latencies: dict[str, list[float]] = {name: [] for name in sides}
            rates: dict[str, list[float]] = {name: [] for name in sides}
            for side in sides.values():
                waits(side, 50)
            for _ in range(rounds):
                for name, side in sides.items():
                    latencies[name] += waits(side, 150)
                    # One thread suits the one side, several the other; each is measured with both and counts with its better one.
                    rates[name].append(max(rate(side, count, senders) for senders in SENDERS))
            rows += compared(latencies, rates, "every job on the disk" if durable else "in memory")
    return rows


def compared(latencies: dict[str, list[float]], rates: dict[str, list[float]], how: str) -> list[Row]:
    """Rows of one comparison; ratios above one are in our favour."""
    rows = []
    for share in (0.5, 0.99):
        mine, theirs = percentile(latencies["ours"], share), percentile(latencies["celery"], share)
        rows.append(
            Row(f"{how}: enqueue to start, p{share * 100:.0f}", f"{mine:.1f} ms", f"Celery {theirs:.1f} ms", f"{theirs / mine:.2f}")
        )
    best, other = percentile(rates["ours"], 0.5), percentile(rates["celery"], 0.5)
    rows.append(
        Row(f"{how}: empty jobs with a result, {PROCESSES} workers", f"{best:.0f}/s", f"Celery {other:.0f}/s", f"{best / other:.2f}")
    )
    return rows


def fill(database: Database, account_id: str, count: int) -> None:
    """``count`` ended jobs of one account over the last thirty days, a tenth of them failed."""
    intake = Intake(KINDS, cast(Any, None), now)
    template = intake._row(NewJob("empty", account_id, FACE, {"value": 1}))
    begin = now() - timedelta(days=30)
    gap = timedelta(days=29) / count
    for start in range(0, count, 20_000):
        rows = []
        for number in range(start, min(start + 20_000, count)):
            moment = begin + gap * number
            status = "failed" if number % 10 == 0 else "completed"
            unique = first_id_of(moment)[:-12] + f"{number:012x}"
            rows.append({**template, "id": unique, "status": status, "created_at": moment, "finished_at": moment})
        with database.write() as session:
            INSERT.run_many(session.connection(), rows)


def plain_page(database: Database, account_id: str, status: JobState | None, offset: int) -> None:
    """What a list costs with OFFSET and a count."""
    wanted = [Job.account_id == account_id, Job.face == FACE, *([Job.status == status] if status else [])]
    with database.read() as session:
        session.scalar(select(func.count()).select_from(Job).where(*wanted))
        session.scalars(select(Job).where(*wanted).order_by(Job.id.desc()).offset(offset).limit(50)).all()


def timed(call: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def pages(count: int) -> list[Row]:
    """Random pages of 50 out of ``count`` jobs of one account."""
    rows = []
    generator = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        database, account_id = database_in(Path(folder))
        fill(database, account_id, count)
        jobs = platform_on(database, cast(Any, None), MemoryBus()).jobs
        for status, total in ((None, count), (JobState.FAILED, count // 10)):

            def page(offset: int, status: JobState | None = status) -> None:
                with database.read() as session:
                    found = jobs.list(
                        session, account_id=account_id, face=FACE, statuses=[status] if status else None, limit=50, offset=offset
                    )
                assert len(found.items) == 50
                assert found.total == (count if status is None else count // 10)

            first = timed(lambda page=page: page(0))
            offsets = [generator.randrange(0, total - 50) for _ in range(500)]
            mine = [timed(lambda page=page, offset=offset: page(offset)) for offset in offsets]
            theirs = [
                timed(lambda status=status, offset=offset: plain_page(database, account_id, status, offset)) for offset in offsets[:20]
            ]
            what = f"page of 50 of {count:,} jobs" + (f", {status} only ({total:,})" if status else "")
            ratio = f"{percentile(theirs, 0.99) / percentile(mine, 0.99):.0f}"
            rows.append(
                Row(
                    f"{what}, any page, p99",
                    f"{percentile(mine, 0.99):.1f} ms",
                    f"OFFSET and count: {percentile(theirs, 0.99):.0f} ms",
                    ratio,
                )
            )
            rows.append(Row(f"{what}, the very first page after a start", f"{first:.0f} ms"))
        database.dispose()
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    arguments = parser.parse_args()
    rows = [*against_celery(arguments.jobs), *pages(arguments.rows)]
    show(rows)


if __name__ == "__main__":
    main()
