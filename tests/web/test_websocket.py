"""Conversations over WebSockets and how they end."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from fastapi import FastAPI, WebSocket
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from pentaprism.web.websocket import NOT_FOUND, TOO_BIG, UNAUTHENTICATED, Hangup, converse, refuse


async def echo(websocket: WebSocket) -> None:
    """Says again what it hears, until "end"."""
    await websocket.accept()
    answers: asyncio.Queue[Any] = asyncio.Queue()
    revoked = asyncio.Event()

    async def outgoing() -> AsyncIterator[Any]:
        yield {"type": "snapshot"}
        while (answer := await answers.get()) != "end":
            yield {"heard": answer}

    async def hear(message: Any) -> None:
        if message == {"type": "revoke"}:
            revoked.set()
        else:
            await answers.put(message)

    await converse(websocket, outgoing(), hear, ended=revoked)


async def strict(websocket: WebSocket) -> None:
    """Hangs up in every way that a conversation knows."""
    await websocket.accept()
    answers: asyncio.Queue[Any] = asyncio.Queue()
    over: asyncio.Future[Hangup] = asyncio.get_running_loop().create_future()

    async def outgoing() -> AsyncIterator[Any]:
        while True:
            answer = await answers.get()
            if isinstance(answer, Hangup):
                raise answer
            yield answer

    async def hear(message: Any) -> None:
        if message == "now":
            over.set_result(Hangup(1013, "at once"))
        elif message == "faulty":
            raise Hangup(4400, "faulty")
        else:
            await answers.put("last words")
            await answers.put(Hangup(4429, "enough"))

    await converse(websocket, outgoing(), hear, largest=100, over=over)


async def missing(websocket: WebSocket) -> None:
    await refuse(websocket, NOT_FOUND, "Job not found")


@pytest.fixture(scope="module")
def address(serve_long) -> Iterator[str]:  # type: ignore[no-untyped-def]
    app = FastAPI()
    for name, conversation in (("echo", echo), ("strict", strict), ("missing", missing)):
        app.add_api_websocket_route(f"/{name}", conversation)
    yield serve_long(app).replace("http", "ws", 1)


def close_code(socket: Any) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=30)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


def test_both_sides_talk(address: str) -> None:
    with connect(f"{address}/echo") as socket:
        assert json.loads(socket.recv(timeout=30)) == {"type": "snapshot"}
        socket.send('{"type":"ping"}')
        assert json.loads(socket.recv(timeout=30)) == {"heard": {"type": "ping"}}
        socket.send("no json")
        assert json.loads(socket.recv(timeout=30)) == {"heard": "no json"}


def test_the_end_of_what_is_told_closes_the_socket(address: str) -> None:
    with connect(f"{address}/echo") as socket:
        socket.recv(timeout=30)
        socket.send('"end"')
        assert close_code(socket)[0] == 1000


def test_a_revoked_log_in_closes_the_socket_with_its_code(address: str) -> None:
    with connect(f"{address}/echo") as socket:
        socket.recv(timeout=30)
        socket.send('{"type": "revoke"}')
        assert close_code(socket)[0] == UNAUTHENTICATED


def test_bytes_are_refused(address: str) -> None:
    with connect(f"{address}/echo") as socket:
        socket.recv(timeout=30)
        socket.send(b"bytes")
        assert close_code(socket)[0] == 1003


def test_a_refusal_can_be_read_by_a_browser(address: str) -> None:
    with connect(f"{address}/missing") as socket:
        assert close_code(socket) == (NOT_FOUND, "Job not found")


def test_a_side_that_hangs_up_gives_code_and_reason_after_what_is_sent(address: str) -> None:
    with connect(f"{address}/strict") as socket:
        socket.send("bye")
        assert socket.recv(timeout=30) == "last words"
        assert close_code(socket) == (4429, "enough")
    for message, expected in (("now", (1013, "at once")), ("faulty", (4400, "faulty")), ("x" * 101, (TOO_BIG, "message too big"))):
        with connect(f"{address}/strict") as socket:
            socket.send(message)
            assert close_code(socket) == expected
