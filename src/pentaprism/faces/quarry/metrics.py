"""What the face counts, for Prometheus. Workers tell of their runs by events; the server that hears them counts."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from prometheus_client import Counter, Histogram
from sqlalchemy import func, select
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pentaprism.core.events.event import Event
from pentaprism.core.jobs.states import WAITING
from pentaprism.core.jobs.tables import Job, Worker
from pentaprism.core.observability.metrics import JOB_SECONDS, SECONDS, Reading
from pentaprism.core.platform import Platform
from pentaprism.faces.quarry.kinds import FACE, PUBLIC, operation_of
from pentaprism.faces.quarry.settings import MODELS
from pentaprism.faces.quarry.tables import Embedding

RUN_TOPIC = f"{FACE}:runs"
SILENCE = timedelta(seconds=30)
"""A worker that was not heard of for so long counts as dead."""
ENDED = {"completed", "failed", "cancelled"}


class QuarryMetrics:
    """Counters of the face in the platform's registry."""

    def __init__(self, platform: Platform) -> None:
        registry = platform.metrics.registry
        self.requests = Counter("quarry_requests_total", "Requests answered.", ["operation", "status"], registry=registry)
        self.jobs = Counter("quarry_jobs_total", "Jobs that ended.", ["kind", "status"], registry=registry)
        self.job_seconds = Histogram("quarry_job_seconds", "Work on one job.", buckets=JOB_SECONDS, registry=registry)
        self.masks = Counter("quarry_masks_total", "Masks found.", ["engine"], registry=registry)
        self.encode = Histogram("quarry_encode_seconds", "Making an embedding.", ["model"], buckets=SECONDS, registry=registry)
        self.decode = Histogram("quarry_decode_seconds", "From embedding to masks.", ["model"], buckets=SECONDS, registry=registry)
        self.cache = Counter("quarry_embedding_cache_total", "Looks into the embedding cache.", ["outcome"], registry=registry)
        self.fallbacks = Counter("quarry_fallback_total", "Answers by another engine.", ["requested", "reason"], registry=registry)
        self.truncated = Counter("quarry_truncated_total", "Automatic runs that stopped early.", registry=registry)
        platform.metrics.observe("quarry_queue_depth", "Jobs that wait.", ["queue"], lambda: _depth(platform))
        platform.metrics.observe("quarry_embedding_cache_bytes", "Stored embeddings.", [], lambda: _stored(platform))
        platform.metrics.observe("quarry_model_loaded", "Processes that hold a model.", ["model"], lambda: _loaded(platform))
        subscriptions = [
            platform.events.subscribe([RUN_TOPIC], self._hear_run),
            platform.events.subscribe([f"face:{FACE}"], self._hear_job),
        ]
        platform.on_close.extend(subscription.close for subscription in subscriptions)

    def _hear_job(self, event: Event) -> None:
        if event.name == "job" and event.data["status"] in ENDED and event.data["kind"] in PUBLIC:
            status = "completed" if event.data["status"] == "completed" else "failed"
            self.jobs.labels(operation_of(event.data["kind"]), status).inc()

    def _hear_run(self, event: Event) -> None:
        run = event.data
        self.job_seconds.observe(run["seconds"])
        self.masks.labels(run["engine"]).inc(run["masks"])
        self.cache.labels(run["cache"]).inc()
        if run["encode_seconds"] is not None:
            self.encode.labels(run["engine"]).observe(run["encode_seconds"])
        if run["decode_seconds"] is not None:
            self.decode.labels(run["engine"]).observe(run["decode_seconds"])
        if run["fallback"] is not None:
            self.fallbacks.labels(run["fallback"]["requested"], run["fallback"]["reason"]).inc()
        if run["truncated"]:
            self.truncated.inc()


class RequestCounter:
    """Counts answers by operation, which is the name of the route's function, and status."""

    def __init__(self, app: ASGIApp, metrics: QuarryMetrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                operation = getattr(scope.get("endpoint"), "__name__", "none")
                self.metrics.requests.labels(operation, str(message["status"])).inc()
            await send(message)

        await self.app(scope, receive, watch if scope["type"] == "http" else send)


def held_models(platform: Platform) -> dict[str, list[dict[str, Any]]]:
    """Who holds which model: by its name, for each live worker its figures."""
    fresh = platform.clock() - SILENCE
    with platform.database.read() as session:
        rows = session.execute(select(Worker.id, Worker.models).where(Worker.heartbeat_at > fresh)).all()
    held: dict[str, list[dict[str, Any]]] = {name: [] for name in MODELS}
    for worker_id, models in rows:
        for name, figures in (models or {}).items():
            if name in held:
                held[name].append({"worker": worker_id, **figures})
    return held


def _depth(platform: Platform) -> Iterable[Reading]:
    query = select(Job.queue, func.count()).where(Job.face == FACE, Job.status.in_(WAITING), Job.is_batch.is_(False)).group_by(Job.queue)
    with platform.database.read() as session:
        found = {queue: float(count) for queue, count in session.execute(query)}
    return [((queue,), found.get(queue, 0.0)) for queue in ("interactive", "batch")]


def _stored(platform: Platform) -> Iterable[Reading]:
    with platform.database.read() as session:
        return [((), float(session.scalar(select(func.coalesce(func.sum(Embedding.size), 0))) or 0))]


def _loaded(platform: Platform) -> Iterable[Reading]:
    return [((name,), float(len(holders))) for name, holders in held_models(platform).items()]
