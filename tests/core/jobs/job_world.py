"""A platform with nothing but a database, jobs and events, and a server of it with real worker processes."""

import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast

from sqlalchemy import select

from pentaprism.core.accounts.tables import Account
from pentaprism.core.clock import monotonic
from pentaprism.core.database.engine import Database
from pentaprism.core.database.tables import Base
from pentaprism.core.events.bus import EventBus
from pentaprism.core.events.event import Event
from pentaprism.core.events.memory import MemoryBus
from pentaprism.core.jobs.dispatch import Dispatch
from pentaprism.core.jobs.kinds import JobKind
from pentaprism.core.jobs.queue import Jobs
from pentaprism.core.jobs.states import FINAL
from pentaprism.core.jobs.tables import Job, Worker
from pentaprism.core.models.registry import Models
from pentaprism.core.platform import Platform
from pentaprism.core.workers.pool import WorkerPool
from pentaprism.core.workers.relay import RelayBus, RelayDispatch
from pentaprism.core.workers.rules import WorkerRules

HERE = "core.jobs.job_handlers"
FACE = "testing"


def kind(name: str, **options: Any) -> JobKind:
    """A kind whose handler is the function of that name."""
    return JobKind(name=name, handler=f"{HERE}:{name}", **options)


KINDS = {
    one.name: one
    for one in (
        kind("echo"),
        kind("quick", queue="interactive"),
        kind("dawdle"),
        kind("dawdle_once_timed", max_attempts=2, retries_timeouts=True, backoff=(0.0,), time_limit=1),
        kind("stuck", max_attempts=2, backoff=()),
        kind("grind", max_attempts=1),
        kind("die", max_attempts=1),
        kind("die_once", backoff=(0.0,)),
        kind("eat_memory", max_attempts=3),
        kind("flaky", backoff=(0.1, 0.3)),
        kind("blocked_storage", backoff=(0.0,)),
        kind("broken"),
        kind("refused", on_end=f"{HERE}:note_end", on_retry=f"{HERE}:note_retry", on_delete=f"{HERE}:note_delete"),
        kind("staged"),
        kind("planned", backoff=(0.0,)),
        kind("chatty"),
        kind("steady", keeps_progress=True, backoff=(0.0,)),
        kind("once", backoff=(0.0,), max_attempts=50),
        kind("serial", serial=True),
        kind("few", account_at_once=2),
        kind("ranked", by_rank=True, account_at_once=2),
        kind("aged", age_after=timedelta(minutes=10), age_priority=9),
        kind("short_lived", retention=timedelta(0)),
        JobKind(name="crowded", handler=f"{HERE}:echo", on_end=f"{HERE}:note_crowd"),
        kind("group", queue="batch", on_end=f"{HERE}:note_end"),
    )
}


class SilentDispatch:
    """A doorbell that only remembers who rang."""

    def __init__(self) -> None:
        self.rung: list[str] = []
        self.cancelled: list[str] = []

    def ring(self, job_id: str, queue: str, priority: int) -> None:
        self.rung.append(job_id)

    def cancel(self, job_id: str) -> None:
        self.cancelled.append(job_id)


def database_at(path: Path) -> Database:
    """The database in ``path``, made on first use."""
    file = path / "jobs.db"
    if not file.exists():
        file.write_bytes(empty_database())
    return Database(f"sqlite:///{file}")


@cache
def empty_database() -> bytes:
    """The file of a database with all tables and no rows."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        database = Database(f"sqlite:///{file}")
        Base.metadata.create_all(database.engine)
        database.dispose()
        return file.read_bytes()


def platform_on(database: Database, dispatch: Dispatch, events: EventBus, kinds: Mapping[str, JobKind] = KINDS) -> Platform:
    """A platform for jobs; the services that jobs do not touch are absent."""
    jobs = Jobs(dispatch, events, kinds)
    absent = cast(Any, None)
    return Platform(
        secret=b"s" * 32,
        database=database,
        accounts=absent,
        tokens=absent,
        api_keys=absent,
        mail=absent,
        blobs=absent,
        jobs=jobs,
        events=events,
        limits=absent,
        models=Models([], Path("models")),
        compute=absent,
        kinds=kinds,
    )


def build_worker(settings_json: str, publish: Callable[[Iterable[Event]], None]) -> Platform:
    """The platform of a worker process."""
    settings = json.loads(settings_json)
    return platform_on(Database(settings["url"]), RelayDispatch(publish), RelayBus(publish))


class World:
    """A server's platform with what tests ask of it."""

    def __init__(self, platform: Platform, dispatch: Dispatch, pool: WorkerPool | None = None) -> None:
        self.platform = platform
        self.dispatch = dispatch
        self.jobs = platform.jobs
        self.database = platform.database
        self.pool = pool
        self.processes = 0
        self.account = self.add_account()

    def add_account(self) -> str:
        """Id of a new account."""
        with self.database.write() as session:
            account = Account(kind="service", name="somebody")
            session.add(account)
        return account.id

    def enqueue(self, kind: str, request: Mapping[str, Any] | None = None, **options: Any) -> Job:
        """A committed job."""
        account = options.pop("account_id", self.account)
        with self.database.write() as session:
            return self.jobs.enqueue(session, kind, account_id=account, face=FACE, request=request or {}, **options)

    def job(self, job_id: str) -> Job:
        """The job as it is now."""
        with self.database.read() as session:
            return self.jobs.get(session, job_id)

    def cancel(self, job_id: str) -> bool:
        """Cancel it as a route would."""
        with self.database.write() as session:
            return self.jobs.cancel(session, self.jobs.get(session, job_id))

    def wait(self, job_id: str, condition: Callable[[Job], bool], timeout: float = 60.0) -> Job:
        """The job once ``condition`` holds."""
        return self.wait_for(lambda: (lambda job: job if condition(job) else None)(self.job(job_id)), timeout, job_id)

    def ended(self, job_id: str, timeout: float = 60.0) -> Job:
        """The job once it has ended."""
        return self.wait(job_id, lambda job: job.status in FINAL, timeout)

    def started(self, job_id: str, timeout: float = 60.0) -> Job:
        """The job once it runs."""
        return self.wait(job_id, lambda job: job.status == "running", timeout)

    def wait_for(self, look: Callable[[], Any], timeout: float = 60.0, what: object = "it") -> Any:
        """What ``look`` gives once that is true."""
        end = monotonic() + timeout
        while True:
            found = look()
            if found:
                return found
            if monotonic() > end:
                raise AssertionError(f"{what} did not come about in {timeout} s")
            time.sleep(0.005)

    def all_jobs(self) -> list[Job]:
        """Every job, oldest first."""
        with self.database.read() as session:
            return list(session.scalars(select(Job).order_by(Job.id)))

    def workers(self) -> list[Worker]:
        """The rows of the workers."""
        with self.database.read() as session:
            return list(session.scalars(select(Worker)))

    def is_up(self) -> bool:
        """Whether every worker is ready."""
        if self.pool is None:
            return len(self.workers()) >= self.processes
        rows = self.pool.describe()
        return bool(rows) and all(row["ready"] for row in rows)

    def is_warm(self) -> bool:
        """Whether every worker is ready and idle."""
        if self.pool is None:
            with self.database.read() as session:
                busy = session.scalar(select(Job.id).where(Job.lease_owner.is_not(None)).limit(1))
            return self.is_up() and busy is None
        rows = self.pool.describe()
        return bool(rows) and all(row["ready"] and row["job_id"] is None for row in rows)


@contextmanager
def serving(path: Path, rules: WorkerRules | None = None) -> Iterator[World]:
    """A server on the database in ``path`` with warm workers."""
    database = database_at(path)
    pool = WorkerPool(
        rules or WorkerRules(processes=1, grace_seconds=1.0), "core.jobs.job_world:build_worker", json.dumps({"url": database.url})
    )
    events = MemoryBus()
    platform = platform_on(database, pool, events)
    world = World(platform, pool, pool)
    pool.start(platform)
    try:
        world.wait_for(world.is_up, 60.0, "the pool")
        yield world
    finally:
        pool.stop()
        events.close()
        database.dispose()
