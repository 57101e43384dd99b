"""What the gateway answers at its own root: what it is, how it is, what it counts."""

from collections.abc import Sequence
from importlib.metadata import version

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from pentaprism.core.clock import isoformat, now
from pentaprism.core.errors import PlatformError
from pentaprism.core.observability.health import Health
from pentaprism.core.observability.metrics import CONTENT_TYPE, Metrics
from pentaprism.core.platform import Platform
from pentaprism.studio import page, studio_routes, wants_page
from pentaprism.web import errors, middleware
from pentaprism.web.cors import CorsRules
from pentaprism.web.face import Face
from pentaprism.web.middleware import HttpRules, request_id
from pentaprism.web.urls import base_url

NAME = "gateway"
VERSION = version("pentaprism")
NO_STORE = {"Cache-Control": "no-store"}


def render(error: PlatformError, connection: HTTPConnection) -> Response:
    """Errors of the gateway's own addresses."""
    body = {"error": {"code": error.code, "message": error.message}, "timestamp": isoformat(now()), "requestId": request_id(connection)}
    return JSONResponse(body, status_code=error.status)


def health_routes(health: Health) -> list[Route]:
    """``/health`` (all checks; 503 when something critical fails), ``/health/live``, ``/health/ready`` (503 until all can be served)."""

    def whole(_request: Request) -> Response:
        report = health.report()
        body = {"status": report.status, "version": VERSION, "timestamp": isoformat(now()), "checks": report.as_json()["checks"]}
        return JSONResponse(body, status_code=503 if report.status == "unavailable" else 200, headers=NO_STORE)

    async def live(_request: Request) -> Response:
        return JSONResponse({"status": "ok", "timestamp": isoformat(now())}, headers=NO_STORE)

    def ready(_request: Request) -> Response:
        report = health.report()
        body = {"ready": report.ready, "status": report.status, "checks": report.as_json()["checks"]}
        return JSONResponse(body, status_code=200 if report.ready else 503, headers=NO_STORE)

    return [Route("/health", whole), Route("/health/live", live), Route("/health/ready", ready)]


def metrics_route(metrics: Metrics) -> Route:
    """``/metrics`` for Prometheus."""

    def show(_request: Request) -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE, headers=NO_STORE)

    return Route("/metrics", show)


def build_root(platform: Platform, faces: Sequence[Face], *, with_metrics: bool) -> ASGIApp:
    """The application of the gateway's root."""

    def index(request: Request) -> Response:
        if wants_page(request):
            return page()
        base = base_url(request, platform.public_url)
        shown = [{"name": face.name, "title": face.title, "url": f"{base}/{face.name}", "port": face.port} for face in faces]
        body = {"name": "Pentaprism", "version": VERSION, "health": f"{base}/health", "faces": shown}
        return JSONResponse(body, headers={"Vary": "Accept"})

    routes: list[BaseRoute] = [Route("/", index), *health_routes(platform.health), *studio_routes()]
    return _framed([*routes, metrics_route(platform.metrics)] if with_metrics else routes, platform.metrics)


def build_metrics_app(platform: Platform) -> ASGIApp:
    """The application of the metrics' own port; health stands there too."""
    return _framed([metrics_route(platform.metrics), *health_routes(platform.health)], platform.metrics)


def _framed(routes: Sequence[BaseRoute], metrics: Metrics) -> ASGIApp:
    app = Starlette(routes=routes)
    errors.install(app, render)
    middleware.install(app, HttpRules(face=NAME, cors=CorsRules(("*",)), ignore_trailing_slash=True), render, metrics)
    return app
