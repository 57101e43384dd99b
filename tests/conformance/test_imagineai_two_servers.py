"""Two gateways of one installation on PostgreSQL, Redis, Celery and S3: sockets, frames and limits of the imagineai face."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
import redis
from skimage import data
from websockets.exceptions import ConnectionClosed

from conformance.imagineai_client import PASSWORD, ImagineaiClient, photograph
from production_world import Production, production

STEPS = ["preprocess", "classify", "extract_attributes", "detect_defects", "generate_description"]

pytestmark = pytest.mark.embedded


class Channel:
    """Whatever is told on the broker under the names of jobs."""

    def __init__(self, url: str) -> None:
        self._listening = redis.Redis.from_url(url).pubsub()
        self._listening.psubscribe("job:*")
        assert self._listening.get_message(timeout=30)["type"] == "psubscribe"
        self.frames: list[dict[str, Any]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def of(self, job: str) -> list[dict[str, Any]]:
        """Frames of a job so far."""
        return [frame for frame in self.frames if frame["job_id"] == job]

    def until_the_end(self, job: str, patience: float = 60) -> list[dict[str, Any]]:
        """All frames of a job."""
        give_up = time.monotonic() + patience
        while not any(frame["type"].startswith("job_") for frame in self.of(job)):
            assert time.monotonic() < give_up, self.of(job)
            time.sleep(0.05)
        return self.of(job)

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        self._listening.close()

    def _run(self) -> None:
        while not self._over.is_set():
            message = self._listening.get_message(timeout=0.1)
            if message is not None:
                frame = json.loads(message["data"])
                assert message["channel"].decode() == f"job:{frame['job_id']}"
                self.frames.append(frame)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    settings = {"PENTAPRISM_LIMITS__ENABLED": "true", "PENTAPRISM_IMAGINEAI__AUTH_RATE": "1000"}
    with production(tmp_path_factory.mktemp("two"), hosts=1, processes=2, environment=settings) as found:
        yield found


@pytest.fixture
def sides(world: Production) -> Iterator[list[ImagineaiClient]]:
    """One account at either gateway."""
    near = ImagineaiClient(f"{world.gateways[0].url}/imagineai")
    far = object.__new__(ImagineaiClient)
    far.url, far.email, far.token = f"{world.gateways[1].url}/imagineai", near.email, near.token
    far.http = httpx.Client(base_url=f"{far.url}/api/v1", timeout=60, headers={"Authorization": f"Bearer {near.token}"})
    yield [near, far]
    near.close()
    far.close()


def test_frames_go_out_on_the_channel_of_the_job_once_each(world: Production, sides: list[ImagineaiClient]) -> None:
    near, far = sides
    channel = Channel(world.redis.url)
    job = near.direct(near.product("Espresso"), photograph(data.coffee()))["job_id"]
    heard, code = far.listen(job)
    told = channel.until_the_end(job)
    assert code == 1000 and heard[-1]["type"] == "job_complete"
    assert [(frame["step"], frame["status"]) for frame in told[:-1]] == [
        (step, status) for step in STEPS for status in ("running", "completed")
    ]
    assert [frame["seq"] for frame in told] == sorted({frame["seq"] for frame in told})
    assert told[-1]["type"] == "job_complete" and told[-1]["data"] == {"processed_images": 1, "failed_images": 0}
    live = {frame["seq"]: frame for frame in heard if not frame.get("snapshot")}
    same = {frame["seq"]: frame for frame in told}
    assert set(live) <= set(same) and all(live[seq] == same[seq] for seq in live)
    time.sleep(0.3)
    assert channel.of(job) == told
    channel.close()


def test_a_batch_with_a_failed_image_and_a_cancelled_one_end_once(world: Production, sides: list[ImagineaiClient]) -> None:
    near, far = sides
    channel, good = Channel(world.redis.url), photograph(data.astronaut())
    product = near.product()
    images = [near.announced(product, content) for content in (good, good[: len(good) // 3], good)]
    batch = far.made("POST", "/batch", json={"product_id": product, "image_ids": images})["id"]
    told = channel.until_the_end(batch)
    assert [frame["type"] for frame in told].count("job_complete") == 1 and told[-1]["data"] == {"processed_images": 2, "failed_images": 1}
    assert [frame["status"] for frame in told if frame["type"] == "step_update"].count("failed") == 1
    assert sorted(frame["seq"] for frame in told) == sorted({frame["seq"] for frame in told})
    many = [near.announced(product, good) for _ in range(8)]
    cancelled = near.made("POST", "/batch", json={"product_id": product, "image_ids": many})["id"]
    assert far.call("DELETE", f"/batch/{cancelled}").status_code == 204
    end = channel.until_the_end(cancelled)[-1]
    assert (end["type"], end["status"]) == ("job_failed", "cancelled")
    channel.close()


def test_a_put_after_the_confirmation_changes_nothing(sides: list[ImagineaiClient]) -> None:
    near, far = sides
    product, content = near.product(), photograph(data.coffee())
    body = {"product_id": product, "filename": "a.jpg", "content_type": "image/jpeg", "file_size_bytes": len(content)}
    ticket = near.made("POST", "/uploads/presigned-url", json=body)
    headers = {"Content-Type": "image/jpeg"}
    assert httpx.put(ticket["upload_url"], content=content, headers=headers, timeout=60).status_code == 200
    job = far.made("POST", "/uploads/confirm", json={"image_id": ticket["image_id"]})["job_id"]
    other = b"\xff" * len(content)
    httpx.put(ticket["upload_url"], content=other, headers=headers, timeout=60)
    again = near.made("POST", "/uploads/confirm", json={"image_id": ticket["image_id"]})
    assert again["job_id"] == job and again["message"] == "Upload already confirmed"
    url = near.made("GET", f"/products/{product}")["images"][0]["url"]
    assert httpx.get(url, timeout=60).content == content


def test_the_sixth_socket_of_an_account_is_refused_at_either_gateway(sides: list[ImagineaiClient]) -> None:
    near, far = sides
    product = near.product()
    images = [near.announced(product, photograph(data.astronaut())) for _ in range(20)]
    job = near.made("POST", "/batch", json={"product_id": product, "image_ids": images})["id"]
    with ExitStack() as open_sockets:
        for number in range(5):
            socket = sides[number % 2].socket(job)
            open_sockets.callback(socket.close)
            assert json.loads(socket.recv(timeout=20))["type"] == "step_update"
        for side in sides:
            refused = side.socket(job)
            with pytest.raises(ConnectionClosed) as closed:
                refused.recv(timeout=20)
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 4029
        with ImagineaiClient(near.url) as other:
            assert other.listen(job)[1] == 4003
    deadline = time.monotonic() + 20
    while True:
        socket = far.socket(job)
        try:
            assert json.loads(socket.recv(timeout=20))["job_id"] == job
            break
        except ConnectionClosed:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        finally:
            socket.close()
    near.call("DELETE", f"/batch/{job}")


def test_logging_in_is_limited_at_both_together(world: Production) -> None:
    # The setting of this installation is far above what the tests need; the count itself is what is shared.
    left = []
    for number in range(4):
        url = f"{world.gateways[number % 2].url}/imagineai/api/v1/auth/login"
        answer = httpx.post(url, json={"email": "nobody@example.com", "password": PASSWORD}, headers={"X-Forwarded-For": "203.0.113.9"})
        left.append(int(answer.headers["x-ratelimit-remaining-minute"]))
    assert left == [999, 998, 997, 996]
