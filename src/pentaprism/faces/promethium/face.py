"""The promethium face as the gateway mounts it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

import pentaprism
from pentaprism.core.jobs.maintenance import Chore, Maintenance
from pentaprism.core.platform import Platform
from pentaprism.faces.promethium import openapi
from pentaprism.faces.promethium.access import Gate
from pentaprism.faces.promethium.context import FACE, Promethium
from pentaprism.faces.promethium.errors import renderer
from pentaprism.faces.promethium.kinds import JOB_KINDS
from pentaprism.faces.promethium.links import API
from pentaprism.faces.promethium.routes import auth, datasets, health, jobs, models, pages, traces, uploads
from pentaprism.faces.promethium.service.removal import tidy
from pentaprism.faces.promethium.settings import PromethiumSettings
from pentaprism.faces.promethium.sockets.connection import Hub
from pentaprism.faces.promethium.sockets.tail import Tails
from pentaprism.web import errors, middleware
from pentaprism.web.body_limit import BodyRules
from pentaprism.web.cors import CorsRules
from pentaprism.web.face import Face

TITLE = "Pentaprism Promethium"
TIDY_SECONDS = 20.0
EXPOSED = (
    "X-Request-ID",
    "Retry-After",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "ETag",
    "Content-Disposition",
    "Accept-Ranges",
    "Content-Range",
)


def create_app(platform: Platform, settings: PromethiumSettings | None = None) -> ASGIApp:
    """The face's root on ``platform``."""
    context = Promethium(platform, settings or PromethiumSettings())
    chores = Maintenance([Chore("promethium files", TIDY_SECONDS, lambda: tidy(context), first=TIDY_SECONDS)])
    platform.on_start.append(chores.start)
    platform.on_close.append(chores.stop)
    return build(context)


def build(context: Promethium) -> FastAPI:
    """The application with its routes, socket, errors and middleware."""
    tails = Tails(context)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        tails.close()

    app = FastAPI(
        title=TITLE,
        version=pentaprism.__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,
        lifespan=lifespan,
    )
    app.state.context = context
    health.add(app, context)
    auth.add(app, context)
    uploads.add(app, context)
    datasets.add(app, context)
    traces.add(app, context)
    jobs.add(app, context, tails)
    models.add(app)
    pages.add(app)
    app.add_api_websocket_route(f"{API}/ws", Hub(tails).serve)
    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]
    render = renderer(context.settings)
    errors.install(app, render)
    middleware.install(app, http_rules(context, Gate(context, app)), render, context.platform.metrics)
    return app


def http_rules(context: Promethium, gate: Gate) -> middleware.HttpRules:
    """What happens around the routes. The sizes of files are looked at behind the gate: the caller comes first."""
    settings = context.settings
    body = BodyRules(limit=settings.json_limit_bytes, paths=((rf"^{API}/datasets/?$", None), (rf"^{API}/datasets/uploads/[^/]+/?$", None)))
    cors = CorsRules(settings.cors_origins, exposed=EXPOSED) if settings.cors_origins else None
    health = frozenset(f"{base}/health{path}" for base in ("", API) for path in ("", "/live", "/ready"))
    return middleware.HttpRules(
        face=FACE, body=body, cors=cors, gate=gate, open_paths=health, ignore_trailing_slash=True, quiet_paths=health
    )


face = Face(name=FACE, title=TITLE, port=8003, create_app=create_app, job_kinds=JOB_KINDS)
