"""What the server looks after: the health of its parts and the numbers of its metrics."""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy import text

from pentaprism.core.errors import NotFound
from pentaprism.core.observability.gauges import watch_jobs, watch_rows, watch_workers
from pentaprism.core.observability.health import NotReady
from pentaprism.core.platform import Platform


def add_checks(platform: Platform) -> None:
    """Database and storage are needed to serve requests; workers are not, jobs wait for them."""

    def database() -> Mapping[str, Any]:
        with platform.database.read() as session:
            session.execute(text("SELECT 1"))
        return {"kind": "sqlite" if platform.database.is_sqlite else "postgresql"}

    def storage() -> None:
        with suppress(NotFound):
            platform.blobs.stat(f"health/{secrets.token_hex(8)}")

    def workers() -> Mapping[str, Any]:
        if platform.workers is None:
            return {"processes": 0}
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


def add_gauges(platform: Platform) -> None:
    """Numbers read from rows and workers whenever metrics are asked for, and a count of jobs that end."""
    watch_rows(platform.metrics, platform.database)
    if platform.workers is not None:
        watch_workers(platform.metrics, platform.workers)
    faces = {kind.name.partition(".")[0] for kind in platform.kinds.values()}
    listening = watch_jobs(platform.metrics, platform.events, faces)
    platform.on_close.append(listening.close)
