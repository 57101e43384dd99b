"""The server as an operator meets it: started, asked, stopped."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
import socketio

from pentaprism.app.faces import NATIVE_PORTS, all_faces, all_kinds
from running_server import RunningServer, free_port, running_server


def wait_for(server: RunningServer, path: str, status: int = 200, patience: float = 60) -> httpx.Response:
    deadline = time.monotonic() + patience
    while True:
        answer = httpx.get(server.url + path, timeout=patience)
        if answer.status_code == status:
            return answer
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("app") / "data", "--workers", "1") as started:
        wait_for(started, "/health/ready")
        yield started


def test_the_known_names_and_ports_are_those_of_the_faces() -> None:
    assert {face.name: face.port for face in all_faces()} == NATIVE_PORTS


def test_every_kind_of_a_face_is_known_to_workers() -> None:
    assert {kind.name for face in all_faces() for kind in face.job_kinds} == {kind.name for kind in all_kinds()}
    assert all(kind.name.startswith(tuple(NATIVE_PORTS)) for kind in all_kinds())


def test_health_names_every_part(server: RunningServer) -> None:
    deadline = time.monotonic() + 60
    while (report := httpx.get(f"{server.url}/health").json())["status"] != "ok":
        assert time.monotonic() < deadline, report
        time.sleep(0.2)
    assert set(report["checks"]) == {"database", "storage", "workers"}
    assert report["checks"]["workers"]["ready"] == 1
    assert httpx.get(f"{server.url}/health/live").json()["status"] == "ok"


def test_the_root_names_the_faces_and_errors_have_its_shape(server: RunningServer) -> None:
    index = httpx.get(f"{server.url}/").json()
    assert [face["url"] for face in index["faces"]] == [f"{server.url}/{name}" for name in NATIVE_PORTS]
    missing = httpx.get(f"{server.url}/nothing")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "ROUTE_NOT_FOUND")
    assert missing.json()["requestId"] == missing.headers["x-request-id"]


def test_every_face_stands_below_its_prefix(server: RunningServer) -> None:
    for name in NATIVE_PORTS:
        assert httpx.get(f"{server.url}/{name}/health").status_code == 200


def test_metrics_tell_requests_queues_and_workers(server: RunningServer) -> None:
    httpx.get(f"{server.url}/spheroseg/api/projects")
    text = httpx.get(f"{server.url}/metrics").text
    assert 'pentaprism_requests_total{face="spheroseg",method="GET",route="/api/projects",status="401"}' in text
    assert "pentaprism_workers{state=" in text
    assert "pentaprism_workers_memory_bytes" in text


@pytest.mark.parametrize("path", ["socket.io", "spheroseg/socket.io"])
def test_the_socket_server_is_reached_at_the_root_and_below_the_prefix(server: RunningServer, path: str) -> None:
    with socketio.SimpleClient() as client:
        client.connect(server.url, socketio_path=path, transports=["websocket"], auth={"token": "bad"})
        name, data = client.receive(timeout=10)
        assert (name, data["reason"]) == ("authentication_error", "invalid")


def test_the_secret_is_made_once_for_its_owner_alone(server: RunningServer) -> None:
    secret = server.data_dir / "secret"
    assert len(secret.read_bytes()) >= 32
    assert secret.stat().st_mode & 0o077 == 0


def test_a_stop_is_quick_complete_and_a_success(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data", ("--workers", "1"))
    server.start()
    wait_for(server, "/health/ready")
    children = server.children()
    with socketio.SimpleClient() as client:
        client.connect(server.url, transports=["websocket"])
        assert server.process is not None
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
        assert time.monotonic() - began < 15
    _, alive = psutil.wait_procs(children, timeout=30)
    assert alive == []
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)
    server.start()
    wait_for(server, "/health/ready")
    server.stop()


def test_one_face_alone_stands_at_the_root(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--face", "spheroseg", "--workers", "0") as server:
        assert wait_for(server, "/api/projects", 401).json()["code"] == "AUTHENTICATION_REQUIRED"
        assert httpx.get(f"{server.url}/spheroseg/api/projects").status_code == 404


def test_native_ports_and_a_metrics_port_open_beside_the_gateway(tmp_path: Path) -> None:
    metrics = free_port()
    native = {name: free_port() for name in NATIVE_PORTS}
    ports = ",".join(f"{name}={port}" for name, port in native.items())
    environment = {"PENTAPRISM_SERVER__METRICS_PORT": str(metrics), "PENTAPRISM_SERVER__FACE_PORTS": ports}
    with running_server(tmp_path / "data", "--native-ports", "--workers", "0", environment=environment) as server:
        for name, port in native.items():
            apart, below = (httpx.get(f"{root}/no-such-thing", timeout=30) for root in (f"http://127.0.0.1:{port}", f"{server.url}/{name}"))
            assert (apart.status_code, apart.json().keys()) == (below.status_code, below.json().keys())
        assert httpx.get(f"http://127.0.0.1:{native['spheroseg']}/api/projects", timeout=30).status_code == 401
        assert "pentaprism_requests_total" in httpx.get(f"http://127.0.0.1:{metrics}/metrics").text
        assert httpx.get(f"http://127.0.0.1:{metrics}/health").status_code == 200
        assert httpx.get(f"{server.url}/metrics").status_code == 404


def test_a_host_name_leads_to_its_face(tmp_path: Path) -> None:
    environment = {"PENTAPRISM_SERVER__HOSTS": "cells.example.org=spheroseg"}
    with running_server(tmp_path / "data", "--workers", "0", environment=environment) as server:
        assert httpx.get(f"{server.url}/api/projects", headers={"Host": "cells.example.org"}, timeout=30).status_code == 401
        assert httpx.get(f"{server.url}/api/projects").status_code == 404


def refused(data_dir: Path, *arguments: str, **environment: str) -> str:
    command = [sys.executable, "-m", "pentaprism", "serve", "--workers", "0", "--data-dir", str(data_dir), *arguments]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    return " ".join(done.stderr.split())


def test_what_keeps_the_server_from_starting_is_said(tmp_path: Path) -> None:
    port = str(free_port())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "cannot be used" in refused(tmp_path / "a", "--port", str(taken.getsockname()[1]))
    assert "at least 32 are needed" in refused(tmp_path / "b", "--port", port, PENTAPRISM_SECRET="short")
    assert "there is no face nosuch" in refused(tmp_path / "c", "--port", port, "--face", "nosuch")
    assert "SQLite and PostgreSQL are supported" in refused(tmp_path / "d", "--port", port, DATABASE_URL="mysql://x/y")
    assert "there is no face nosuch" in refused(tmp_path / "e", "--port", port, PENTAPRISM_SERVER__HOSTS="x=nosuch")


def test_log_lines_are_json_and_hold_no_secret(server: RunningServer) -> None:
    httpx.get(f"{server.url}/spheroseg/api/projects?token=hide-me", headers={"Authorization": "Bearer hide.me.too"})
    time.sleep(0.2)
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert {"listening", "faces ready", "request"} <= {line["event"] for line in lines}
    assert "hide" not in server.log.read_text()


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("pentaprism.cli.main", {"fastapi", "sqlalchemy", "numpy", "uvicorn", "pydantic"}),
        ("pentaprism.app", {"fastapi", "sqlalchemy", "numpy", "uvicorn"}),
        (
            "pentaprism.app.serving",
            {"fastapi", "sqlalchemy", "numpy", "cv2", "scipy", "skimage", "onnxruntime", "openpyxl", "socketio", "alembic", "httpx"},
        ),
        ("pentaprism.app.building", {"fastapi", "starlette", "uvicorn", "socketio"}),
    ],
)
def test_what_is_not_needed_yet_is_not_loaded(module: str, unwanted: set[str]) -> None:
    """The help comes at once, the server listens before it loads the faces, and workers do without the web framework."""
    program = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert unwanted & set(loaded) == set()
