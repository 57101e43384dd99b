"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import HTTPConnection, Request
from starlette.responses import StreamingResponse

from pentaprism.web.middleware import is_head

HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``data`` is a text, or anything JSON can hold; ``event`` names it; ``retry`` is in milliseconds."""

    data: Any = None
    event: str | None = None
    id: str | None = None
    retry: int | None = None
    comment: str | None = None

    def encode(self) -> bytes:
        """The message on the wire."""
        lines = [f": {line}" for line in (self.comment or "").splitlines()]
        if self.event is not None:
            lines.append(f"event: {_single(self.event)}")
        if self.id is not None:
            lines.append(f"id: {_single(self.id)}")
        if self.retry is not None:
            lines.append(f"retry: {self.retry}")
        if self.data is not None:
            text = self.data if isinstance(self.data, str) else json.dumps(self.data, ensure_ascii=False, separators=(",", ":"))
            lines += [f"data: {line}" for line in text.split("\n")]
        return ("\n".join(lines) + "\n\n").encode()


HEARTBEAT = Message(comment="keep-alive")


def stream(
    request: Request,
    messages: AsyncIterator[Message],
    *,
    heartbeat: Message = HEARTBEAT,
    heartbeat_seconds: float = 15.0,
    headers: Mapping[str, str] | None = None,
) -> StreamingResponse:
    """``messages`` as they come, a heartbeat in every silence; ends with them, with the client, and when the server stops.

    HEAD is answered at once, and ``messages`` are not asked for.
    """
    made = () if is_head(request) else _with_heartbeats(messages, heartbeat, heartbeat_seconds, stopping(request))
    return StreamingResponse(made, media_type="text/event-stream", headers={**HEADERS, **(headers or {})})


def stopping(connection: HTTPConnection) -> asyncio.Event:
    """Set once the server has begun to stop."""
    found = connection.scope.get("state", {}).get("stopping")
    return found if isinstance(found, asyncio.Event) else asyncio.Event()


async def _with_heartbeats(
    messages: AsyncIterator[Message], heartbeat: Message, seconds: float, stop: asyncio.Event
) -> AsyncIterator[bytes]:
    ending = asyncio.ensure_future(stop.wait())
    upcoming: asyncio.Future[Message | None] | None = None
    try:
        while not stop.is_set():
            if upcoming is None:
                upcoming = asyncio.ensure_future(_next(messages))
            waited: list[asyncio.Future[Any]] = [upcoming, ending]
            await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if not upcoming.done():
                if not stop.is_set():
                    yield heartbeat.encode()
                continue
            message = upcoming.result()
            upcoming = None
            if message is None:
                return
            yield message.encode()
    finally:
        ending.cancel()
        if upcoming is not None:
            upcoming.cancel()
            await asyncio.wait([upcoming])
        close = getattr(messages, "aclose", None)
        if close is not None:
            await close()


async def _next(messages: AsyncIterator[Message]) -> Message | None:
    return await anext(messages, None)


def _single(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ").replace("\0", "")
