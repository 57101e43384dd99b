"""Metrics that are read from the rows and the workers at the moment they are asked for."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from pentaprism.core.blobs.tables import Blob
from pentaprism.core.clock import now
from pentaprism.core.events.event import Event
from pentaprism.core.jobs.states import ACTIVE, FINAL
from pentaprism.core.jobs.tables import Job
from pentaprism.core.observability.metrics import Metrics, Reading

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from pentaprism.core.database.engine import Database
    from pentaprism.core.events.bus import EventBus, Subscription
    from pentaprism.core.workers.pool import WorkerPool


def watch_rows(metrics: Metrics, database: "Database") -> None:
    """Active jobs by queue and state, age of the oldest waiting job, stored bytes by face and purpose."""

    def active() -> Iterable[Reading]:
        query = (
            select(Job.queue, Job.status, func.count())
            .where(Job.status.in_(ACTIVE), Job.is_batch.is_(False))
            .group_by(Job.queue, Job.status)
        )
        with database.read() as session:
            return [((queue, str(status)), float(count)) for queue, status, count in session.execute(query)]

    def oldest() -> Iterable[Reading]:
        moment = now()
        query = select(Job.queue, func.min(Job.created_at)).where(Job.status == "queued", Job.is_batch.is_(False)).group_by(Job.queue)
        with database.read() as session:
            rows: list[tuple[str, datetime]] = [(queue, began) for queue, began in session.execute(query)]
        return [((queue,), max(0.0, (moment - began).total_seconds())) for queue, began in rows]

    def stored() -> Iterable[Reading]:
        query = select(Blob.face, Blob.purpose, func.sum(Blob.size)).where(Blob.state != "released").group_by(Blob.face, Blob.purpose)
        with database.read() as session:
            return [((face, purpose), float(size)) for face, purpose, size in session.execute(query)]

    metrics.observe("pentaprism_jobs_active", "Jobs that wait or run.", ["queue", "state"], active)
    metrics.observe("pentaprism_queue_oldest_seconds", "Age of the oldest waiting job.", ["queue"], oldest)
    metrics.observe("pentaprism_stored_bytes", "Bytes in the store.", ["face", "purpose"], stored)


def watch_workers(metrics: Metrics, pool: "WorkerPool") -> None:
    """Worker processes by what they do, and their memory."""

    def processes() -> Iterable[Reading]:
        counts = {"starting": 0, "idle": 0, "busy": 0}
        for worker in pool.describe():
            counts["busy" if worker["job_id"] else "idle" if worker["ready"] else "starting"] += 1
        return [((state,), float(count)) for state, count in counts.items()]

    def memory() -> Iterable[Reading]:
        return [((), float(sum(worker["memory_bytes"] for worker in pool.describe())))]

    metrics.observe("pentaprism_workers", "Worker processes.", ["state"], processes)
    metrics.observe("pentaprism_workers_memory_bytes", "Resident memory of all worker processes.", [], memory)


def watch_jobs(metrics: Metrics, events: "EventBus", faces: "Collection[str]") -> "Subscription":
    """Count jobs that end, by kind and state, and their running time."""
    started: dict[str, datetime] = {}

    def hear(event: Event) -> None:
        if event.name != "job" or event.data.get("is_batch"):
            return
        status, kind, identifier = event.data["status"], event.data["kind"], event.data["id"]
        if status == "running":
            started.setdefault(identifier, event.at)
            return
        began = started.pop(identifier, None)
        if status in FINAL:
            metrics.jobs_ended.labels(kind, status).inc()
            if began is not None:
                metrics.job_seconds.labels(kind).observe((event.at - began).total_seconds())

    return events.subscribe([f"face:{name}" for name in faces], hear)
