"""WebSockets of faces: sending in order, hearing the client, ending with the server and with the log-in."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from pentaprism.web.sse import stopping

UNAUTHENTICATED = 4401
FORBIDDEN = 4403
NOT_FOUND = 4404
TOO_MANY = 4429
GOING_AWAY = 1001
BAD_DATA = 1003
TOO_BIG = 1009


class Hangup(Exception):
    """Raised by either side of a conversation to close the socket with ``code``."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


Hear = Callable[[Any], Awaitable[None]]


async def refuse(socket: WebSocket, code: int, reason: str) -> None:
    """Accept and close at once: a browser can read the code of a closed socket, but not the status of a refused one."""
    if socket.application_state is WebSocketState.CONNECTING:
        await socket.accept()
    await socket.close(code, reason[:120])


async def converse(
    socket: WebSocket,
    outgoing: AsyncIterator[Any],
    hear: Hear,
    *,
    ended: asyncio.Event | None = None,
    largest: int | None = None,
    over: "asyncio.Future[Hangup] | None" = None,
) -> None:
    """Send ``outgoing`` as JSON and hand each JSON message of the client to ``hear``, until one side, the server or ``ended``
    (the log-in was revoked: code 4401) ends it. The socket must be accepted; it is closed when this returns.

    A message that is no JSON is handed on as its text; one above ``largest`` bytes closes with 1009. ``outgoing`` and ``hear``
    close with a code of their own by raising Hangup, in the order of what is sent; ``over`` does it at once.
    """
    revoked = ended or asyncio.Event()
    tasks = {
        "sending": asyncio.create_task(_send_all(socket, outgoing)),
        "hearing": asyncio.create_task(_hear_all(socket, hear, largest)),
        "stopping": asyncio.create_task(_wait(stopping(socket))),
        "ended": asyncio.create_task(_wait(revoked)),
        "over": asyncio.create_task(_raise(over)),
    }
    try:
        await asyncio.wait(tasks.values(), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks.values():
            task.cancel()
        results = await asyncio.gather(*tasks.values(), return_exceptions=True)
        hangup = next((result for result in results if isinstance(result, Hangup)), None)
        default = UNAUTHENTICATED if revoked.is_set() else GOING_AWAY if stopping(socket).is_set() else 1000
        await _close(socket, hangup.code if hangup else default, hangup.reason if hangup else None)
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, (WebSocketDisconnect, Hangup)):
            raise result


async def _send_all(socket: WebSocket, outgoing: AsyncIterator[Any]) -> None:
    async for message in outgoing:
        await socket.send_text(message if isinstance(message, str) else json.dumps(message, ensure_ascii=False, separators=(",", ":")))


async def _hear_all(socket: WebSocket, hear: Hear, largest: int | None) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        if text is None:
            await socket.close(BAD_DATA, "text messages only")
            return
        if largest is not None and len(text.encode(errors="replace")) > largest:
            raise Hangup(TOO_BIG, "message too big")
        try:
            parsed = json.loads(text)
        except (ValueError, RecursionError):
            parsed = text
        await hear(parsed)


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


async def _raise(over: "asyncio.Future[Hangup] | None") -> None:
    if over is None:
        await asyncio.Event().wait()
        return
    raise await asyncio.shield(over)


async def _close(socket: WebSocket, code: int, reason: str | None = None) -> None:
    if socket.client_state is WebSocketState.CONNECTED and socket.application_state is WebSocketState.CONNECTED:
        try:
            await socket.close(code, reason)
        except (WebSocketDisconnect, RuntimeError):
            return
