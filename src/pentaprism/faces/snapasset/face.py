"""The snapasset face as the gateway mounts it."""

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import compile_path
from starlette.types import ASGIApp

from pentaprism.core.jobs.maintenance import Chore, Maintenance
from pentaprism.core.platform import Platform
from pentaprism.faces.snapasset import openapi
from pentaprism.faces.snapasset.context import Snapasset
from pentaprism.faces.snapasset.errors import render
from pentaprism.faces.snapasset.kinds import JOB_KINDS
from pentaprism.faces.snapasset.naming import FACE
from pentaprism.faces.snapasset.routes import auth, docs, generate, health, images, jobs, queue, streams
from pentaprism.faces.snapasset.service.removal import account_hook
from pentaprism.faces.snapasset.service.sweeping import sweep
from pentaprism.faces.snapasset.settings import SnapassetSettings
from pentaprism.faces.snapasset.stream import Feed
from pentaprism.web import errors, middleware
from pentaprism.web.body_limit import BodyRules
from pentaprism.web.cors import CorsRules
from pentaprism.web.face import Face

TITLE = "Pentaprism SnapAsset"
RATE_HEADERS = tuple(f"X-{kind}-{part}" for kind in ("RateLimit", "JobLimit") for part in ("Limit", "Remaining", "Reset"))
EXPOSED = ("X-Request-ID", "Retry-After", "ETag", "Content-Disposition", "Idempotent-Replayed", *RATE_HEADERS)
UPLOAD_FACTOR = 8
FIRST_SWEEP_SECONDS = 90.0


def create_app(platform: Platform, settings: SnapassetSettings | None = None) -> ASGIApp:
    """The face's root on ``platform``."""
    settings = settings or SnapassetSettings()
    context = Snapasset(platform, settings)
    platform.accounts.on_delete.append(account_hook(platform, settings))
    sweeping = Chore("the snapasset clean-up", settings.sweep_seconds, lambda: sweep(platform, settings), first=FIRST_SWEEP_SECONDS)
    maintenance = Maintenance([sweeping])
    platform.on_start.append(maintenance.start)
    platform.on_close.append(maintenance.stop)
    return build(context)


def build(context: Snapasset) -> FastAPI:
    """The application with its routes, errors and middleware."""
    app = FastAPI(
        title=openapi.TITLE,
        version=health.VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,
    )
    feed = Feed(context.platform, context.settings.sse_look_seconds)
    app.state.context, app.state.feed = context, feed
    for routes in (
        jobs.router(context),
        queue.router(context),
        streams.router(context, feed),
        generate.router(context, feed),
        images.router(context),
        auth.router(context),
        health.router(context, app),
        docs.router(context, app),
    ):
        adopt(app, routes)
    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]
    errors.install(app, render)
    middleware.install(app, http_rules(context), render, context.platform.metrics)
    return app


def adopt(app: FastAPI, routes: APIRouter) -> None:
    """Put the routes straight into ``app``: a router inside a router costs every request a second search."""
    for route in routes.routes:
        if not isinstance(route, APIRoute):
            raise TypeError(f"{route} is no plain route")
        route.path_regex, route.path_format, route.param_convertors = compile_path(route.path)
        route.operation_id = openapi.operation_id(route)
        app.router.routes.append(route)


def http_rules(context: Snapasset) -> middleware.HttpRules:
    """What happens around the routes."""
    settings = context.settings
    # Well above the limit of a file, which is refused with a code of its own.
    upload = UPLOAD_FACTOR * settings.upload_limit_bytes
    body = BodyRules(limit=settings.json_limit_bytes, paths=((r"^/api/images/upload/?$", upload),))
    cors = CorsRules(settings.cors_origins, exposed=EXPOSED) if settings.cors_origins else None
    return middleware.HttpRules(
        face=FACE, body=body, cors=cors, gate=context.gate, open_paths=frozenset({"/health"}), ignore_trailing_slash=True
    )


face = Face(name=FACE, title=TITLE, port=3001, create_app=create_app, job_kinds=JOB_KINDS)
