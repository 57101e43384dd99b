"""Worker processes without a server."""

import signal
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pentaprism.app import production
from pentaprism.app.building import build_platform, job_kinds
from pentaprism.core.database.engine import Database
from pentaprism.core.database.migrate import is_current, upgrade
from pentaprism.core.jobs.queue import Jobs
from pentaprism.core.workers.dead import settle_dead
from pentaprism.core.workers.member import Death
from pentaprism.core.workers.process import limit_threads
from pentaprism.settings import Settings, SettingsError

if TYPE_CHECKING:
    from pentaprism.adapters.celery_dispatch import CeleryDispatch
    from pentaprism.adapters.celery_worker import Settle
    from pentaprism.core.platform import Platform


def run_worker(settings: Settings, queues: Sequence[str]) -> int:
    """Work until told to stop, for a broker or on the database alone; gives the exit status. Raises SettingsError."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if settings.celery.broker_url is not None:
        return _run_celery(settings, queues, settings.worker_processes)
    ending = threading.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: ending.set())
    platform = build_platform(settings, queues=tuple(queues))
    try:
        if settings.database.upgrade and not is_current(platform.database):
            upgrade(platform.database)
        platform.start()
        ending.wait()
    finally:
        platform.close()
    return 0


def _run_celery(settings: Settings, queues: Sequence[str], concurrency: int) -> int:
    """Work for the gateways behind the same broker until told to stop; gives the exit status. Raises SettingsError."""
    try:
        from pentaprism.adapters.celery_worker import CeleryRules, run_worker  # noqa: PLC0415 -- a package extra
    except ImportError as error:
        raise SettingsError(f"celery.broker_url is set, and {production.EXTRA}") from error
    database = Database(settings.database_url, pool_size=1)
    if settings.database.upgrade and not is_current(database):
        upgrade(database)
    # Nothing that is open here may be there in a forked process too.
    database.dispose()
    limit_threads(settings.workers.threads or 1)
    rules = CeleryRules(
        broker_url=production.broker_url(settings),
        queues=tuple(queues),
        concurrency=concurrency,
        memory_mb=settings.workers.memory_mb,
        grace_seconds=settings.workers.grace_seconds,
        preload=settings.workers.preload,
    )

    def build(dispatch: "CeleryDispatch") -> "Platform":
        return build_platform(settings, "worker", dispatch=dispatch)

    return run_worker(rules, build, settler(settings))


def settler(settings: Settings) -> "Settle":
    """Ends what a dead worker process was running, on connections of its own that are closed at once."""

    def settle(pid: int, death: Death | None) -> None:
        database = Database(settings.database_url, pool_size=1)
        url = production.redis_url(settings)
        assert url is not None
        events, dispatch = production.redis_bus(url), production.celery_dispatch(settings)
        try:
            settle_dead(database, Jobs(dispatch, events, job_kinds(settings)), pid, death)
        finally:
            dispatch.close()
            events.close()
            database.dispose()

    return settle
