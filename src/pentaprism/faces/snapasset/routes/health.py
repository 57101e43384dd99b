"""What the face is, and whether it can work."""

import time
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response

from pentaprism.core.clock import isoformat
from pentaprism.core.events.memory import MemoryBus
from pentaprism.core.observability.health import Report
from pentaprism.faces.snapasset import engines
from pentaprism.faces.snapasset.context import Snapasset
from pentaprism.faces.snapasset.entries import Responses, gives, open_to_all
from pentaprism.faces.snapasset.naming import KIND
from pentaprism.faces.snapasset.openapi import DESCRIPTION, TITLE, api_routes
from pentaprism.faces.snapasset.routes.common import answer

VERSION = version("pentaprism")


def router(context: Snapasset, app: FastAPI) -> APIRouter:
    """``/health``, ``/api/health`` and ``/api``."""
    routes = APIRouter(tags=["service"])

    def health(_request: Request) -> Response:
        """Whether the database, the image store and the engines work; 503 when one of the first two does not."""
        report = context.platform.health.report()
        return answer(_health(context, report), 200 if report.ready else 503)

    for path in ("/health", "/api/health"):
        responses: Responses = {200: gives("Health"), 503: gives("Health", "The database or the image store fails")}
        routes.add_api_route(path, open_to_all(health), methods=["GET"], responses=responses)

    @routes.get("/api", responses={200: gives("Index")})
    @open_to_all
    def index(request: Request) -> Response:
        """The operations of the face and where its documentation stands."""
        base = context.base(request)
        found = sorted({f"{method} {route.path}" for route in api_routes(app) for method in route.methods or ()})
        links = {"self": f"{base}/api", "health": f"{base}/health", "openapi": f"{base}/api-docs/openapi.json"}
        links["postman"] = f"{base}/api-docs/postman"
        about = {"name": TITLE, "version": VERSION, "description": DESCRIPTION.partition("\n")[0], "documentation": f"{base}/api-docs"}
        return answer({**about, "endpoints": found, "links": links})

    return routes


def _health(context: Snapasset, report: Report) -> dict[str, Any]:
    platform, settings = context.platform, context.settings
    states = context.engines.states()
    paused = None
    if report.ready:
        with platform.database.read() as session:
            paused = platform.jobs.is_held(session, KIND)
    # Of this server or elsewhere: whoever looks after the platform's parts knows.
    workers = report.part("workers")
    services = {
        "supabase": context.supabase is not None,
        "redis": not isinstance(platform.events, MemoryBus),
        "openai": bool(states[engines.OPENAI]["available"]),
    }
    return {
        "status": "ok" if report.ready else "error",
        "timestamp": isoformat(platform.clock()),
        "uptime": round(time.monotonic() - context.started_at, 3),
        "environment": "development" if platform.development else "production",
        "version": VERSION,
        "services": services,
        "engine": engines.choose(states, settings.engine) or settings.engine,
        "engines": states,
        "queue": {"paused": paused, "workers": workers.details.get("ready", 0) if workers is not None else 0},
    }
