"""Whether the face lives and can work, which engines it has, and its documents."""

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from pentaprism.core.events.memory import MemoryBus
from pentaprism.faces.imagineai.context import API, OPEN, READ, Imagineai
from pentaprism.faces.imagineai.documentation import page
from pentaprism.faces.imagineai.routes.common import Json, answer, errors
from pentaprism.faces.imagineai.schemas.answers import Health, Ready
from pentaprism.faces.imagineai.service import engines

UNREACHABLE = "error: unreachable"


def add(app: FastAPI, context: Imagineai) -> None:
    """The operations at the face's root, and ``/engines``."""

    @app.get("/health", tags=["health"], response_model=Health)
    @OPEN
    async def health() -> Response:
        """The process answers."""
        return Json({"status": "healthy"})

    @app.get("/ready", tags=["health"], response_model=Ready, responses={503: {"model": Ready, "description": "Not ready"}})
    @OPEN
    def ready() -> Response:
        """Whether the parts work."""
        document = readiness(context)
        return answer(document, 200 if document["status"] == "ready" else 503)

    @app.get(f"{API}/engines", tags=["engines"], response_model=dict[str, Any], responses=errors(401))
    @READ
    def list_engines() -> Response:
        """The engines at work, their labels, thresholds and figures."""
        return answer(engines.described(context))

    if context.platform.development:

        def documentation(request: Request) -> Response:
            """The operations for people."""
            return HTMLResponse(page(app.openapi(), f"{context.base(request)}/openapi.json"))

        for path in ("/docs", "/redoc"):
            app.add_api_route(path, OPEN(documentation), include_in_schema=False)


def readiness(context: Imagineai) -> dict[str, Any]:
    """Ready."""
    platform = context.platform
    report = platform.health.report()
    database = report.part("database")
    in_process = isinstance(platform.events, MemoryBus)
    checks = {
        "database": "ok" if database is None or database.ok else UNREACHABLE,
        "redis": "ok" if in_process or platform.limits.reachable() else UNREACHABLE,
    }
    backends = {"database": "sqlite" if platform.database.is_sqlite else "postgresql", "redis": "in-process" if in_process else "redis"}
    good = all(state == "ok" for state in checks.values()) and report.ready
    return {"status": "ready" if good else "not_ready", "checks": checks, "backends": backends}
