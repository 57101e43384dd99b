"""The quarry face on PostgreSQL, Redis, S3 and Celery: two gateways and a worker, each with a folder of its own."""

import base64
import io
import time
import zipfile
from collections.abc import Iterator

import numpy as np
import pytest
import requests
from PIL import Image

from conformance.quarry_world import Client, refused, saved, squares
from production_world import Production, production

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    with production(tmp_path_factory.mktemp("quarry-production"), gateways=2, hosts=1, processes=2) as found:
        yield found


@pytest.fixture(scope="module")
def gateways(installation: Production) -> list[Client]:
    return [Client(f"{gateway.url}/quarry") for gateway in installation.gateways]


def test_any_gateway_serves_what_a_worker_elsewhere_has_cut_out(installation: Production, gateways: list[Client]) -> None:
    one, two = gateways
    fields = {"min_pixels": 1000, "save_dir": "summer shoes"}
    first = one.made("/segment/objects/extract", squares(), **fields)
    second = two.made("/segment/objects/extract", squares(), **fields)
    count = len(first["saved"])
    assert count >= 2
    assert first["saved"] == [f"./results/summer shoes/object_{number}.png" for number in range(count)]
    assert second["saved"] == [f"./results/summer shoes/object_{number}.png" for number in range(count, 2 * count)]
    link = first["objects"][0]["url"].replace(one.url, two.url)
    files = [client.get(f"/jobs/{first['job_id']}/objects/0").content for client in gateways]
    assert files[0] == files[1] == requests.get(link, timeout=30).content
    with Image.open(io.BytesIO(files[0])) as picture:
        assert (picture.mode, picture.size) == ("RGBA", (first["objects"][0]["width"], first["objects"][0]["height"]))
    with zipfile.ZipFile(io.BytesIO(two.get(f"/jobs/{first['job_id']}/export?format=zip").content)) as archive:
        assert archive.read("objects/object_0.png") == files[0]
    refused(two.post("/segment/objects/extract", squares(), save_dir="summer shoes/object_0.png"), 422, "VALIDATION_ERROR")
    assert two.call("DELETE", f"/jobs/{first['job_id']}").status_code == 200
    refused(one.get(link.replace(two.url, "")), 404, "NOT_FOUND")
    assert not list(installation.folder.glob("**/object_*.png"))


def test_a_result_without_a_folder_of_its_own_has_the_name_of_its_path_in_the_store(gateways: list[Client]) -> None:
    made = gateways[0].made("/segment/objects/extract", squares(), min_pixels=1000, save_dir="shoes")
    assert gateways[1].get("/storage/results/" + made["saved"][0].removeprefix("./results/")).status_code == 200


def test_a_click_on_one_gateway_uses_the_embedding_that_another_asked_for(gateways: list[Client]) -> None:
    noise = np.random.default_rng(4).integers(0, 255, (8, 10, 3), np.uint8)
    made = gateways[0].made("/segment/embed", saved(np.kron(noise, np.ones((20, 20, 1), np.uint8))))
    answer = gateways[1].post("/segment/single", image_id=made["image_id"], points='[{"x": 0.5, "y": 0.5}]', format="rle")
    assert answer.status_code == 200
    assert answer.headers["X-Embedding-Cache"] == "hit"


def test_a_batch_ends_with_exact_counts_although_its_workers_are_killed(installation: Production, gateways: list[Client]) -> None:
    noise = np.random.default_rng(6).integers(0, 255, (20, 12, 18, 3), np.uint8)
    images = [base64.b64encode(saved(np.kron(one, np.ones((16, 16, 1), np.uint8)))).decode() for one in noise]
    payload = {"images": images, "parameters": {"format": "none", "crop_n_layers": 0}}
    batch = gateways[0].call("POST", "/segment/batch", json=payload).json()["batch_job_id"]
    while gateways[1].get(f"/segment/batch/{batch}").json()["completed_images"] < 3:
        time.sleep(0.05)
    (host,) = installation.hosts
    host.kill()
    before = gateways[1].get(f"/segment/batch/{batch}").json()
    assert before["completed_images"] < 20
    host.start()
    gateways[1].wait(batch, 120)
    body = gateways[1].get(f"/segment/batch/{batch}").json()
    assert (body["status"], body["completed_images"], body["failed_images"]) == ("completed", 20, 0)
    assert [job["index"] for job in body["jobs"]] == list(range(20))
    assert {job["status"] for job in body["jobs"]} == {"completed"}


def test_health_names_the_part_that_is_down(installation: Production, gateways: list[Client]) -> None:
    installation.redis.stop()
    installation.postgres.stop()
    try:
        # A report is kept for a second.
        time.sleep(1.5)
        health, ready, live = (gateways[0].get(f"/health/{path}") for path in ("", "ready", "live"))
    finally:
        installation.postgres.start()
        installation.redis.start()
    assert (health.status_code, ready.status_code, live.status_code) == (503, 503, 200)
    assert set(health.json()) == {"status", "service", "version", "details"}
    details = health.json()["details"]
    assert (health.json()["status"], details["database"], details["redis"]) == ("unhealthy", "unhealthy", "unhealthy")
    assert (ready.json()["status"], ready.json()["details"]) == ("not_ready", {"ready": False})
    assert live.json()["details"] == {"alive": True}
    gateways[0].ready()
