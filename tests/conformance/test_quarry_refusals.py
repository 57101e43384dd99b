"""What the face refuses and what waits, on a server whose workers never come."""

import base64
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.quarry_world import Client, refused, saved, squares
from running_server import QUIET_LIMITS, running_server

TABLES = ("jobs", "blobs", "quarry_images", "quarry_files", "quarry_embeddings")
CLICK = '[{"x": 0.5, "y": 0.5}]'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("idle") / "data"


@pytest.fixture(scope="module")
def idle(folder: Path) -> Iterator[Client]:
    environment = {
        **QUIET_LIMITS,
        "PENTAPRISM_QUARRY__BUSY_SECONDS": "0.5",
        "PENTAPRISM_QUARRY__WAIT_SECONDS": "0.5",
        "PENTAPRISM_QUARRY__INTERACTIVE_WAITING": "3",
        "PENTAPRISM_QUARRY__UNFINISHED_JOBS": "6",
        "PENTAPRISM_QUARRY__JOB_DAYS": "10",
        "PENTAPRISM_QUARRY__CLICK_HOURS": "6",
    }
    with running_server(folder, "--face", "quarry", "--workers", "0", environment=environment) as server:
        client = Client(server.url)
        while "service" not in client.get("/health/").json():
            time.sleep(0.1)
        yield client


def kept(folder: Path) -> tuple[dict[str, int], set[str]]:
    """Rows by table, and the files beside the database."""
    database = folder / "pentaprism.sqlite3"
    with closing(sqlite3.connect(database)) as connection:
        rows = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}
    return rows, {str(path) for path in folder.rglob("*") if path.is_file() and not path.name.startswith(database.name)}


FORMS: list[tuple[str, bytes | None, dict[str, str], int]] = [
    ("/segment/auto", b"", {}, 400),
    ("/segment/auto", b"this is text", {}, 400),
    ("/segment/auto", squares()[:300], {}, 400),
    ("/segment/auto/async", saved(np.zeros((4097, 2), np.uint8)), {}, 400),
    ("/segment/embed", b"GIF89a", {}, 400),
    ("/segment/single", squares(), {"points": "[{}]"}, 422),
    ("/segment/single", squares(), {"points": '[{"x": 2, "y": 0}]'}, 422),
    ("/segment/single", squares(), {"boxes": '[{"x1": 0.5, "y1": 0, "x2": 0.5, "y2": 1}]'}, 422),
    ("/segment/box", squares(), {"box": '{"x": 500, "y": 500, "width": 10, "height": 10}'}, 422),
    ("/segment/box/async", squares(), {"box": '{"x": 5, "y": 5, "width": 0, "height": 10}'}, 422),
    ("/segment/auto", squares(), {"model_type": "vit_z"}, 422),
    ("/segment/auto", squares(), {"strict_model": "true"}, 503),
    ("/segment/auto", squares(), {"pred_iou_thresh": "1.5"}, 422),
    ("/segment/auto", squares(), {"stability_score_thresh": "nan"}, 422),
    ("/segment/auto", squares(), {"points_per_side": "8", "crop_n_layers": "4", "crop_n_points_downscale_factor": "16"}, 422),
    ("/segment/auto", squares(), {"points_per_side": "256", "crop_n_layers": "4", "crop_n_points_downscale_factor": "1"}, 422),
    ("/segment/objects/extract", squares(), {"save_dir": "../x"}, 422),
    ("/segment/objects/extract/async", squares(), {"save_dir": "/tmp"}, 422),
    ("/segment/objects/extract", squares(), {"drive_folder_id": "short"}, 422),
    ("/segment/objects/extract", squares(), {"min_pixels": "0"}, 422),
    ("/segment/single", squares(), {"image_id": "img-" + "0" * 32}, 422),
    ("/segment/single", None, {"image_id": "img-" + "0" * 32, "points": CLICK}, 404),
    ("/segment/single", None, {}, 422),
]


@pytest.mark.embedded
def test_refused_requests_leave_nothing_behind(idle: Client, folder: Path) -> None:
    before = kept(folder)
    for path, image, fields, status in FORMS:
        answer = idle.post(path, image, **fields)
        assert answer.status_code == status, (path, fields, answer.text[:300])
        assert set(answer.json()) == {"success", "message", "error_code", "details", "timestamp"}
    picture = base64.b64encode(squares()).decode()
    for body in ({"images": [picture], "points": [[{"x": 9, "y": 0}]]}, {"images": [picture], "model_type": "x"}, {"images": [picture, 1]}):
        refused(idle.call("POST", "/segment/batch", json=body), 422, "VALIDATION_ERROR")
    large = idle.call(
        "POST", "/segment/auto", data=b"", headers={"Content-Length": str(10**9), "Content-Type": "multipart/form-data; boundary=x"}
    )
    refused(large, 413, "IMAGE_VALIDATION_ERROR")
    answer = idle.call("POST", "/segment/auto/async", files={"image": squares()}, headers={"Idempotency-Key": "a key with blanks"})
    refused(answer, 422, "VALIDATION_ERROR")
    assert kept(folder) == before


def test_health_tells_that_no_worker_is_there(idle: Client) -> None:
    health, ready = idle.get("/health/"), idle.get("/health/ready")
    assert (health.status_code, health.json()["status"]) == (503, "unhealthy")
    assert set(health.json()) == {"status", "service", "version", "details"}
    assert (health.json()["details"]["workers"], health.json()["details"]["database"]) == ("unhealthy", "healthy")
    assert (ready.status_code, ready.json()["status"], ready.json()["details"]) == (503, "not_ready", {"ready": False})
    assert idle.get("/health/live").status_code == 200


def test_loading_without_a_free_worker_answers_busy(idle: Client) -> None:
    began = time.monotonic()
    answer = idle.call("POST", "/models/embedded/load")
    assert time.monotonic() - began < 10
    assert refused(answer, 503, "MODEL_ERROR")["details"] == {"model": "embedded", "reason": "busy", "retry_after": 10}
    assert answer.headers["Retry-After"] == "10"


def test_a_waiting_job_is_told_of_cancelled_and_deleted(idle: Client) -> None:
    body = idle.made("/segment/auto/async", squares())
    job = body["job_id"]
    assert body["status_url"] == f"{idle.url}/jobs/{body['task_id']}/status"
    status: dict[str, Any] = idle.get(f"/jobs/{job}/status").json()["data"]
    assert (status["status"], status["progress"], status["processed_images"]) == ("pending", 0.0, 0)
    for path in (f"/jobs/{job}/result", f"/segment/job/{job}/visualization", f"/jobs/{job}/export?format=zip", f"/jobs/{job}/masks/0"):
        details = refused(idle.get(path), 409, "HTTP_ERROR")["details"]
        assert details == {"job_id": job, "status": "pending", "progress": 0.0}
    single = idle.get(f"/segment/job/{job}").json()
    assert (single["status"], single["total_masks"], single["masks"]) == ("pending", None, [])
    cancelled = idle.call("POST", f"/jobs/{job}/cancel").json()["data"]
    assert (cancelled["status"], cancelled["cancelled"], cancelled["error_code"]) == ("failed", True, "CANCELLED")
    assert refused(idle.get(f"/jobs/{job}/result"), 409, "CANCELLED")["details"]["status"] == "failed"
    assert idle.call("DELETE", f"/jobs/{job}").status_code == 200
    refused(idle.get(f"/jobs/{job}/status"), 404, "JOB_NOT_FOUND")


def test_a_synchronous_wait_that_is_over_names_its_job_and_the_queue_has_an_end(idle: Client) -> None:
    jobs = []
    for _ in range(2):
        answer = idle.post("/segment/single", squares(), points=CLICK)
        details = refused(answer, 503, "SERVICE_UNAVAILABLE")["details"]
        assert set(details) == {"retry_after", "job_id", "task_id", "status_url"}
        assert idle.get(f"/jobs/{details['task_id']}/status").json()["data"]["status"] == "pending"
        jobs.append(details["job_id"])
    answer = idle.post("/segment/single", squares(), points=CLICK)
    assert set(refused(answer, 503, "SERVICE_UNAVAILABLE")["details"]) == {"retry_after"}
    assert answer.headers["Retry-After"]
    for job in jobs:
        assert idle.call("DELETE", f"/jobs/{job}").status_code == 200


def test_an_owner_has_a_limit_of_unfinished_jobs(idle: Client) -> None:
    jobs = [idle.made("/segment/auto/async", squares())["job_id"] for _ in range(6)]
    assert refused(idle.post("/segment/auto/async", squares()), 429, "RATE_LIMIT_EXCEEDED")["details"]["limit"] == 6
    for job in jobs:
        assert idle.call("DELETE", f"/jobs/{job}").status_code == 200


def test_words_of_queries_are_named_where_one_is_wrong(idle: Client) -> None:
    details = refused(idle.get("/jobs/?status=done"), 422, "VALIDATION_ERROR")["details"]
    assert details["allowed"] == ["pending", "running", "completed", "failed"]
    assert "input" not in details["errors"][0]


@pytest.mark.embedded
def test_ended_jobs_are_kept_as_long_as_the_settings_say(idle: Client, folder: Path) -> None:
    image = idle.made("/segment/auto/async", squares())
    click = refused(idle.post("/segment/single", image_id=image["image_id"], points=CLICK), 503, "SERVICE_UNAVAILABLE")["details"]
    batch = idle.call("POST", "/segment/batch", json={"images": ["@@@"]}).json()["batch_job_id"].removeprefix("batch-")
    for job in (image["job_id"], click["job_id"]):
        idle.call("POST", f"/jobs/{job}/cancel")
    for job, hours in ((image["job_id"], 240), (click["job_id"], 6), (batch, 240)):
        assert idle.get(f"/jobs/{job}").json()["status"] == "failed"
        with closing(sqlite3.connect(folder / "pentaprism.sqlite3")) as connection:
            query = "SELECT julianday(expires_at) - julianday(finished_at) FROM jobs WHERE id = ?"
            assert connection.execute(query, (job,)).fetchone()[0] * 24 == pytest.approx(hours, abs=0.01)
        idle.call("DELETE", f"/jobs/{job}")
