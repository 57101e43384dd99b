"""The imagineai face as the gateway mounts it."""

from fastapi import FastAPI, WebSocket
from starlette.types import ASGIApp

from pentaprism.core.platform import Platform
from pentaprism.faces.imagineai import openapi
from pentaprism.faces.imagineai.context import API, Imagineai
from pentaprism.faces.imagineai.errors import render
from pentaprism.faces.imagineai.gate import gate
from pentaprism.faces.imagineai.kinds import JOB_KINDS
from pentaprism.faces.imagineai.names import FACE
from pentaprism.faces.imagineai.routes import analysis, auth, dashboard, health, jobs, products, programs, uploads
from pentaprism.faces.imagineai.service.removal import account_hook
from pentaprism.faces.imagineai.settings import ImagineaiSettings
from pentaprism.faces.imagineai.sockets import Sockets
from pentaprism.web import errors, middleware
from pentaprism.web.body_limit import BodyRules
from pentaprism.web.cors import CorsRules
from pentaprism.web.face import Face

TITLE = "ImagineAI API"
VERSION = "1.0.0"
ROUTERS = (uploads, analysis, jobs, products, dashboard, programs, auth, health)
RATE_HEADERS = ("X-RateLimit-Limit-Minute", "X-RateLimit-Remaining-Minute")
EXPOSED = ("X-Request-ID", "Retry-After", *RATE_HEADERS, "ETag", "Content-Disposition")


def create_app(platform: Platform, settings: ImagineaiSettings | None = None) -> ASGIApp:
    """The face's root on ``platform``; what works in the background starts and stops with that."""
    used = settings or ImagineaiSettings()
    context = Imagineai(platform, used)
    platform.accounts.on_delete.append(account_hook(platform, used))
    platform.on_start.append(context.background.start)
    platform.on_close.append(context.background.stop)
    return build(context)


def build(context: Imagineai) -> FastAPI:
    """The application with its routes, socket, errors and middleware."""
    app = FastAPI(
        title=TITLE,
        version=VERSION,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,
    )
    app.state.context = context
    for module in ROUTERS:
        module.add(app, context)
    sockets = Sockets(context)

    @app.websocket("/ws/processing/{job_id}")
    async def processing(socket: WebSocket, job_id: str) -> None:
        await sockets.serve(socket, job_id)

    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]
    errors.install(app, render)
    middleware.install(app, http_rules(app, context), render, context.platform.metrics)
    return app


def http_rules(app: FastAPI, context: Imagineai) -> middleware.HttpRules:
    """What happens around the routes. Uploads watch their own limits, which have texts of their own."""
    settings = context.settings
    paths = ((rf"^{API}/uploads/(direct|multi|objects/.*)$", None),)
    cors = CorsRules(settings.cors_origins, exposed=EXPOSED) if settings.cors_origins else None
    probes = frozenset({"/health", "/ready"})
    body = BodyRules(limit=settings.json_limit_bytes, paths=paths)
    return middleware.HttpRules(
        face=FACE, body=body, cors=cors, gate=gate(app, context), open_paths=probes, ignore_trailing_slash=True, quiet_paths=probes
    )


face = Face(name=FACE, title=TITLE, port=8002, create_app=create_app, job_kinds=JOB_KINDS)
