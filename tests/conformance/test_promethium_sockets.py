"""Section 7 of the seismic face's rules, on a running server: log-in, order of frames, two listeners, limits, close codes."""

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from websockets.sync.client import connect

from conformance.promethium_world import Client, Socket
from running_server import QUIET_LIMITS, running_server
from seismic_files import npy_bytes, shots

SETTINGS = {"PENTAPRISM_PROMETHIUM__SOCKET_AUTH_SECONDS": "1.0", "PENTAPRISM_PROMETHIUM__SOCKETS_PER_ACCOUNT": "4"}
MOST_UPDATES_A_SECOND = 5
SLOW = {"iterations": 150, "window_traces": 32, "window_samples": 128, "holdout": False}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_server(tmp_path_factory.mktemp("server") / "data", "--face", "promethium", environment=QUIET_LIMITS | SETTINGS) as server:
        deadline = time.monotonic() + 60
        while httpx.get(f"{server.url}/health/ready", timeout=60).status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield server.url


@pytest.fixture(scope="module")
def ann(base: str) -> Client:
    return Client.fresh(base)


@pytest.fixture(scope="module")
def dataset(ann: Client) -> dict[str, Any]:
    """Twelve gathers, each with a missing trace."""
    data = shots(12, 48, samples=256)
    data[np.arange(12) * 48 + 20] = 0
    found = ann.dataset(npy_bytes(data), "shots.npy", sample_interval_us="4000")
    assert found["status"] == "ready"
    return found


def test_auth_and_subscribe_may_be_sent_at_once_and_two_listeners_hear_the_same(ann: Client, dataset: dict[str, Any]) -> None:
    began = time.monotonic()
    job = ann.job(dataset["id"], "pocs", **SLOW)
    sockets = [ann.socket(greet=False) for _ in range(2)]
    for socket in sockets:
        socket.send(type="auth", token=ann.token)
        socket.send(type="subscribe", channel="job", job_id=job)
    heard = []
    for socket in sockets:
        assert socket.next()["type"] == "auth_ok"
        assert socket.next() == {"type": "subscribed", "channel": "job", "job_id": job}
        frames = socket.until_terminal(job)
        assert (frames[0]["type"], frames[0]["snapshot"]) == ("job_update", True)
        assert [frame["seq"] for frame in frames] == sorted({frame["seq"] for frame in frames})
        assert frames[-1]["status"] == "completed"
        assert frames[-1]["output_dataset_id"] is not None
        statuses = [frame["status"] for frame in frames if frame["type"] == "job_update"]
        assert statuses == sorted(statuses, key=["pending", "running", "completed"].index)
        progress = [frame["progress"] for frame in frames if frame["type"] == "job_update"]
        assert progress == sorted(progress)
        assert len(progress) <= MOST_UPDATES_A_SECOND * (time.monotonic() - began) + len(set(statuses)) + 1
        assert socket.quiet()
        heard.append([frame["message"] for frame in frames if frame["type"] == "job_log"])
        socket.connection.close()
    assert heard[0][-1].startswith("Job completed")
    assert heard[1][-1] == heard[0][-1]


def test_a_listener_that_comes_back_misses_and_repeats_no_line(ann: Client, dataset: dict[str, Any]) -> None:
    job = ann.job(dataset["id"], "pocs", **SLOW)
    first = ann.socket()
    first.send(type="subscribe", channel="job", job_id=job, since="2020-01-01T00:00:00Z")
    lines: list[tuple[str, str]] = []
    while len(lines) < 3:
        frame = first.next()
        if frame["type"] == "job_log":
            lines.append((frame["timestamp"], frame["message"]))
    first.connection.close()
    second = ann.socket()
    second.send(type="subscribe", channel="job", job_id=job, since=lines[-1][0])
    assert second.next()["type"] == "subscribed"
    lines += [(frame["timestamp"], frame["message"]) for frame in second.until_terminal(job) if frame["type"] == "job_log"]
    stored = ann.get(f"/jobs/{job}/logs?limit=5000").json()["logs"]
    assert lines == [(line["timestamp"], line["message"]) for line in stored]
    second.send(type="subscribe", channel="job", job_id=job)
    assert second.next()["type"] == "subscribed"
    last = second.next()
    assert (last["type"], last["snapshot"], last["status"]) == ("job_update", True, "completed")
    assert second.quiet()
    second.connection.close()


def test_cancelling_ends_a_running_job_at_once(ann: Client, dataset: dict[str, Any]) -> None:
    job = ann.job(dataset["id"], "pocs", **(SLOW | {"iterations": 500}))
    socket = ann.socket()
    socket.send(type="subscribe", channel="jobs")
    assert socket.next() == {"type": "subscribed", "channel": "jobs", "job_id": None}
    while (frame := socket.next())["status"] != "running":
        assert frame["job_id"] == job
    assert ann.post(f"/jobs/{job}/cancel").json()["status"] == "cancelled"
    assert socket.until_terminal(job)[-1]["status"] == "cancelled"
    socket.connection.close()
    assert ann.get(f"/jobs/{job}").json()["output_dataset_id"] is None


def test_a_dataset_tells_when_it_is_ready(ann: Client) -> None:
    socket = ann.socket()
    made = ann.post("/datasets", files={"file": ("a.npy", npy_bytes(shots(4, 100, samples=500)))}).json()
    socket.send(type="subscribe", channel="dataset", dataset_id=made["id"])
    assert socket.next()["type"] == "subscribed"
    while (frame := socket.next())["status"] != "ready":
        assert (frame["type"], frame["status"]) == ("dataset_update", "processing")
    assert (frame["dataset_id"], frame["error"]) == (made["id"], None)
    socket.connection.close()


def test_logs_stream_as_server_sent_events(ann: Client, dataset: dict[str, Any]) -> None:
    job = ann.job(dataset["id"], "linear")
    lines, events = [], []
    url, headers = f"{ann.base}/api/v1/jobs/{job}/logs", {"Authorization": f"Bearer {ann.token}", "Accept": "text/event-stream"}
    with httpx.stream("GET", url, headers=headers, timeout=60) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        for line in response.iter_lines():
            if line.startswith("event: "):
                events.append(line[7:])
            if line.startswith("data: ") and events[-1] == "log":
                lines.append(json.loads(line[6:]))
    assert events[-1] == "end"
    assert lines == ann.get(f"/jobs/{job}/logs").json()["logs"]


def test_foreign_unknown_and_malformed_things(ann: Client, base: str, dataset: dict[str, Any]) -> None:
    job = ann.job(dataset["id"], "linear")
    socket = Client.fresh(base).socket()
    for wrong in (job, "01a1fde9-0cde-762e-baed-634157bb8526", "x"):
        socket.send(type="subscribe", channel="job", job_id=wrong)
        assert socket.next() == {"type": "error", "code": "NOT_FOUND", "message": "Job not found", "job_id": wrong}
    for frame in ({"type": "subscribe", "channel": "job"}, {"type": "subscribe", "channel": "tv"}, {"type": "dance"}, {"no": 1}):
        socket.send(**frame)
        assert socket.next()["code"] == "VALIDATION_ERROR"
    socket.connection.send("not json")
    assert socket.next()["code"] == "VALIDATION_ERROR"
    socket.send(type="unsubscribe", channel="job", job_id=job)
    assert socket.next() == {"type": "unsubscribed", "channel": "job", "job_id": job}
    socket.send(type="ping", id=7)
    pong = socket.next()
    assert (pong["type"], pong["id"]) == ("pong", 7)
    socket.connection.close()
    ann.ended(job)


def open_socket(base: str, **headers: str) -> Socket:
    return Socket(connect(f"{base.replace('http', 'ws', 1)}/api/v1/ws", additional_headers=headers, legacy=True))


def test_log_in_is_needed_and_the_handshake_can_bring_it(ann: Client, base: str) -> None:
    began = time.monotonic()
    assert open_socket(base).close_code() == 4401
    assert time.monotonic() - began > 0.8
    early = open_socket(base)
    early.send(type="subscribe", channel="jobs")
    assert early.next()["code"] == "AUTHENTICATION_ERROR"
    assert early.close_code() == 4401
    bad = open_socket(base)
    bad.send(type="auth", token="nonsense")
    assert bad.next()["code"] == "AUTHENTICATION_ERROR"
    assert bad.close_code() == 4401
    good = open_socket(base, Authorization=f"Bearer {ann.token}")
    assert good.next()["type"] == "auth_ok"
    good.connection.close()
    assert open_socket(base, Authorization="Bearer nonsense").close_code() == 4401


def test_logging_out_closes_the_sockets_of_this_log_in(base: str) -> None:
    person = Client.fresh(base)
    socket, token = person.socket(), person.token
    person.log_in()
    other = person.socket()
    assert person.call("POST", "/auth/logout", headers={"Authorization": f"Bearer {token}"}).status_code == 204
    assert socket.next()["code"] == "AUTHENTICATION_ERROR"
    assert socket.close_code() == 4401
    other.send(type="ping")
    assert other.next()["type"] == "pong"
    other.connection.close()


def test_limits_of_sockets_and_frames(base: str) -> None:
    person = Client.fresh(base)
    sockets = [person.socket() for _ in range(4)]
    fifth = person.socket(greet=False)
    fifth.send(type="auth", token=person.token)
    assert fifth.next()["code"] == "RATE_LIMITED"
    assert fifth.close_code() == 4429
    for _ in range(20):
        sockets[0].connection.send("{")
    assert sockets[0].close_code() == 4400
    sockets[1].connection.send(b"bytes")
    assert sockets[1].close_code() == 1003
    sockets[2].connection.send(json.dumps({"type": "ping", "id": "x" * 17_000}))
    assert sockets[2].close_code() == 1009
    for _ in range(61):
        sockets[3].send(type="ping")
    assert sockets[3].close_code() == 4429
