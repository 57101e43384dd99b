"""Faces are found by port, host name and prefix, and know where they stand."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
import socketio
import uvicorn
from fastapi import FastAPI, Request, WebSocket
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from websockets.sync.client import connect

from pentaprism.web.gateway import Gateway, Opened, Places, at_once
from pentaprism.web.lifespan import Lifespan
from pentaprism.web.proxies import TrustedProxies
from pentaprism.web.urls import base_url, link


def face(name: str, lives: list[str]) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        lives.append(f"{name} up")
        yield
        lives.append(f"{name} down")

    app = FastAPI(lifespan=lifespan)

    @app.get("/")
    @app.get("/where/{rest:path}")
    def where(request: Request, rest: str = "") -> dict[str, str]:
        client = request.client.host if request.client else ""
        return {"face": name, "rest": rest, "base": base_url(request), "link": link(request, "/a b", sig="x"), "client": client}

    @app.websocket("/ws/{name}")
    async def socket_route(websocket: WebSocket, name: str) -> None:
        await websocket.accept()
        await websocket.send_json({"name": name, "base": base_url(websocket)})
        await websocket.close()

    server = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins=[], ping_interval=1)

    @server.event
    async def connect(sid: str, _environ: object, _auth: object = None) -> None:
        await server.emit("welcome", {"face": name}, to=sid)

    app.mount("/socket.io", socketio.ASGIApp(server, socketio_path=None))
    return app


@pytest.fixture(scope="module")
def ports() -> Iterator[tuple[int, int]]:
    """The gateway's port and the native one of cells."""
    sockets = [socket.socket() for _ in range(2)]
    for sock in sockets:
        sock.bind(("127.0.0.1", 0))
    main, native = (sock.getsockname()[1] for sock in sockets)
    root = Starlette(routes=[Route("/{rest:path}", lambda request: JSONResponse({"root": request.url.path}))])
    places = Places(ports={native: "cells"}, hosts={"plants.example.org": "plants"}, root_mounts={"/socket.io": "cells"})
    proxies = TrustedProxies(["127.0.0.1"])
    lives: list[str] = []
    faces = {"cells": face("cells", lives), "plants": face("plants", lives)}
    gateway = Gateway(at_once(faces, root, places), proxies=proxies)
    server = uvicorn.Server(uvicorn.Config(gateway, log_config=None, proxy_headers=False, timeout_graceful_shutdown=2))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=sockets)), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield main, native
    server.should_exit = True
    thread.join(10)
    assert lives == ["cells up", "plants up", "plants down", "cells down"]


@pytest.mark.parametrize("path", ["", "/", "/where/is/it"])
def test_a_prefix_leads_to_its_face_and_back(ports: tuple[int, int], path: str) -> None:
    answer = httpx.get(f"http://127.0.0.1:{ports[0]}/cells{path}").json()
    assert answer["face"] == "cells"
    assert answer["base"] == f"http://127.0.0.1:{ports[0]}/cells"
    assert answer["link"] == f"http://127.0.0.1:{ports[0]}/cells/a%20b?sig=x"
    assert answer["rest"] == path.removeprefix("/where/").removeprefix("/")


def test_a_port_of_its_own_has_the_face_at_the_root(ports: tuple[int, int]) -> None:
    answer = httpx.get(f"http://127.0.0.1:{ports[1]}/where/x").json()
    assert (answer["face"], answer["base"]) == ("cells", f"http://127.0.0.1:{ports[1]}")


def test_a_host_name_has_the_face_at_the_root(ports: tuple[int, int]) -> None:
    answer = httpx.get(f"http://127.0.0.1:{ports[0]}/where/x", headers={"Host": "Plants.example.org:8000"}).json()
    assert (answer["face"], answer["base"]) == ("plants", "http://Plants.example.org:8000")


@pytest.mark.parametrize("path", ["/", "/health", "/cellsx", "/xcells/y", "/socket.iox"])
def test_everything_else_belongs_to_the_root(ports: tuple[int, int], path: str) -> None:
    assert httpx.get(f"http://127.0.0.1:{ports[0]}{path}").json() == {"root": path}


def test_websockets_pass_through_mounts(ports: tuple[int, int]) -> None:
    for address in (f"ws://127.0.0.1:{ports[0]}/cells", f"ws://127.0.0.1:{ports[1]}"):
        with connect(f"{address}/ws/job-1") as sock:
            assert sock.recv(timeout=30) == f'{{"name":"job-1","base":"{address.replace("ws", "http", 1)}"}}'


@pytest.mark.parametrize("transport", ["polling", "websocket"])
@pytest.mark.parametrize(("address", "path"), [("", "socket.io"), ("", "cells/socket.io")])
def test_a_socket_io_client_reaches_the_face_below_the_prefix_and_at_the_root(
    ports: tuple[int, int], transport: str, address: str, path: str
) -> None:
    with socketio.SimpleClient() as client:
        client.connect(f"http://127.0.0.1:{ports[0]}{address}", socketio_path=path, transports=[transport])
        assert client.receive(timeout=30) == ["welcome", {"face": "cells"}]


def test_a_trusted_proxy_says_where_the_client_is(ports: tuple[int, int]) -> None:
    headers = {
        "X-Forwarded-For": "6.6.6.6, 203.0.113.9, 127.0.0.1",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "imaging.example.org",
        "X-Forwarded-Prefix": "/lab/",
    }
    answer = httpx.get(f"http://127.0.0.1:{ports[0]}/cells/where/x", headers=headers).json()
    assert answer["client"] == "203.0.113.9"
    assert answer["base"] == "https://imaging.example.org/lab/cells"
    assert answer["rest"] == "x"


def scope(client: str, **headers: str) -> dict[str, object]:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "client": (client, 1), "scheme": "http", "path": "/x", "root_path": "", "headers": raw}


def test_nobody_else_is_believed() -> None:
    sent = scope("198.51.100.7", x_forwarded_for="1.2.3.4", x_forwarded_proto="https")
    assert TrustedProxies().apply(sent) is sent
    assert TrustedProxies(["10.0.0.0/8", "::1"]).apply(sent) is sent
    trusted = TrustedProxies(["198.51.100.0/24"]).apply(sent)
    assert (trusted["client"], trusted["scheme"]) == (("1.2.3.4", 0), "https")


@pytest.mark.parametrize(
    ("chain", "client"), [("garbage", "10.0.0.1"), ("1.1.1.1, garbage", "10.0.0.1"), ("10.0.0.9", "10.0.0.9"), ("", "10.0.0.1")]
)
def test_a_forged_chain_does_not_become_an_address(chain: str, client: str) -> None:
    assert TrustedProxies(["10.0.0.0/8"]).apply(scope("10.0.0.1", x_forwarded_for=chain))["client"][0] == client


def test_a_face_that_cannot_start_stops_the_start() -> None:
    async def run() -> None:
        @asynccontextmanager
        async def broken(_app: FastAPI) -> AsyncIterator[None]:
            raise RuntimeError("no database")
            yield

        with pytest.raises(RuntimeError, match="no database"):
            await Lifespan(FastAPI(lifespan=broken)).start()

    asyncio.run(run())


def test_an_application_without_a_lifespan_is_no_error() -> None:
    async def plain(scope: dict[str, object], _receive: object, _send: object) -> None:
        assert scope["type"] == "http"

    async def run() -> None:
        life = Lifespan(plain)  # type: ignore[arg-type]
        await life.start()
        await life.stop()

    asyncio.run(run())


def test_health_is_answered_before_the_faces_are_there_and_the_rest_waits() -> None:
    async def run() -> None:
        loaded = asyncio.Event()

        async def opening() -> Opened:
            await loaded.wait()
            return Opened({"cells": face("cells", [])}, Starlette())

        gateway = Gateway(opening)
        life = Lifespan(gateway)
        await life.start()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(gateway), base_url="http://x") as client:
            answer = await client.get("/health", headers={"X-Request-ID": "mine"})
            assert (answer.status_code, answer.json()["status"], answer.headers["x-request-id"]) == (200, "starting", "mine")
            assert [(await client.get(f"/health/{name}")).status_code for name in ("live", "ready")] == [200, 503]
            assert (await client.head("/health")).content == b""
            waiting = asyncio.create_task(client.get("/cells/where/x"))
            await asyncio.sleep(0.05)
            assert not waiting.done()
            loaded.set()
            assert (await waiting).json()["face"] == "cells"
        await life.stop()

    asyncio.run(run())


def test_faces_that_cannot_load_are_told_of() -> None:
    async def run() -> None:
        failures: list[Exception] = []
        failing = asyncio.Event()

        async def opening() -> Opened:
            await failing.wait()
            raise ValueError("the database is gone")

        gateway = Gateway(opening, on_failure=failures.append)
        life = Lifespan(gateway)
        await life.start()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(gateway), base_url="http://x") as client:
            waiting = asyncio.create_task(client.get("/cells"))
            await asyncio.sleep(0.05)
            failing.set()
            assert (await waiting).status_code == 503
        assert [str(failure) for failure in failures] == ["the database is gone"]
        await life.stop()

    asyncio.run(run())
