"""Two gateways and two workers behind nginx, on PostgreSQL, Redis and S3: clients see one installation."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

from production_world import Production, production
from spheroseg_client import SpherosegClient

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    limits = {"PENTAPRISM_LIMITS__ENABLED": "true"}
    with production(tmp_path_factory.mktemp("production"), environment=limits) as world:
        world.start_proxy()
        yield world


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    rows, columns = np.mgrid[:96, :96]
    disk = np.where((rows - 48) ** 2 + (columns - 48) ** 2 < 24**2, 70, 180).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "disk.png"), disk)
    return tmp_path / "disk.png"


def clients(world: Production, name: str) -> tuple[SpherosegClient, SpherosegClient]:
    """One account, logged in at either gateway."""
    near, far = (SpherosegClient(f"{gateway.url}/spheroseg") for gateway in world.gateways)
    near.register(f"{name}@example.com", PASSWORD)
    far.login(f"{name}@example.com", PASSWORD)
    return near, far


def test_a_listener_on_one_gateway_hears_a_job_that_was_started_on_the_other(world, picture):
    near, far = clients(world, "listener")
    try:
        near.listen()
        project = far.json("POST", "/projects", json={"title": "far"})["id"]
        image = far.upload(project, picture)["uploaded"][0]
        far.json("POST", f"/projects/{project}/segmentation/batch-trigger", json={})
        done = near.wait_for("segmentation-complete", lambda data: data["imageId"] == image["id"])
        assert done["imageId"] == image["id"]
        assert near.call("GET", f"/images/{image['id']}/file").content == picture.read_bytes()
    finally:
        near.close()
        far.close()


def test_polling_sockets_work_through_the_proxy(world, picture):
    client = SpherosegClient(f"{world.proxy_url}/spheroseg")
    try:
        client.register("proxy@example.com", PASSWORD)
        client.socket.connect(client.base_url, auth={"token": client.access}, wait_timeout=10, transports=["polling"])
        project = client.json("POST", "/projects", json={"title": "proxy"})["id"]
        image = client.upload(project, picture)["uploaded"][0]
        client.json("POST", f"/projects/{project}/segmentation/batch-trigger", json={})
        client.wait_for("segmentation-complete", lambda data: data["imageId"] == image["id"])
    finally:
        client.close()


def test_limits_are_shared_by_the_gateways(world):
    statuses = []
    for number in range(60):
        gateway = world.gateways[number % 2]
        body = {"email": "nobody@example.com", "password": "wrong password"}
        statuses.append(
            httpx.post(f"{gateway.url}/imagineai/api/v1/auth/login", json=body, headers={"X-Forwarded-For": "203.0.113.7"}).status_code
        )
        if statuses[-1] == 429:
            break
    assert statuses == [401] * 10 + [429]


def test_health_names_the_shared_parts(world):
    checks = httpx.get(f"{world.gateways[0].url}/health").json()["checks"]
    assert {name: check["status"] for name, check in checks.items()} == dict.fromkeys(
        ("database", "storage", "workers", "redis", "queue"), "ok"
    )
    assert checks["database"]["kind"] == "postgresql"


def test_the_metrics_of_each_gateway_count_its_own_requests(world):
    for gateway in world.gateways:
        assert "pentaprism_jobs_active" in httpx.get(f"{gateway.url}/metrics").text


def test_without_one_gateway_the_proxy_still_answers(world):
    world.gateways[1].kill()
    try:
        assert {httpx.get(f"{world.proxy_url}/health", timeout=10).status_code for _ in range(20)} == {200}
    finally:
        world.gateways[1].start(60)
