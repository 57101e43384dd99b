"""The way of a client of the published reference through the spheroseg face, on its own port and below the gateway's prefix."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image

from running_server import QUIET_LIMITS, RunningServer, free_port, running_server
from spheroseg_client import SpherosegClient

CELL = Path(skimage.__file__).parent / "data" / "cell.png"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Base URLs of the face: behind the gateway and on a port of its own."""
    root = tmp_path_factory.mktemp("servers")
    with (
        running_server(root / "gateway", "--workers", "1", environment=QUIET_LIMITS) as gateway,
        running_server(root / "alone", "--face", "spheroseg", "--workers", "1", environment=QUIET_LIMITS) as alone,
    ):
        yield {"gateway": f"{gateway.url}/spheroseg", "alone": alone.url}


@pytest.fixture(params=["gateway", "alone"])
def client(request: pytest.FixtureRequest, servers: dict[str, str]) -> Iterator[SpherosegClient]:
    client = SpherosegClient(servers[request.param])
    yield client
    client.close()


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """A real cell, a generated pair of dark disks, and a file that is no picture."""
    rows, columns = np.mgrid[:240, :320]
    disks = ((columns - 90) ** 2 + (rows - 120) ** 2 < 50**2) | ((columns - 240) ** 2 + (rows - 110) ** 2 < 40**2)
    noise = np.random.default_rng(7).normal(0, 4, disks.shape)
    disk_path = tmp_path / "disks.png"
    Image.fromarray(np.clip(np.where(disks, 60, 170) + noise, 0, 255).astype(np.uint8)).save(disk_path)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not a picture at all")
    return [CELL, disk_path, broken]


def test_a_reference_client_goes_from_registration_to_a_measured_result(client: SpherosegClient, pictures: list[Path]) -> None:
    email = f"ada.{free_port()}@example.com"
    assert client.register(email, "correct horse battery")["success"] is True
    client.login(email, "correct horse battery")
    assert client.claims()["email"] == email
    client.listen()
    assert client.wait_for("authenticated", seconds=5)["userId"] == client.json("GET", "/users/me")["id"]

    project = client.json("POST", "/projects", json={"title": "Journey", "description": "", "tags": ["first"]})
    uploaded = client.upload(project["id"], *pictures)
    assert [entry["name"] for entry in uploaded["uploaded"]] == ["cell.png", "disks.png"]
    assert uploaded["summary"] == {"total": 3, "successful": 2, "failed": 1}
    assert uploaded["failed"][0]["code"] == "UNSUPPORTED_FORMAT"

    disks = uploaded["uploaded"][1]["id"]
    for entry in uploaded["uploaded"]:
        client.json("POST", f"/images/{entry['id']}/segmentation")
        client.wait_for("segmentation-complete", lambda data, image=entry["id"]: data["imageId"] == image)
    progress = [data["progress"] for data in client.heard("segmentation-progress") if data["imageId"] == disks]
    assert progress == sorted(progress)

    result = client.json("GET", f"/images/{disks}/segmentation")
    assert result["status"] == "completed"
    assert result["results"]["cell_count"] == 2
    areas = sorted(polygon["area"] for polygon in result["results"]["polygons"] if polygon["type"] == "external")
    assert areas == pytest.approx([np.pi * 40**2, np.pi * 50**2], rel=0.03)

    statistics = client.json("GET", "/users/me/statistics")
    assert (statistics["totalProjects"], statistics["totalImages"], statistics["completedSegmentations"]) == (1, 2, 2)
    before = client.access
    client.refresh()
    assert client.access != before
    assert client.json("GET", "/users/me")["email"] == email


def test_the_gateway_answers_health_and_knows_its_faces(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data", ("--workers", "1"))
    server.start()
    try:
        response = SpherosegClient(server.url).http.get(f"{server.url}/health", timeout=30)
        assert response.status_code == 200
    finally:
        server.stop()
