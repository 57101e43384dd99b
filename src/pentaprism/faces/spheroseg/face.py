"""The spheroseg face as the gateway mounts it."""

from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from pentaprism.core.errors import PlatformError
from pentaprism.core.platform import Platform
from pentaprism.faces.spheroseg import openapi
from pentaprism.faces.spheroseg.context import FACE, Spheroseg
from pentaprism.faces.spheroseg.errors import render
from pentaprism.faces.spheroseg.kinds import JOB_KINDS
from pentaprism.faces.spheroseg.routes import (
    admin,
    auth,
    exports,
    files,
    health,
    images,
    profile,
    projects,
    segmentation,
    shares,
    statistics,
    users,
)
from pentaprism.faces.spheroseg.routes.common import is_open
from pentaprism.faces.spheroseg.service.removal import before_account_goes
from pentaprism.faces.spheroseg.settings import SpherosegSettings
from pentaprism.faces.spheroseg.sockets import build_sockets
from pentaprism.web import errors, middleware
from pentaprism.web.auth import face_path
from pentaprism.web.body_limit import BodyRules
from pentaprism.web.cors import CorsRules
from pentaprism.web.face import Face

TITLE = "SpheroSeg API"
VERSION = "1.0.0"
API = "/api"
BARE = ("auth", "users", "projects", "images", "segmentation", "segmentations")
ROUTERS = (images, projects, segmentation, files, users, auth, exports, statistics, shares, profile, admin, health)
MULTIPART_ROOM = 65_536
RATE_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
EXPOSED = ("X-Request-ID", "Retry-After", "ETag", "Content-Disposition", "X-Upload-Failed", "X-Segmentation-Action", *RATE_HEADERS)


def create_app(platform: Platform, settings: SpherosegSettings | None = None) -> ASGIApp:
    """The face's root on ``platform``."""
    context = Spheroseg(platform, settings or SpherosegSettings())
    platform.accounts.on_delete.append(lambda session, account_id: before_account_goes(context, session, account_id))
    return build(context)


def build(context: Spheroseg) -> FastAPI:
    """The application with its routes, sockets, errors and middleware."""
    app = FastAPI(
        title=TITLE,
        version=VERSION,
        openapi_url=f"{API}/openapi.json",
        docs_url=f"{API}/docs",
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,
    )
    app.state.context = context
    for module in ROUTERS:
        adopt(app, module.router(context), API)
    adopt(app, files.root_router(context))
    adopt(app, health.router(context), shown=False)
    app.mount("/socket.io", build_sockets(context))
    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]
    errors.install(app, render)
    app.add_exception_handler(RequestValidationError, _refusal(context))
    app.add_middleware(BarePaths)
    middleware.install(app, http_rules(context.settings), render, context.platform.metrics)
    return app


def adopt(app: FastAPI, routes: APIRouter, prefix: str = "", *, shown: bool = True) -> None:
    """Put the routes straight into ``app``: a router inside a router costs every request a second search."""
    for route in routes.routes:
        if not isinstance(route, APIRoute):
            raise TypeError(f"{route} is no plain route")
        route.path = prefix + route.path
        route.path_regex, route.path_format, route.param_convertors = compile_path(route.path)
        route.operation_id = openapi.operation_id(route)
        route.include_in_schema = shown and route.include_in_schema
        app.router.routes.append(route)


def http_rules(settings: SpherosegSettings) -> middleware.HttpRules:
    """What happens around the routes."""
    one_file = settings.file_limit_bytes + MULTIPART_ROOM
    paths = (
        (r"/projects/[^/]+/images/?$", settings.request_limit_bytes),
        (r"/preview/generate/?$", one_file),
        (r"/avatar/?$", settings.avatar_limit_bytes + MULTIPART_ROOM),
    )
    body = BodyRules(limit=settings.json_limit_bytes, paths=paths)
    cors = CorsRules(settings.cors_origins, exposed=EXPOSED) if settings.cors_origins else None
    return middleware.HttpRules(face=FACE, body=body, cors=cors, ignore_trailing_slash=True)


def _refusal(context: Spheroseg) -> Any:
    """Handler of bad requests: whoever may not call the operation at all is told that, and nothing of its parameters."""

    def caller(request: Request) -> None:
        with context.platform.database.read() as session:
            context.identify(session, request)

    async def handle(request: Request, error: Exception) -> Response:
        fault = errors.as_platform_error(error, request)
        if not is_open(request.scope.get("endpoint")):
            try:
                await run_in_threadpool(caller, request)
            except PlatformError as refused:
                fault = refused
        return errors.respond(fault, request, render)

    return handle


class BarePaths:
    """Leads ``/projects/...`` and the like to ``/api/projects/...``: the original's web client mixes both."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            inside = face_path(Request(scope))
            if inside.split("/", 2)[1:2] and inside.split("/", 2)[1] in BARE:
                root = scope["path"][: len(scope["path"]) - len(inside)]
                scope["path"] = f"{root}{API}{inside}"
        await self.app(scope, receive, send)


face = Face(name=FACE, title=TITLE, port=5001, create_app=create_app, job_kinds=JOB_KINDS, root_mounts=("/socket.io",))
