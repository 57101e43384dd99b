"""The quarry face as the gateway mounts it."""

import logging
import re

from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.routing import compile_path
from starlette.types import ASGIApp

from pentaprism.core.jobs.maintenance import Chore, Maintenance
from pentaprism.core.platform import Platform
from pentaprism.faces.quarry import openapi
from pentaprism.faces.quarry.context import Quarry
from pentaprism.faces.quarry.errors import ImageTooBig, render
from pentaprism.faces.quarry.kinds import FACE, JOB_KINDS
from pentaprism.faces.quarry.metrics import QuarryMetrics, RequestCounter
from pentaprism.faces.quarry.routes import batches, embed, health, jobs, models, pictures, segment, storage
from pentaprism.faces.quarry.routes.common import FORM_ROOM
from pentaprism.faces.quarry.routes.segment import counts_late
from pentaprism.faces.quarry.service import images
from pentaprism.faces.quarry.service.removal import account_hook
from pentaprism.faces.quarry.settings import QuarrySettings
from pentaprism.web import errors, middleware
from pentaprism.web.auth import face_path, find_credential
from pentaprism.web.body_limit import BodyRules
from pentaprism.web.cors import CorsRules
from pentaprism.web.face import Face

LOG = logging.getLogger(__name__)
TITLE = "Pentaprism Quarry"
ROUTERS = (segment, batches, embed, pictures, jobs, models, storage, health)
RATE_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
EXPOSED = (
    "X-Request-ID",
    "Retry-After",
    *RATE_HEADERS,
    "X-Segmentation-Engine",
    "X-Embedding-Cache",
    "ETag",
    "Content-Disposition",
    "Idempotent-Replayed",
)
HEALTH = frozenset({"/", "/health", "/health/live", "/health/ready"})
OPEN = HEALTH | {"/info", "/docs", "/redoc", "/openapi.json"}
LIGHT = re.compile(
    r"^/(jobs/[^/]+/(status|masks/[^/]+|objects(/[^/]+)?|image)|segment/batch/[^/]+|segment/job/[^/]+/visualization|storage/results/.+)/?$"
)
CHALLENGE = "ApiKey"
SWEEP_SECONDS = 300.0


def create_app(platform: Platform, settings: QuarrySettings | None = None) -> ASGIApp:
    """The face's root on ``platform``."""
    used = settings or QuarrySettings()
    context = Quarry(platform, used, QuarryMetrics(platform))
    platform.accounts.on_delete.append(account_hook(platform, used))
    chores = Maintenance([Chore("the removal of unused uploads", SWEEP_SECONDS, lambda: images.sweep(platform), first=30.0)])
    platform.on_start.append(chores.start)
    platform.on_close.append(chores.stop)
    return build(context)


def build(context: Quarry) -> FastAPI:
    """The application with its routes, errors and middleware."""
    app = FastAPI(
        title="Image Quarry API",
        version=context.settings.version,
        description=health.DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.context = context
    for module in ROUTERS:
        adopt(app, module.router(context))
    adopt(app, health.info_router(context))
    adopt(app, openapi.router(app))
    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]
    errors.install(app, render, challenge=CHALLENGE)
    app.add_middleware(RequestCounter, metrics=context.metrics)
    app.add_middleware(openapi.PackedPages)
    middleware.install(app, http_rules(context), render, context.platform.metrics)
    return app


def adopt(app: FastAPI, routes: APIRouter) -> None:
    """Put the routes straight into ``app``: a router inside a router costs every request a second search."""
    for route in routes.routes:
        if not isinstance(route, APIRoute):
            raise TypeError(f"{route} is no plain route")
        route.path_regex, route.path_format, route.param_convertors = compile_path(route.path)
        route.operation_id = route.name
        app.router.routes.append(route)


def http_rules(context: Quarry) -> middleware.HttpRules:
    """What happens around the routes. The gate looks at declared sizes: credentials come first."""
    return middleware.HttpRules(
        face=FACE,
        body=BodyRules(limit=None),
        cors=CorsRules(context.settings.cors_origins, exposed=EXPOSED),
        gate=lambda request: gate(context, request),
        open_paths=OPEN,
        challenge=CHALLENGE,
        ignore_trailing_slash=True,
        quiet_paths=HEALTH,
    )


def gate(context: Quarry, request: Request) -> None:
    """Credential, rate limit and declared size of a request, in this order, before anything of its body is read."""
    path = face_path(request)
    is_link = path.startswith("/storage/results/") and "sig" in request.query_params
    if is_link and find_credential(request, context.authenticator.rules) is None:
        context.count_link(request)
        return
    context.identify(request)
    light = request.method == "GET" and LIGHT.match(path) is not None
    operation = path.removeprefix("/segment/").rstrip("/")
    if not (request.method == "POST" and path.startswith("/segment/") and counts_late(request, operation)):
        context.count(request, light=light)
    declared = request.headers.get("content-length", "").strip()
    limit = size_limit(context, path)
    if declared.isdecimal() and int(declared[:19]) > limit:
        raise ImageTooBig(limit)


def size_limit(context: Quarry, path: str) -> int:
    """The largest body of a request to ``path``."""
    if path.rstrip("/") == "/segment/batch":
        return context.settings.batch_bytes
    if path.startswith(("/segment/", "/storage/drive/")):
        return context.settings.max_image_bytes + FORM_ROOM
    return FORM_ROOM


face = Face(name=FACE, title=TITLE, port=8001, create_app=create_app, job_kinds=JOB_KINDS)
