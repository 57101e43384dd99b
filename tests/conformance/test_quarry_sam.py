"""Segment Anything models through the face: weights that come from a server, loading, falling back, making room. One story, in order."""

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data

from conformance.quarry_models import WeightServer, published, write_card
from conformance.quarry_world import Client, decoded, refused, saved
from pentaprism.engines.sam import load_model
from running_server import QUIET_LIMITS, RunningServer, running_server

KEY = "key-of-the-operator-0123456789"
LOOSE = {"pred_iou_thresh": 0, "stability_score_thresh": 0, "min_mask_region_area": 0, "format": "rle"}
SMALL = {"points_per_side": 4, "crop_n_layers": 0}
CLICK = '[{"x": 0.5, "y": 0.4}]'
pytestmark = pytest.mark.slow


@dataclass
class World:
    """A server with one worker that has room for one of two models."""

    client: Client
    weights: WeightServer
    files: dict[str, Path]
    models: Path
    cards: dict[str, dict[str, Any]]
    server: RunningServer

    def model(self, name: str) -> dict[str, Any]:
        """What the face tells of a model."""
        found: dict[str, Any] = self.client.get(f"/models/{name}").json()["data"]
        return found

    def pull(self, name: str) -> None:
        """Download a model to its end."""
        deadline = time.monotonic() + 60
        while self.client.call("POST", f"/models/{name}/download").json()["data"]["status"] != "completed":
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("sam")
    models = folder / "data/models"
    environment = {
        **QUIET_LIMITS,
        "API_KEYS": KEY,
        "MODEL_CACHE_DIR": "./models",
        "PENTAPRISM_QUARRY__FALLBACK": "best",
        "PENTAPRISM_QUARRY__MODEL_MEMORY_MB": "260",
        "PENTAPRISM_QUARRY__AUTO_SECONDS_SYNC": "2.5",
        "PENTAPRISM_QUARRY__AUTO_SECONDS_ASYNC": "2",
    }
    with published(folder / "published") as (files, weights):
        cards = {name: write_card(models, name, path, weights.url, 260) for name, path in files.items()}
        with running_server(folder / "data", "--face", "quarry", "--workers", "1", environment=environment) as server:
            client = Client(server.url, {"X-API-Key": KEY})
            client.ready()
            yield World(client, weights, files, models, cards, server)


def test_without_weights_the_built_in_engine_answers_and_says_why(world: World, photograph: bytes) -> None:
    listed = world.model("vit_b")
    assert (listed["cached"], listed["loaded"], listed["usable"], listed["memory_usage_mb"]) == (False, False, False, 0)
    body = world.client.made("/segment/single", photograph, points=CLICK, model_type="vit_b", format="rle")
    assert (body["engine"]["kind"], body["fallback"]["used"], body["fallback"]["reason"]) == ("embedded", "embedded", "weights_missing")
    details = refused(world.client.call("POST", "/models/vit_b/load"), 503, "MODEL_ERROR")["details"]
    assert details["sha256"] == world.cards["vit_b"]["sha256"]
    assert world.weights.asked == []


def test_a_download_tells_its_true_bytes_and_is_one_for_all_who_ask(world: World) -> None:
    total = world.cards["vit_b"]["size_bytes"]
    world.weights.hold = 200_000
    first = world.client.call("POST", "/models/vit_b/download").json()["data"]
    assert set(first) == {"name", "bytes", "total_bytes", "status"}
    deadline = time.monotonic() + 30
    while (told := world.client.call("POST", "/models/vit_b/download").json()["data"])["bytes"] < 190_000:
        assert time.monotonic() < deadline, told
        time.sleep(0.1)
    (part,) = world.models.glob("*.part")
    assert told == {"name": "vit_b", "bytes": part.stat().st_size, "total_bytes": total, "status": "running"}
    world.weights.hold = None
    world.weights.go_on.set()
    world.pull("vit_b")
    assert world.weights.asked == ["/sam_vit_b_01ec64.pth"]
    assert world.client.call("POST", "/models/vit_b/download").json()["data"]["bytes"] == total
    listed = world.model("vit_b")
    assert (listed["cached"], listed["loaded"], listed["usable"], listed["sha256"]) == (True, False, True, world.cards["vit_b"]["sha256"])


def test_a_loaded_model_answers_as_the_engine_does(world: World, photograph: bytes) -> None:
    loaded = world.client.call("POST", "/models/vit_b/load").json()["data"]
    assert (loaded["name"], loaded["loaded"]) == ("vit_b", True)
    listed = world.model("vit_b")
    assert (listed["loaded"], listed["processes"]) == (True, 1)
    assert listed["memory_usage_mb"] == loaded["memory_usage_mb"]
    assert listed["last_used_at"] is not None
    engine = load_model("vit_b", world.files["vit_b"], threads=1)
    with Image.open(io.BytesIO(photograph)) as picture:
        rgb = np.asarray(picture)
    for multimask in (True, False):
        response = world.client.post("/segment/single", photograph, points=CLICK, model_type="vit_b", multimask_output=multimask)
        body = response.json()
        assert (body["engine"]["name"], body["engine"]["weights_sha256"], body["fallback"]) == ("vit_b", listed["sha256"], None)
        assert response.headers["X-Segmentation-Engine"] == f"vit_b/{body['engine']['version']}"
        wanted = engine.prompt(engine.embed(rgb), [(0.5 * rgb.shape[1], 0.4 * rgb.shape[0])], [1], multimask=multimask)
        assert len(body["masks"]) == len(wanted) <= (3 if multimask else 1)
        for mask, truth in zip(body["masks"], wanted, strict=True):
            full = truth.full(*rgb.shape[:2])
            found = decoded(mask["mask_data"]) > 0
            assert (found & full).sum() >= 0.999 * (found | full).sum()
            assert mask["confidence"] == pytest.approx(truth.predicted_iou, abs=1e-3)


def test_a_second_click_needs_no_encoder(world: World, photograph: bytes) -> None:
    made = world.client.made("/segment/embed", photograph, model_type="vit_b")
    response = world.client.post("/segment/single", image_id=made["image_id"], points=CLICK, model_type="vit_b", format="rle")
    assert response.headers["X-Embedding-Cache"] == "hit"
    assert "vit_b" in world.client.get(f"/segment/embed/{made['image_id']}").json()["embeddings"]


def test_the_best_model_that_is_here_stands_in_for_another(world: World, photograph: bytes) -> None:
    body = world.client.made("/segment/box", photograph, box='{"x":20,"y":20,"width":200,"height":200}', model_type="vit_h", format="rle")
    assert (body["model_type"], body["engine"]["name"]) == ("vit_h", "vit_b")
    assert body["fallback"] | {"message": ""} == {"requested": "vit_h", "used": "vit_b", "reason": "weights_missing", "message": ""}
    job = world.client.get(f"/jobs/{body['job_id']}").json()["data"]
    assert (job["fallback"], job["engine"]) == (body["fallback"], body["engine"])
    batch = {"images": [{"image_id": body["image_id"]}], "model_type": "vit_h", "parameters": {"format": "none", **SMALL}}
    started = world.client.call("POST", "/segment/batch", json=batch).json()["batch_job_id"]
    assert world.client.wait(started)["status"] == "completed"
    (child,) = world.client.get(f"/jobs/{started}/result").json()["results"]
    assert (child["fallback"], child["engine"]) == (body["fallback"], body["engine"])
    refused(world.client.call("POST", "/segment/batch", json=batch | {"parameters": {"strict_model": True}}), 503, "MODEL_ERROR")
    strict = world.client.post("/segment/auto/async", photograph, model_type="vit_h", strict_model="true")
    refused(strict, 503, "MODEL_ERROR")


def test_a_synchronous_run_is_fitted_to_the_budget_and_ends_in_time(world: World) -> None:
    large = saved(np.ascontiguousarray(np.kron(data.astronaut(), np.ones((2, 2, 1), np.uint8))))
    began = time.monotonic()
    body = world.client.made("/segment/auto", large, model_type="vit_b", **LOOSE)
    assert time.monotonic() - began < 60
    assert body["effective_parameters"]["points_per_side"] == 32
    assert body["effective_parameters"]["crop_n_layers"] == 0
    assert len([warning for warning in body["warnings"] if "lowered" in warning]) == 2
    assert body["truncated"]
    assert any("time limit" in warning for warning in body["warnings"])
    assert len(body["masks"]) == body["total_masks"] > 0
    advice = refused(world.client.post("/segment/auto", large, model_type="vit_b", strict_parameters="true"), 422, "VALIDATION_ERROR")
    assert "/segment/auto/async" in advice["message"]


def test_an_asynchronous_run_keeps_the_defaults(world: World) -> None:
    large = saved(np.ascontiguousarray(np.kron(data.astronaut(), np.ones((2, 2, 1), np.uint8))))
    fields = {name: value for name, value in LOOSE.items() if name != "format"}
    job = world.client.made("/segment/auto/async", large, model_type="vit_b", format="none", **fields)["job_id"]
    assert world.client.wait(job)["status"] == "completed"
    body = world.client.get(f"/jobs/{job}/result").json()
    used = body["effective_parameters"]
    assert (used["points_per_side"], used["crop_n_layers"], used["crop_n_points_downscale_factor"]) == (64, 1, 2)
    assert body["truncated"]


def test_a_model_gives_way_to_another_when_there_is_room_for_one(world: World, photograph: bytes) -> None:
    world.pull("vit_t")
    assert world.client.call("POST", "/models/vit_t/load").status_code == 200
    assert [world.model(name)["loaded"] for name in ("vit_t", "vit_b")] == [True, False]
    body = world.client.made("/segment/single", photograph, points=CLICK, model_type="vit_b", format="rle")
    assert (body["engine"]["name"], body["fallback"]) == ("vit_b", None)


def test_unloading_frees_the_memory_and_the_next_request_loads_again(world: World, photograph: bytes) -> None:
    assert world.client.call("POST", "/models/vit_b/load").status_code == 200
    for _ in range(2):
        assert world.client.call("DELETE", "/models/vit_b/unload").json()["message"] == "Model unloaded successfully"
        listed = world.model("vit_b")
        assert (listed["loaded"], listed["processes"], listed["memory_usage_mb"]) == (False, 0, 0)
    body = world.client.made("/segment/single", photograph, points=CLICK, model_type="vit_b", format="rle")
    assert (body["engine"]["name"], body["fallback"]) == ("vit_b", None)


def test_unloading_the_built_in_engine_drops_what_it_has_kept(world: World, photograph: bytes) -> None:
    handle = world.client.made("/segment/embed", photograph, model_type="embedded")["image_id"]
    assert "embedded" in world.client.get(f"/segment/embed/{handle}").json()["embeddings"]
    assert world.client.call("DELETE", "/models/embedded/unload").status_code == 200
    assert "embedded" not in world.client.get(f"/segment/embed/{handle}").json()["embeddings"]


def test_a_file_with_one_changed_byte_is_not_used(world: World, photograph: bytes) -> None:
    world.client.call("DELETE", "/models/vit_b/unload")
    file = world.models / world.cards["vit_b"]["file"]
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    listed = world.model("vit_b")
    assert (listed["cached"], listed["usable"]) == (False, False)
    details = refused(world.client.call("POST", "/models/vit_b/load"), 503, "MODEL_ERROR")["details"]
    assert details["reason"] == "weights_invalid"
    body = world.client.made("/segment/single", photograph, points=CLICK, model_type="vit_b", format="rle")
    assert (body["engine"]["name"], body["fallback"]["reason"]) == ("vit_t", "weights_invalid")
