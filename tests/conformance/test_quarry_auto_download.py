"""Weights that are fetched because a request asks for them (quarry.auto_download), from a local server of weights."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance.quarry_models import WeightServer, published, write_card
from conformance.quarry_world import Client, refused
from running_server import QUIET_LIMITS, running_server

CLICK = '[{"x": 0.5, "y": 0.4}]'
pytestmark = pytest.mark.slow


@dataclass
class World:
    """A server that may download, and the weights it finds: of vit_t good ones, of vit_b none."""

    client: Client
    weights: WeightServer
    models: Path

    def click(self, picture: bytes, model: str, **fields: Any) -> Any:
        """A prompt for one model."""
        return self.client.post("/segment/single", picture, points=CLICK, model_type=model, format="rle", **fields)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("download")
    models = folder / "data/models"
    environment = {**QUIET_LIMITS, "MODEL_CACHE_DIR": "./models", "PENTAPRISM_QUARRY__AUTO_DOWNLOAD": "true"}
    with published(folder / "published") as (files, weights):
        for name, path in files.items():
            write_card(models, name, path, weights.url, 100)
        files["vit_b"].write_bytes(b"something else")
        with running_server(folder / "data", "--face", "quarry", environment=environment) as server:
            client = Client(server.url)
            client.ready()
            yield World(client, weights, models)


def test_requests_fall_back_while_one_download_runs_and_then_get_the_model(world: World, photograph: bytes) -> None:
    world.weights.hold = 200_000
    with ThreadPoolExecutor(4) as pool:
        answers = [call.result() for call in [pool.submit(world.click, photograph, "vit_t") for _ in range(4)]]
    for answer in answers:
        assert answer.status_code == 200
        body = answer.json()
        assert (body["model_type"], body["engine"]["kind"]) == ("vit_t", "embedded")
        assert body["fallback"] == {
            "requested": "vit_t",
            "used": "embedded",
            "reason": "downloading",
            "message": "The weights of vit_t are being downloaded; try again later. This answer is by the built-in engine.",
        }
        assert answer.headers["X-Segmentation-Engine"].startswith("embedded/")
    details = refused(world.click(photograph, "vit_t", strict_model="true"), 503, "MODEL_ERROR")["details"]
    assert details == {"model": "vit_t", "reason": "downloading"}
    batch = {"images": [{"image_id": answers[0].json()["image_id"]}], "model_type": "vit_t", "parameters": {"strict_model": True}}
    refused(world.client.call("POST", "/segment/batch", json=batch), 503, "MODEL_ERROR")
    world.weights.hold = None
    world.weights.go_on.set()
    deadline = time.monotonic() + 60
    while not world.client.get("/models/vit_t").json()["data"]["cached"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    body = world.click(photograph, "vit_t").json()
    assert (body["engine"]["name"], body["engine"]["kind"], body["fallback"]) == ("vit_t", "sam", None)
    assert world.weights.asked == ["/mobile_sam.pt"]


def test_a_file_that_is_not_the_published_one_is_never_used(world: World, photograph: bytes) -> None:
    for _ in range(2):
        body = world.click(photograph, "vit_b").json()
        assert (body["engine"]["kind"], body["fallback"]["reason"]) == ("embedded", "downloading")
    deadline = time.monotonic() + 60
    while "/sam_vit_b_01ec64.pth" not in world.weights.asked:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    model = world.client.get("/models/vit_b").json()["data"]
    assert (model["cached"], model["usable"]) == (False, False)
    assert not (world.models / "sam_vit_b_01ec64.pth").exists()


def test_loading_a_model_downloads_nothing(world: World) -> None:
    world.weights.asked.clear()
    refused(world.client.call("POST", "/models/vit_l/load"), 503, "MODEL_ERROR")
    assert world.weights.asked == []
