"""How sockets of the seismic face end, on a running server: tokens that run out, slow clients, many subscriptions, the server's end."""

import json
import socket as sockets
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.sync.client import connect

from conformance.promethium_world import Client, Socket
from running_server import QUIET_LIMITS, RunningServer, running_server

LIFE = 12
SETTINGS = {
    "PENTAPRISM_PROMETHIUM__ACCESS_SECONDS": str(LIFE),
    "PENTAPRISM_PROMETHIUM__SOCKET_WAITING": "10",
    "PENTAPRISM_PROMETHIUM__SOCKETS_PER_ACCOUNT": "2",
}
FRAMES = 40
LONG_ID = "x" * 16_000
NARROW = 4096
SEGMENT = 536


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("server")
    with running_server(folder / "data", "--face", "promethium", environment=QUIET_LIMITS | SETTINGS) as server:
        deadline = time.monotonic() + 60
        while httpx.get(f"{server.url}/health/ready", timeout=60).status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield server


@pytest.fixture
def ann(server: RunningServer) -> Client:
    return Client.fresh(server.url)


def test_a_socket_ends_with_its_token_unless_a_fresh_one_prolongs_it(ann: Client) -> None:
    short, long = ann.socket(), ann.socket(greet=False)
    long.send(type="auth", token=ann.token)
    until = long.next()["expires_at"]
    time.sleep(LIFE / 2)
    ann.log_in()
    long.send(type="auth", token=ann.token)
    assert long.next()["expires_at"] > until
    assert short.next()["code"] == "AUTHENTICATION_ERROR"
    assert short.close_code() == 4401
    long.send(type="ping", id=1)
    assert long.next()["type"] == "pong"
    assert long.next()["code"] == "AUTHENTICATION_ERROR"
    assert long.close_code() == 4401


def test_the_token_of_another_account_ends_the_socket(ann: Client, server: RunningServer) -> None:
    socket = ann.socket()
    socket.send(type="auth", token=Client.fresh(server.url).token)
    assert socket.next()["code"] == "AUTHENTICATION_ERROR"
    assert socket.close_code() == 4401


def test_a_closed_socket_makes_room_for_another(ann: Client) -> None:
    first, second = ann.socket(), ann.socket()
    first.connection.close()
    deadline = time.monotonic() + 30
    while True:
        third = ann.socket(greet=False)
        third.send(type="auth", token=ann.token)
        if third.next()["type"] == "auth_ok":
            break
        assert time.monotonic() < deadline
    second.connection.close()
    third.connection.close()


def narrow_connection(url: str) -> sockets.socket:
    """A connection that takes in little before it is read. Its small segments keep the sender's buffer small: by default the kernel holds
    megabytes for a peer on the same machine."""
    parts = urlsplit(url)
    raw = sockets.socket()
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, NARROW)
    raw.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_MAXSEG, SEGMENT)
    raw.connect((parts.hostname, parts.port))
    return raw


def test_a_client_that_does_not_read_is_closed_with_1013(ann: Client, server: RunningServer) -> None:
    address = f"{server.url.replace('http', 'ws', 1)}/api/v1/ws"
    connection = connect(address, sock=narrow_connection(server.url), max_queue=1, legacy=True)
    socket = Socket(connection)
    socket.send(type="auth", token=ann.token)
    for number in range(FRAMES):
        connection.send(json.dumps({"type": "ping", "id": f"{number}{LONG_ID}"}))
        time.sleep(0.02)
    # Long enough for a server under load to answer them all; who reads earlier makes room again.
    time.sleep(3)
    assert socket.close_code() == 1013


@pytest.mark.slow
def test_the_hundred_and_first_subscription_is_refused_and_the_socket_stays(server: RunningServer) -> None:
    with running_server(server.data_dir.parent / "many", "--face", "promethium", environment=QUIET_LIMITS) as own:
        ann = Client.fresh(own.url)
        ids: list[str] = []
        content = b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '<f4', 'fortran_order': False, 'shape': (9, 4), }".ljust(117) + b"\n" + bytes(144)
        for _ in range(101):
            made: dict[str, Any] = ann.post("/datasets", files={"file": ("a.npy", content)}).json()
            ids.append(made["id"])
        socket = ann.socket()
        answers = []
        for position, dataset_id in enumerate(ids):
            if position and position % 50 == 0:
                time.sleep(10)
            socket.send(type="subscribe", channel="dataset", dataset_id=dataset_id)
            while (frame := socket.next())["type"] == "dataset_update":
                pass
            answers.append(frame)
        assert {frame["type"] for frame in answers[:100]} == {"subscribed"}
        assert (answers[100]["type"], answers[100]["code"]) == ("error", "RATE_LIMITED")
        socket.send(type="unsubscribe", channel="dataset", dataset_id=ids[0])
        assert socket.next()["type"] == "unsubscribed"
        socket.send(type="subscribe", channel="dataset", dataset_id=ids[100])
        assert socket.next()["type"] == "subscribed"


def test_no_token_stands_in_the_log(ann: Client, server: RunningServer) -> None:
    ann.socket().connection.close()
    text = server.log.read_text()
    assert "/api/v1/ws" in text
    assert ann.token not in text


def test_the_end_of_the_server_closes_sockets_with_1001(ann: Client, server: RunningServer) -> None:
    socket = ann.socket()
    server.stop()
    assert socket.close_code() == 1001
