"""The imagineai face on a real server with real workers: journeys, sockets, crashes, and what must not happen."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from skimage import data
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from conformance.imagineai_client import PASSWORD, ImagineaiClient, photograph
from running_server import QUIET_LIMITS, RunningServer, running_server

STEPS = ["preprocess", "classify", "extract_attributes", "detect_defects", "generate_description"]
HOOKS = {"PENTAPRISM_IMAGINEAI__WEBHOOK_HTTP": "true", "PENTAPRISM_IMAGINEAI__WEBHOOK_HOSTS": '["127.0.0.1"]'}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("imagineai")
    with running_server(folder / "data", "--face", "imagineai", "--workers", "1", environment={**QUIET_LIMITS, **HOOKS}) as server:
        yield server


@pytest.fixture
def ann(server: RunningServer) -> Iterator[ImagineaiClient]:
    with ImagineaiClient(server.url) as client:
        yield client


def test_presign_put_confirm_socket_analysis(ann: ImagineaiClient) -> None:
    product = ann.product("Espresso")
    image = ann.announced(product, photograph(data.coffee()))
    started = ann.made("POST", "/uploads/confirm", json={"image_id": image})
    frames, code = ann.listen(started["job_id"])
    assert code == 1000 and frames[-1]["type"] == "job_complete" and frames[-1]["progress"] == {"completed": 1, "total": 1}
    last = {frame["step"]: frame for frame in frames[:-1]}
    assert list(last) == STEPS and {frame["status"] for frame in last.values()} == {"completed"}
    live = [frame for frame in frames if not frame.get("snapshot")]
    assert [frame["seq"] for frame in live] == sorted({frame["seq"] for frame in live})
    keys = {"type", "job_id", "image_id", "step", "status", "progress", "data", "timestamp", "seq"}
    assert all(set(frame) - {"snapshot"} == keys for frame in frames)
    analysis = ann.made("GET", f"/analysis/{image}")
    body = ann.made("GET", f"/products/{product}")
    assert analysis["status"] == "completed" and body["status"] == "active"
    assert (body["images"][0]["width"], body["images"][0]["height"], body["images"][0]["is_primary"]) == (600, 400, True)
    for defect in analysis["detected_defects"]:
        box = defect["bounding_box"]
        assert box["x"] >= 0 and box["y"] >= 0 and box["width"] >= 1 and box["height"] >= 1
        assert box["x"] + box["width"] <= 600 and box["y"] + box["height"] <= 400
    late, late_code = ann.listen(started["job_id"])
    assert late_code == 1000 and [frame["status"] for frame in late] == ["completed"] * 6 and late[-1]["type"] == "job_complete"


def test_a_batch_of_three_with_a_corrupt_one(ann: ImagineaiClient) -> None:
    product = ann.product()
    good = photograph(data.astronaut())
    images = [ann.announced(product, content) for content in (good, good[: len(good) // 3], photograph(data.chelsea()))]
    job = ann.made("POST", "/batch", json={"product_id": product, "image_ids": images})
    assert len(job["steps"]) == 15
    frames, code = ann.listen(job["id"])
    assert code == 1000 and [frame["type"] for frame in frames].count("job_complete") == 1 and frames[-1]["type"] == "job_complete"
    assert frames[-1]["data"] == {"processed_images": 2, "failed_images": 1}
    ended = ann.made("GET", f"/batch/{job['id']}")
    assert (ended["status"], ended["processed_images"], ended["failed_images"]) == ("completed", 2, 1)


def test_close_codes(server: RunningServer, ann: ImagineaiClient) -> None:
    job = ann.direct(ann.product(), photograph(data.coffee()))["job_id"]
    for token in ("", "garbage", ann.refresh_token):
        assert ann.listen(job, token) == ([], 4001)
    with ImagineaiClient(server.url) as stranger:
        for other in (job, "seven", "11111111-1111-4111-8111-111111111111"):
            assert stranger.listen(other) == ([], 4003)
    ann.finished(job)
    key = ann.made("POST", "/api-keys", json={"name": "socket", "scopes": ["read"]})["key"]
    assert ann.listen(job, key)[1] == 1000


def test_talkative_and_logged_out_clients_are_closed(server: RunningServer, ann: ImagineaiClient) -> None:
    product = ann.product()
    large = photograph(np.tile(data.astronaut(), (3, 3, 1)))
    images = [ann.announced(product, large) for _ in range(24)]
    job = ann.made("POST", "/batch", json={"product_id": product, "image_ids": images})["id"]
    loud, quiet = ann.socket(job), ann.socket(job)
    loud.send("hello")
    loud.send("x" * 5000)
    assert close_code(loud) == 1009
    ann.made("POST", "/auth/logout")
    assert close_code(quiet) == 4001


def close_code(socket: ClientConnection) -> int:
    """The code with which the server ends it."""
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            socket.recv(timeout=20)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def test_after_an_answer_the_thing_is_there(server: RunningServer, ann: ImagineaiClient) -> None:
    """Answers follow the commit: no client that goes on at once meets missing data."""
    product, content = ann.product(), photograph(data.coffee()[:64, :64])

    def confirm(_: int) -> int:
        image = ann.announced(product, content)
        return ann.call("POST", "/uploads/confirm", json={"image_id": image}).status_code

    def register(number: int) -> int:
        body = {"email": f"round{number}@example.net", "password": PASSWORD}
        assert httpx.post(f"{server.url}/api/v1/auth/register", json=body, timeout=60).status_code == 201
        return httpx.post(f"{server.url}/api/v1/auth/login", json=body, timeout=60).status_code

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(confirm, range(40))) == {200}
        assert set(threads.map(register, range(40))) == {200}
    ann.call("DELETE", f"/products/{product}")


def test_webhooks_arrive_once(ann: ImagineaiClient) -> None:
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Silence."""

    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=receiver.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{receiver.server_address[1]}/"
    hook = ann.made("POST", "/webhooks", json={"url": url, "events": ["*"]})
    product = ann.product()
    job = ann.made("POST", "/batch", json={"product_id": product, "image_ids": [ann.announced(product, photograph(data.coffee()))]})["id"]
    ann.finished(job)
    give_up = time.monotonic() + 20
    while len(got) < 4 and time.monotonic() < give_up:
        time.sleep(0.1)
    time.sleep(1.5)
    assert sorted(one["event"] for one in got) == ["analysis.completed", "batch.completed", "job.completed", "product.created"]
    assert len({one["id"] for one in got}) == 4
    assert {one["status"] for one in ann.made("GET", f"/webhooks/{hook['id']}/deliveries")} == {"delivered"}
    receiver.shutdown()
    thread.join()
    receiver.server_close()


def test_a_killed_worker_and_a_killed_server_lose_nothing(server: RunningServer, ann: ImagineaiClient) -> None:
    product = ann.product()
    images = [ann.announced(product, photograph(data.astronaut())) for _ in range(4)]
    job = ann.made("POST", "/batch", json={"product_id": product, "image_ids": images})["id"]
    give_up = time.monotonic() + 30
    while ann.made("GET", f"/jobs/{job}")["processed_images"] < 1 and time.monotonic() < give_up:
        time.sleep(0.02)
    largest = max(server.children(), key=lambda process: process.memory_info().rss)
    largest.kill()
    ended = ann.finished(job, 90)
    assert (ended["status"], ended["processed_images"], ended["failed_images"]) == ("completed", 4, 0)
    again = ann.made("POST", "/batch", json={"product_id": product, "image_ids": images})["id"]
    time.sleep(0.5)
    left = server.children()
    server.kill()
    psutil.wait_procs(left, timeout=20)
    server.start()
    ended = ann.finished(again, 90)
    assert (ended["processed_images"], ended["failed_images"]) == (4, 0)


def test_a_large_upload_needs_little_memory(server: RunningServer, ann: ImagineaiClient, tmp_path: Path) -> None:
    product = ann.product()
    noise = tmp_path / "large.png"
    noise.write_bytes(photograph(data.coffee(), "PNG") + b"\0" * 48_000_000)
    ann.direct(product, photograph(data.coffee()))
    before, peak, stop = server.memory(), [0], threading.Event()

    def watch() -> None:
        while not stop.is_set():
            peak[0] = max(peak[0], server.memory())
            time.sleep(0.01)

    thread = threading.Thread(target=watch)
    thread.start()
    with noise.open("rb") as file:
        answer = ann.call("POST", "/uploads/direct", data={"product_id": product}, files={"file": ("large.png", file, "image/png")})
    stop.set()
    thread.join()
    assert answer.status_code in {200, 422} and peak[0] - before < 20_000_000, (peak[0] - before) / 1e6


def test_health_answers_while_images_are_checked(server: RunningServer, ann: ImagineaiClient) -> None:
    product, content = ann.product(), photograph(data.astronaut().repeat(6, 0).repeat(6, 1))
    slowest = []
    with ThreadPoolExecutor(6) as threads, httpx.Client(timeout=30) as http:
        uploads = [threads.submit(ann.direct, product, content) for _ in range(6)]
        while not all(upload.done() for upload in uploads):
            began = time.monotonic()
            assert http.get(f"{server.url}/health").json() == {"status": "healthy"}
            slowest.append(time.monotonic() - began)
            time.sleep(0.02)
        assert all(upload.result()["status"] == "queued" for upload in uploads)
    assert sorted(slowest)[len(slowest) // 2] < 0.5
    ann.call("DELETE", f"/products/{product}")


def test_secrets_reach_no_log(server: RunningServer, ann: ImagineaiClient) -> None:
    product = ann.product()
    image = ann.announced(product, photograph(data.coffee()))
    job = ann.made("POST", "/uploads/confirm", json={"image_id": image})["job_id"]
    ann.listen(job)
    address = ann.made("GET", f"/products/{product}")["images"][0]["url"]
    assert httpx.get(address, timeout=20).status_code == 200
    log = server.log.read_text()
    assert ann.token not in log and PASSWORD not in log and address.rpartition("=")[2] not in log and "SELECT" not in log
