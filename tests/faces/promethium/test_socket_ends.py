"""A log-in that ends in the instant in which its socket opens."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pentaprism.faces.promethium.sockets import connection

API = "/api/v1"


async def talk(app: Any, token: str, *, by_handshake: bool) -> list[dict[str, Any]]:
    """What the server sends to a client that logs in, up to the end of the socket; the last is the closing message."""
    said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    said.put_nowait({"type": "websocket.connect"})
    if not by_handshake:
        said.put_nowait({"type": "websocket.receive", "text": json.dumps({"type": "auth", "token": token})})
    heard: list[dict[str, Any]] = []

    async def hear(message: Any) -> None:
        if message["type"] != "websocket.accept":
            heard.append(json.loads(message["text"]) if "text" in message else message)

    scope = {
        "type": "websocket",
        "scheme": "ws",
        "path": f"{API}/ws",
        "raw_path": f"{API}/ws".encode(),
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {token}".encode())] if by_handshake else [],
        "client": ("192.0.2.1", 40_000),
        "server": ("seismic.test", 80),
        "subprotocols": [],
    }
    await asyncio.wait_for(app(scope, said.get, hear), 20)
    return heard


@pytest.mark.parametrize("by_handshake", [True, False])
def test_a_log_out_before_anybody_listens_closes_the_socket(
    make_server: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, by_handshake: bool
) -> None:
    server = make_server()
    person = server.person()
    take = connection._seat

    async def take_while_logging_out(*arguments: Any) -> Any:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(server.app), base_url="http://seismic.test") as client:
            ended = await client.post(f"{API}/auth/logout", headers={"Authorization": f"Bearer {person.token}"})
        assert ended.status_code == 204
        return await take(*arguments)

    monkeypatch.setattr(connection, "_seat", take_while_logging_out)
    heard = server.loop.run(talk(server.app, person.token, by_handshake=by_handshake))
    assert [(message["type"], message["code"]) for message in heard] == [("error", "AUTHENTICATION_ERROR"), ("websocket.close", 4401)]
