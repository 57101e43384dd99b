"""Counting socket handshakes by address, before anything of them is looked at."""

from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from pentaprism.core.errors import TooManyRequests
from pentaprism.faces.spheroseg.context import Spheroseg
from pentaprism.faces.spheroseg.errors import render
from pentaprism.web.auth import client_address

POLICY_VIOLATION = 1008


class Handshakes:
    """Lets requests of known sockets through; a new one counts for its address."""

    def __init__(self, context: Spheroseg, app: ASGIApp) -> None:
        self._context = context
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] in {"http", "websocket"}
            and b"sid" not in parse_qs(scope.get("query_string", b""))
            and scope.get("method") != "OPTIONS"
        ):
            connection = HTTPConnection(scope)
            try:
                await run_in_threadpool(self._context.platform.limits.hit, self._context.rules.handshake, client_address(connection))
            except TooManyRequests as error:
                if scope["type"] == "websocket":
                    await receive()
                    await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": error.message})
                else:
                    await render(error, connection)(scope, receive, send)
                return
        await self._app(scope, receive, send)
