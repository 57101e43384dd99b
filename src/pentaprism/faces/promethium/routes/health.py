"""Whether the server lives and can work; below the base URL and at the root."""

from typing import Any

from fastapi import FastAPI, Response

import pentaprism
from pentaprism.core.observability.health import PartHealth
from pentaprism.faces.promethium.access import access
from pentaprism.faces.promethium.answers import answer
from pentaprism.faces.promethium.context import Promethium
from pentaprism.faces.promethium.links import API
from pentaprism.faces.promethium.schemas.answers import HealthAnswer, ReadyAnswer


def add(app: FastAPI, context: Promethium) -> None:
    """Routes below ``/health``."""
    version = pentaprism.__version__

    @access(is_open=True)
    def health() -> Response:
        """The server answers."""
        return answer({"status": "healthy", "version": version})

    @access(is_open=True)
    def live() -> Response:
        """The process lives."""
        return answer({"status": "alive", "version": version})

    @access(is_open=True)
    def ready() -> Response:
        """Whether the parts work that requests need; 503 without one of them."""
        document = readiness(context)
        return answer(document, 200 if document["status"] == "ready" else 503)

    unready: dict[int | str, dict[str, Any]] = {503: {"description": "Not ready", "model": ReadyAnswer}}
    for base in (API, ""):
        shown = {"tags": ["health"], "include_in_schema": bool(base)}
        app.add_api_route(f"{base}/health", health, methods=["GET"], response_model=HealthAnswer, **shown)  # type: ignore[arg-type]
        app.add_api_route(f"{base}/health/live", live, methods=["GET"], response_model=HealthAnswer, **shown)  # type: ignore[arg-type]
        app.add_api_route(
            f"{base}/health/ready",
            ready,
            methods=["GET"],
            response_model=ReadyAnswer,
            responses=unready,
            **shown,  # type: ignore[arg-type]
        )


def readiness(context: Promethium) -> dict[str, Any]:
    """Checks of database, storage and what stands in the place of Redis: where none is used, queue and events live in this process."""
    report = context.platform.health.report()
    parts = {name: report.part(name) for name in ("database", "redis", "storage")}
    in_process = parts["redis"] is None
    checks = {name: _word(part) for name, part in parts.items()}
    if in_process:
        checks["redis"] = "ok" if context.platform.limits.reachable() else "error"
    database = "sqlite" if context.platform.database.is_sqlite else "postgresql"
    backends = {
        "database": database,
        "redis": "in-process" if in_process else "redis",
        "storage": type(context.platform.blobs.store).__name__.removesuffix("Store").lower(),
    }
    ready = all(word == "ok" for word in checks.values())
    return {"status": "ready" if ready else "not_ready", "checks": checks, "backends": backends}


def _word(part: PartHealth | None) -> str:
    return "ok" if part is not None and part.ok else "error"
