"""Streams of server-sent events: their format, their heartbeats, their end."""

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import JSONResponse

from pentaprism.web.gateway import Gateway, at_once
from pentaprism.web.middleware import HttpRules, install
from pentaprism.web.sse import Message, stream

CLOSED: list[str] = []


def application() -> FastAPI:
    app = FastAPI()

    async def some() -> AsyncIterator[Message]:
        yield Message({"n": 1}, event="progress", id="7", retry=3000)
        await asyncio.sleep(0.25)
        yield Message("two\nlines")

    async def endless() -> AsyncIterator[Message]:
        try:
            yield Message("first")
            await asyncio.Event().wait()
        finally:
            CLOSED.append("endless")

    @app.get("/some")
    async def some_route(request: Request) -> Response:
        return stream(request, some(), heartbeat_seconds=0.1)

    @app.get("/endless")
    async def endless_route(request: Request) -> Response:
        return stream(request, endless())

    return app


def test_messages_and_heartbeats_are_on_the_wire_as_specified(serve) -> None:  # type: ignore[no-untyped-def]
    answer = httpx.get(f"{serve(application())}/some")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-accel-buffering"] == "no"
    first, *middle, last, rest = answer.text.split("\n\n")
    assert first == 'event: progress\nid: 7\nretry: 3000\ndata: {"n":1}'
    assert middle == [": keep-alive"] * len(middle)
    assert 1 <= len(middle) <= 2
    assert (last, rest) == ("data: two\ndata: lines", "")


def test_head_gets_the_headers_and_no_message_is_made(serve) -> None:  # type: ignore[no-untyped-def]
    CLOSED.clear()
    app = application()
    install(app, HttpRules("test"), lambda error, request: JSONResponse({}, status_code=error.status))
    began = time.monotonic()
    answer = httpx.head(f"{serve(app)}/endless", timeout=30)
    assert (answer.status_code, answer.content) == (200, b"") and time.monotonic() - began < 20
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert not CLOSED


def test_a_client_that_leaves_ends_its_stream(serve) -> None:  # type: ignore[no-untyped-def]
    CLOSED.clear()
    with httpx.stream("GET", f"{serve(application())}/endless", timeout=30) as answer:
        assert next(answer.iter_text()) == "data: first\n\n"
    deadline = time.monotonic() + 40
    while not CLOSED:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_server_that_stops_ends_every_stream(serve) -> None:  # type: ignore[no-untyped-def]
    gateway = Gateway(at_once({}, application()))
    with httpx.stream("GET", f"{serve(gateway)}/endless", timeout=30) as answer:
        chunks = answer.iter_text()
        assert next(chunks) == "data: first\n\n"
        assert gateway.stopping is not None
        gateway.stopping._loop.call_soon_threadsafe(gateway.stopping.set)  # type: ignore[union-attr]
        assert list(chunks) == []


@given(data=st.text(), event=st.text(), identifier=st.text())
@pytest.mark.filterwarnings("ignore")
def test_no_text_can_break_out_of_its_field(data: str, event: str, identifier: str) -> None:
    wire = Message(data, event=event, id=identifier).encode().decode()
    fields = [line.partition(": ")[0] for line in wire.removesuffix("\n\n").split("\n")]
    assert fields == ["event", "id", *["data"] * (data.count("\n") + 1)]
