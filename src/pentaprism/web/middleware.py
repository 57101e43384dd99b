"""What happens around every request of a face, as plain ASGI: request id, access log, metrics, body limit, crashes."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pentaprism.core.ids import new_id
from pentaprism.core.observability import logs
from pentaprism.core.observability.masking import MASK, is_secret, mask_query
from pentaprism.web.body_limit import BodyLimit, BodyRules
from pentaprism.web.cors import CorsRules, cors
from pentaprism.web.errors import Render, as_platform_error, respond
from pentaprism.web.ratelimit import RateLimitHeaders

if TYPE_CHECKING:
    from pentaprism.core.observability.metrics import Metrics

REQUEST_ID = re.compile(r"^[A-Za-z0-9._~:+/=@-]{1,128}$")
UNMATCHED = "(none)"
SHOWN_PATH = "shown_path"
"""Key in the state of a request: the path as the access log may hold it, where a face hides a part of it."""

HEAD = "head"
"""Key in the state of a request that came as HEAD; routes see it as GET."""

Gate = Callable[[Request], None]


@dataclass(frozen=True, slots=True)
class HttpRules:
    """How a face behaves around its routes.

    ``gate`` runs in a thread before anything of the body is read; it finds the caller and counts rate limits, and refuses by
    raising; ``open_paths`` pass by it, and so wait for no thread. ``ignore_trailing_slash`` makes ``/jobs`` and ``/jobs/`` one
    route (routes are written without), except below ``slash_kept``. ``quiet_paths`` are not written to the access log when they
    succeed.
    """

    face: str
    body: BodyRules = field(default_factory=BodyRules)
    cors: CorsRules | None = None
    gate: Gate | None = None
    open_paths: frozenset[str] = frozenset()
    challenge: str = "Bearer"
    request_id_prefix: str = "req_"
    ignore_trailing_slash: bool = False
    slash_kept: tuple[str, ...] = ("/socket.io",)
    quiet_paths: frozenset[str] = frozenset({"/health", "/health/live", "/health/ready", "/metrics"})


def install(app: Starlette, rules: HttpRules, render: Render, metrics: "Metrics | None" = None) -> None:
    """Put the middleware around ``app``; the outermost comes last."""
    if rules.gate is not None:
        app.add_middleware(GateKeeper, gate=rules.gate, open_paths=rules.open_paths)
    app.add_middleware(CrashBarrier, render=render, challenge=rules.challenge)
    app.add_middleware(RateLimitHeaders)
    app.add_middleware(BodyLimit, rules=rules.body, render=render)
    if rules.cors is not None:
        app.add_middleware(cors, rules=rules.cors)
    app.add_middleware(RequestFrame, rules=rules, metrics=metrics)


def request_id(connection: HTTPConnection) -> str:
    """The id of this request, as its X-Request-ID header says."""
    found: str = connection.scope.get("state", {}).get("request_id", "")
    return found


def is_head(connection: HTTPConnection) -> bool:
    """Whether the client asks for the headers alone, so that a body need not be made."""
    return HEAD in connection.scope.get("state", {}) or connection.scope.get("method") == "HEAD"


class RequestFrame:
    """Gives each request an id, answers HEAD through GET, writes the access log and counts."""

    def __init__(self, app: ASGIApp, rules: HttpRules, metrics: "Metrics | None" = None) -> None:
        self.app = app
        self.rules = rules
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        sent = Headers(scope=scope).get("x-request-id", "")
        identifier = sent if REQUEST_ID.match(sent) else self.rules.request_id_prefix + new_id()
        inner = {**scope, "state": {**scope.get("state", {}), "request_id": identifier}}
        if self.rules.ignore_trailing_slash:
            self._cut_slash(inner)
        with structlog.contextvars.bound_contextvars(request_id=identifier, face=self.rules.face):
            if scope["type"] == "http":
                await _Exchange(self, inner, receive, send).run()
            else:
                await self._socket(inner, receive, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        gauge = self.metrics.sockets_open.labels(self.rules.face) if self.metrics else None
        if gauge:
            gauge.inc()
        began = time.perf_counter()
        try:
            await self.app(scope, receive, send)
        finally:
            if gauge:
                gauge.dec()
            lasted = {"route": route_template(scope), "seconds": round(time.perf_counter() - began, 1)}
            logs.access("socket", {**lasted, **who_and_where(scope, self.rules.face)})

    def _cut_slash(self, scope: Scope) -> None:
        path: str = scope["path"]
        root: str = scope.get("root_path", "")
        inside = path[len(root) :] if path.startswith(root) else path
        if len(inside) > 1 and inside.endswith("/") and not inside.startswith(self.rules.slash_kept):
            scope["path"] = path[: len(path) - len(inside)] + (inside.rstrip("/") or "/")


class _Exchange:
    """One request and its response."""

    def __init__(self, frame: RequestFrame, scope: Scope, receive: Receive, send: Send) -> None:
        self.frame = frame
        self.scope = scope
        self.receive = receive
        self.outer_send = send
        self.method: str = scope["method"]
        self.status = 500
        self.size = 0
        self.began = time.perf_counter()
        if self.method == "HEAD":
            scope["method"] = "GET"
            scope["state"][HEAD] = True

    async def run(self) -> None:
        metrics, face = self.frame.metrics, self.frame.rules.face
        if metrics:
            metrics.requests_open.labels(face).inc()
        try:
            await self.frame.app(self.scope, self.receive, self.send)
        finally:
            seconds = time.perf_counter() - self.began
            route = route_template(self.scope)
            if metrics:
                metrics.requests_open.labels(face).dec()
                metrics.requests.labels(face, self.method, route, str(self.status)).inc()
                metrics.request_seconds.labels(face, route).observe(seconds)
            self._log(route, seconds)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message)["X-Request-ID"] = self.scope["state"]["request_id"]
        elif message["type"] == "http.response.body":
            self.size += len(message.get("body", b""))
            if self.method == "HEAD":
                message = {**message, "body": b""}
        await self.outer_send(message)

    def _log(self, route: str, seconds: float) -> None:
        if self.status >= 400 or path_inside(self.scope) not in self.frame.rules.quiet_paths:
            told = {"method": self.method, "route": route, "status": self.status, "ms": round(seconds * 1000, 1), "bytes": self.size}
            logs.access("request", {**told, **who_and_where(self.scope, self.frame.rules.face)})


def path_inside(scope: Scope) -> str:
    """The path below the face's root."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def who_and_where(scope: Scope, face: str) -> dict[str, Any]:
    """Path, client, ids of a request or socket for its log line, secrets of path and query hidden."""
    path: str = scope["state"].get(SHOWN_PATH, scope["path"])
    for name, value in scope.get("path_params", {}).items():
        if is_secret(name):
            path = path.replace(str(value), MASK)
    client = scope.get("client")
    fields = {"path": path, "client": client[0] if client else None, "face": face, "request_id": scope["state"]["request_id"]}
    query = scope.get("query_string", b"").decode("latin-1")
    if query:
        fields["query"] = mask_query(query)
    account = scope["state"].get("account_id")
    if account:
        fields["account_id"] = account
    return fields


def route_template(scope: Mapping[str, Any]) -> str:
    """Template of the route that took the request (``/images/{image_id}``), the same for every id."""
    route = scope.get("route")
    return getattr(route, "path", None) or UNMATCHED


class GateKeeper:
    """Runs the face's gate in a thread before the body is read."""

    def __init__(self, app: ASGIApp, gate: Gate, open_paths: frozenset[str] = frozenset()) -> None:
        self.app = app
        self.gate = gate
        self.open_paths = open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] != "OPTIONS" and path_inside(scope) not in self.open_paths:
            await run_in_threadpool(self.gate, Request(scope))
        await self.app(scope, receive, send)


class CrashBarrier:
    """Renders whatever the framework's own handlers let through, so that a crash has the face's shape and headers too."""

    def __init__(self, app: ASGIApp, render: Render, challenge: str) -> None:
        self.app = app
        self.render = render
        self.challenge = challenge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as error:  # the last barrier: everything unknown is logged and answered as an internal error
            if started:
                raise
            request = Request(scope)
            await respond(as_platform_error(error, request), request, self.render, self.challenge)(scope, receive, send)
