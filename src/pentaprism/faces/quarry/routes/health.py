"""How the face is, and what it is."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic_core import to_json

import pentaprism
from pentaprism.core.observability.health import Report
from pentaprism.core.platform import Platform
from pentaprism.faces.quarry.context import Quarry
from pentaprism.faces.quarry.metrics import held_models
from pentaprism.faces.quarry.schemas.answers import HealthAnswer
from pentaprism.faces.quarry.service import models
from pentaprism.faces.quarry.settings import MODELS

SERVICE = "image-quarry-api"
DESCRIPTION = "Masks from points, boxes or nothing at all, by Segment Anything or by the built-in engine"
COUNTS = "quarry-models"
BUILT_IN = {"cached": 1, "loaded": 1}
"""What is certain while nothing can be counted: the embedded model."""
UNHEALTHY: dict[int | str, dict[str, Any]] = {503: {"description": "A part does not work", "model": HealthAnswer}}


def answer(status: int, body: dict[str, Any]) -> Response:
    """JSON that nobody keeps."""
    return Response(to_json(body), status_code=status, media_type="application/json", headers={"Cache-Control": "no-store"})


def router(context: Quarry) -> APIRouter:
    """Routes below ``/health``."""
    routes = APIRouter(prefix="/health", tags=["health"])
    context.platform.health.add(COUNTS, lambda: count_models(context.platform), critical=False, told=False)
    version = context.settings.version

    @routes.get("", response_model=HealthAnswer, responses=UNHEALTHY)
    def health() -> Response:
        """Database, queue, workers, models."""
        details = details_of(context)
        well = "unhealthy" not in {details["database"], details["redis"], details["workers"]}
        body = {"status": "healthy" if well else "unhealthy", "service": SERVICE, "version": version, "details": details}
        return answer(200 if well else 503, body)

    @routes.get("/ready", response_model=HealthAnswer, responses=UNHEALTHY)
    def health_ready() -> Response:
        """Whether requests can be served."""
        report = context.platform.health.report()
        ready = report.ready and has_workers(report)
        body = {"status": "ready" if ready else "not_ready", "service": SERVICE, "version": version, "details": {"ready": ready}}
        return answer(200 if ready else 503, body)

    @routes.get("/live", response_model=HealthAnswer)
    async def health_live() -> Response:
        """The process answers."""
        return answer(200, {"status": "alive", "service": SERVICE, "version": version, "details": {"alive": True}})

    return routes


def details_of(context: Quarry) -> dict[str, Any]:
    """The parts of the health answer."""
    platform = context.platform
    report = platform.health.report()
    ok = {name: (part is not None and part.ok) for name in ("database", "redis") for part in [report.part(name)]}
    in_process = report.part("redis") is None
    counted = report.part(COUNTS)
    return {
        "database": "healthy" if ok["database"] else "unhealthy",
        "redis": "healthy" if in_process or ok["redis"] else "unhealthy",
        "models": {"available": len(MODELS), **(dict(counted.details) if counted is not None and counted.ok else BUILT_IN)},
        "backends": {
            "database": "sqlite" if platform.database.is_sqlite else "postgresql",
            "redis": "in-process" if in_process else "redis",
        },
        "workers": "healthy" if has_workers(report) else "unhealthy",
        "platform_version": pentaprism.__version__,
    }


def count_models(platform: Platform) -> dict[str, int]:
    """How many models are cached, and how many a live worker holds. Asks the database and the file system."""
    held = held_models(platform)
    cached = [name for name in MODELS if models.seems_cached(platform, name)]
    return {"cached": len(cached), "loaded": sum(bool(held[name]) or name == models.EMBEDDED for name in MODELS)}


def has_workers(report: Report) -> bool:
    """Whether a worker lives, here or elsewhere."""
    part = report.part("workers")
    return part is not None and part.ok and bool(part.details.get("ready"))


def info_router(context: Quarry) -> APIRouter:
    """Routes at the root."""
    routes = APIRouter(tags=["info"])

    @routes.get("/")
    def root(request: Request) -> Response:
        """Where to go from here."""
        base = context.base(request)
        body = {
            "message": "Image Quarry API",
            "version": context.settings.version,
            "docs": f"{base}/docs",
            "health": f"{base}/health/",
            "info": f"{base}/info",
        }
        return answer(200, body)

    @routes.get("/info")
    def info(request: Request) -> Response:
        """What this is and what it can do."""
        paths = request.app.openapi()["paths"]
        listed = [f"{method.upper()} {path}" for path, operations in paths.items() for method in operations]
        body = {"name": "Image Quarry API", "version": context.settings.version, "description": DESCRIPTION, "endpoints": listed}
        return answer(200, body)

    return routes
