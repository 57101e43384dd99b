"""Limits of request bodies, and what becomes of a body that nobody has read."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pentaprism.core.errors import TooLarge
from pentaprism.web.auth import face_path
from pentaprism.web.errors import BodyTooLarge, Render, respond

MEBIBYTE = 1_048_576


@dataclass(frozen=True, slots=True)
class BodyRules:
    """``limit`` bytes for every body, except on paths that match one of ``paths`` (regular expressions on the path inside
    the face, first match counts; None = no limit). ``drain_bytes`` and ``drain_seconds`` bound how much of an unread body is
    taken after the answer: a client that is still sending would otherwise see a broken connection and not the answer."""

    limit: int | None = 20 * MEBIBYTE
    paths: Sequence[tuple[str, int | None]] = ()
    drain_bytes: int = 64 * MEBIBYTE
    drain_seconds: float = 20.0

    def limit_for(self, path: str) -> int | None:
        """The limit of a body sent to ``path``."""
        for pattern, limit in self.paths:
            if _compiled(pattern).search(path):
                return limit
        return self.limit


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


class BodyLimit:
    """Answers 413 in the face's shape, at once where the length is declared, else as soon as the limit passes."""

    def __init__(self, app: ASGIApp, rules: BodyRules, render: Render) -> None:
        self.app = app
        self.rules = rules
        self.render = render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(scope):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        limit = self.rules.limit_for(face_path(request))
        body = _Body(limit, self.rules, receive, send, expects=_expects_continue(scope))
        if limit is not None and _declared(scope) > limit:
            error = TooLarge(f"The request body is larger than {limit} bytes", details={"limit": limit})
            await respond(error, request, self.render)(scope, body.receive, body.send)
        else:
            await self.app(scope, body.receive, body.send)


class _Body:
    """Counts what is read, and drains what is not before the response ends."""

    def __init__(self, limit: int | None, rules: BodyRules, receive: Receive, send: Send, *, expects: bool) -> None:
        self.limit = limit
        self.rules = rules
        self.outer_receive = receive
        self.outer_send = send
        self.count = 0
        self.complete = False
        self.touched = not expects

    async def receive(self) -> Message:
        self.touched = True
        message = await self.outer_receive()
        if message["type"] == "http.disconnect":
            self.complete = True
        elif message["type"] == "http.request":
            self.count += len(message.get("body", b""))
            self.complete = not message.get("more_body", False)
            if self.limit is not None and self.count > self.limit:
                raise BodyTooLarge(self.limit)
        return message

    async def send(self, message: Message) -> None:
        last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if not last or self.complete or not self.touched:
            await self.outer_send(message)
            return
        await self.outer_send({**message, "more_body": True})
        await self._drain()
        await self.outer_send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _drain(self) -> None:
        left = self.rules.drain_bytes
        try:
            async with asyncio.timeout(self.rules.drain_seconds):
                while left > 0 and not self.complete:
                    message = await self.outer_receive()
                    left -= len(message.get("body", b""))
                    self.complete = message["type"] == "http.disconnect" or not message.get("more_body", False)
        except TimeoutError:
            return


def _has_body(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return "transfer-encoding" in headers or headers.get("content-length", "0").strip() not in {"", "0"}


def _declared(scope: Scope) -> int:
    text = Headers(scope=scope).get("content-length", "").strip()
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def _expects_continue(scope: Scope) -> bool:
    return Headers(scope=scope).get("expect", "").lower() == "100-continue"
