"""What the server looks after: the health of its parts and the numbers of its metrics."""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text

from pentaprism.core.errors import NotFound
from pentaprism.core.events.memory import MemoryBus
from pentaprism.core.jobs.tables import Worker
from pentaprism.core.observability.gauges import watch_jobs, watch_rows, watch_workers
from pentaprism.core.observability.health import NotReady
from pentaprism.core.platform import Platform

if TYPE_CHECKING:
    from pentaprism.adapters.celery_dispatch import CeleryDispatch

FRESH = timedelta(seconds=30)


def add_checks(platform: Platform, broker: "CeleryDispatch | None" = None) -> None:
    """Database and storage are needed to serve requests; workers, Redis and the broker are not: jobs wait for them, limits are
    counted by each process, and rows stay the truth."""

    def database() -> Mapping[str, Any]:
        with platform.database.read() as session:
            session.execute(text("SELECT 1"))
        return {"kind": "sqlite" if platform.database.is_sqlite else "postgresql"}

    def storage() -> Mapping[str, Any]:
        with suppress(NotFound):
            platform.blobs.stat(f"health/{secrets.token_hex(8)}")
        return {"kind": type(platform.blobs.store).__name__.removesuffix("Store").lower()}

    def workers() -> Mapping[str, Any]:
        if platform.workers is None:
            return _workers_elsewhere(platform, needed=broker is not None)
        members = platform.workers.describe()
        counts = {
            "processes": len(members),
            "ready": sum(bool(member["ready"]) for member in members),
            "busy": sum(member["job_id"] is not None for member in members),
        }
        if not counts["ready"]:
            raise NotReady("no worker process is ready yet" if members else "no worker process runs")
        return counts

    platform.health.add("database", database)
    platform.health.add("storage", storage)
    platform.health.add("workers", workers, critical=False)
    if not isinstance(platform.events, MemoryBus):
        platform.health.add("redis", lambda: _shared(platform), critical=False)
    if broker is not None:
        platform.health.add("queue", broker.reachable, critical=False)


def _shared(platform: Platform) -> None:
    if not platform.limits.reachable():
        raise NotReady("not reachable")


def _workers_elsewhere(platform: Platform, *, needed: bool) -> Mapping[str, Any]:
    fresh = platform.clock() - FRESH
    with platform.database.read() as session:
        rows = session.scalars(select(Worker).where(Worker.heartbeat_at > fresh)).all()
    if needed and not rows:
        raise NotReady("no worker process runs")
    return {"processes": len(rows), "ready": len(rows), "busy": sum(row.job_id is not None for row in rows)}


def add_gauges(platform: Platform) -> None:
    """Numbers read from rows and workers whenever metrics are asked for, and a count of jobs that end."""
    watch_rows(platform.metrics, platform.database)
    if platform.workers is not None:
        watch_workers(platform.metrics, platform.workers)
    faces = {kind.name.partition(".")[0] for kind in platform.kinds.values()}
    listening = watch_jobs(platform.metrics, platform.events, faces)
    platform.on_close.append(listening.close)
