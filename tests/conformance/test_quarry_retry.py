"""Waiting jobs tell their place, and what failed or was cancelled is tried again; on a running server."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from conformance.quarry_world import Client, photograph, refused, saved, squares
from s3_server import client
from shared_servers import IS_PRODUCTION, production_environment

WHOLE = {"min_mask_region_area": "0", "crop_n_layers": "2", "points_per_side": "64"}


@pytest.fixture(scope="module")
def large() -> list[bytes]:
    return [photograph(3600 + 8 * number, 3000) for number in range(3)]


@pytest.fixture
def busy(quarry: Client, large: list[bytes]) -> Iterator[list[str]]:
    """Ids of long jobs that keep every worker busy, cancelled at the end of the test."""
    long = [quarry.made("/segment/auto/async", picture, **WHOLE)["job_id"] for picture in large]
    yield long
    for job in long:
        quarry.call("POST", f"/jobs/{job}/cancel")


def picture(number: int) -> bytes:
    """A small picture that no other test sends."""
    pixels = np.full((60, 70, 3), 40, np.uint8)
    pixels[10:40, 10:40] = (220, 60 + number, 60)
    return saved(pixels)


def queued(quarry: Client, number: int) -> str:
    return str(quarry.made("/segment/box/async", picture(number), box='{"x": 8, "y": 8, "width": 34, "height": 34}')["job_id"])


def hide(folder: Path, content: bytes) -> Callable[[], object]:
    """Take an upload out of the store; gives what puts it back."""
    if not IS_PRODUCTION:
        (file,) = [path for path in (folder / "data/blobs").rglob("*") if path.is_file() and path.read_bytes() == content]
        aside = file.rename(folder / "aside")
        return lambda: aside.rename(file)
    address = urlsplit(production_environment(folder / "data")["STORAGE_URL"])
    store, bucket = client(parse_qs(address.query)["endpoint"][0]), address.netloc
    listed = [each["Key"] for page in store.get_paginator("list_objects_v2").paginate(Bucket=bucket) for each in page.get("Contents", [])]
    (key,) = [name for name in listed if store.get_object(Bucket=bucket, Key=name)["Body"].read() == content]
    store.delete_object(Bucket=bucket, Key=key)
    return lambda: store.put_object(Bucket=bucket, Key=key, Body=content)


def test_waiting_jobs_tell_their_place_where_it_is_asked_for(quarry: Client, busy: list[str]) -> None:
    jobs = [queued(quarry, number) for number in range(3)]
    listed = {job["job_id"]: job for job in quarry.get("/jobs/?page_size=40&position=true").json()["data"]}
    places = [listed[job]["position"] for job in jobs]
    assert places == list(range(places[0], places[0] + 3))
    assert places[0] >= 1
    assert quarry.get(f"/jobs/{jobs[2]}?position=true").json()["data"]["position"] == places[2]
    status = quarry.get(f"/jobs/{jobs[2]}/status?position=true").json()["data"]
    assert (status["status"], status["position"]) == ("pending", places[2])
    running = next(job for job in busy if listed[job]["status"] == "running")
    assert listed[running]["position"] is None
    # Whoever does not ask gets the documented keys and no others.
    for path in (f"/jobs/{jobs[2]}", f"/jobs/{jobs[2]}/status"):
        assert "position" not in quarry.get(path).json()["data"]
    assert all("position" not in job for job in quarry.get("/jobs/").json()["data"])
    refused(quarry.get("/jobs/?position=where"), 422, "VALIDATION_ERROR")
    quarry.call("POST", f"/jobs/{jobs[0]}/cancel")
    assert quarry.get(f"/jobs/{jobs[2]}/status?position=true").json()["data"]["position"] == places[2] - 1
    for job in jobs:
        quarry.call("DELETE", f"/jobs/{job}")


def test_a_cancelled_job_is_tried_again_as_one_new_job(quarry: Client, busy: list[str]) -> None:
    job = queued(quarry, 10)
    assert quarry.call("POST", f"/jobs/{job}/cancel").json()["data"]["cancelled"] is True
    answer = quarry.call("POST", f"/jobs/task-{job}/retry")
    assert answer.status_code == 200
    body = answer.json()
    again = body["data"]
    assert (body["success"], body["message"], body["job_id"]) == (True, "Job retried successfully", again["job_id"])
    assert (again["status"], again["kind"], again["model_type"], again["cancelled"]) == ("pending", "box", "vit_h", False)
    assert again["job_id"] != job
    assert quarry.call("POST", f"/jobs/{job}/retry").json()["job_id"] == again["job_id"]
    quarry.call("POST", f"/jobs/{again['job_id']}/cancel")
    third = quarry.call("POST", f"/jobs/{job}/retry").json()["job_id"]
    assert third not in {job, again["job_id"]}
    for one in busy:
        quarry.call("POST", f"/jobs/{one}/cancel")
    assert quarry.wait(third)["status"] == "completed"
    assert quarry.get(f"/jobs/{third}/result").json()["total_masks"] >= 1
    assert quarry.get(f"/jobs/{job}/status").json()["data"]["cancelled"] is True


@pytest.fixture
def done(quarry: Client) -> str:
    """A completed job, made while the workers are free."""
    return str(quarry.made("/segment/single", squares(), points='[{"x": 0.25, "y": 0.34}]')["job_id"])


def test_only_what_failed_or_was_cancelled_is_tried_again(quarry: Client, done: str, busy: list[str]) -> None:
    waiting = queued(quarry, 20)
    for job, status, progress in ((waiting, "pending", 0.0), (done, "completed", 1.0)):
        body = refused(quarry.call("POST", f"/jobs/{job}/retry"), 409, "HTTP_ERROR")
        assert body["details"] == {"job_id": job, "status": status, "progress": progress}
        assert body["message"] == "Only a job that failed or was cancelled can be tried again."
    for unknown in ("nothing", "01a1fdec-0000-7000-8000-000000000000"):
        refused(quarry.call("POST", f"/jobs/{unknown}/retry"), 404, "JOB_NOT_FOUND")
    refused(quarry.get(f"/jobs/{waiting}/retry"), 405, "METHOD_NOT_ALLOWED")
    quarry.call("DELETE", f"/jobs/{waiting}")
    refused(quarry.call("POST", f"/jobs/{waiting}/retry"), 404, "JOB_NOT_FOUND")


def test_a_failed_job_waits_again_under_its_own_id(quarry: Client, quarry_folder: Path, busy: list[str]) -> None:
    job = queued(quarry, 30)
    put_back = hide(quarry_folder, picture(30))
    for one in busy:
        quarry.call("POST", f"/jobs/{one}/cancel")
    failed = quarry.wait(job)
    assert (failed["status"], failed["cancelled"]) == ("failed", False)
    assert failed["error_code"]
    put_back()
    again = quarry.call("POST", f"/jobs/{job}/retry").json()["data"]
    assert (again["job_id"], again["error_code"], again["error_message"], again["finished_at"]) == (job, None, None, None)
    assert quarry.wait(job)["status"] == "completed"
    assert quarry.get(f"/jobs/{job}/result").json()["total_masks"] >= 1


def batch(quarry: Client, *images: bytes) -> dict[str, Any]:
    texts = [base64.b64encode(image).decode() for image in images]
    started: dict[str, Any] = quarry.call("POST", "/segment/batch", json={"images": texts, "parameters": {"points_per_side": 8}}).json()
    return started


def test_of_a_batch_the_images_that_failed_are_tried_again(quarry: Client, quarry_folder: Path, busy: list[str]) -> None:
    started = batch(quarry, picture(40), picture(41), b"no image")
    put_back = hide(quarry_folder, picture(41))
    for one in busy:
        quarry.call("POST", f"/jobs/{one}/cancel")
    quarry.wait(started["task_id"])
    place = f"/segment/batch/{started['batch_job_id']}"
    assert [job["status"] for job in quarry.get(place).json()["jobs"]] == ["completed", "failed", "failed"]
    put_back()
    again = quarry.call("POST", f"/jobs/{started['batch_job_id']}/retry").json()["data"]
    assert (again["task_id"], again["status"], again["total_images"]) == (started["task_id"], "pending", 3)
    quarry.wait(started["task_id"])
    body = quarry.get(place).json()
    assert (body["status"], body["completed_images"], body["failed_images"]) == ("completed", 2, 1)
    assert [job["status"] for job in body["jobs"]] == ["completed", "completed", "failed"]
    # What is no image stays none.
    message = refused(quarry.call("POST", f"/jobs/{started['batch_job_id']}/retry"), 409, "HTTP_ERROR")["message"]
    assert message == "The images of this batch that failed cannot be used; send others."
    refused(quarry.call("POST", f"/jobs/{body['jobs'][2]['job_id']}/retry"), 409, "HTTP_ERROR")


def test_of_a_cancelled_batch_the_images_without_result_become_a_new_one(quarry: Client, busy: list[str]) -> None:
    started = batch(quarry, picture(50), b"no image", picture(51), picture(52))
    quarry.call("POST", f"/jobs/{started['batch_job_id']}/cancel")
    again = quarry.call("POST", f"/jobs/{started['batch_job_id']}/retry").json()["data"]
    assert again["job_id"] not in started["batch_job_id"]
    assert (again["kind"], again["total_images"], again["status"]) == ("batch", 3, "pending")
    assert quarry.call("POST", f"/jobs/{started['batch_job_id']}/retry").json()["data"]["job_id"] == again["job_id"]
    for one in busy:
        quarry.call("POST", f"/jobs/{one}/cancel")
    quarry.wait(again["job_id"])
    body = quarry.get(f"/segment/batch/{again['job_id']}").json()
    assert (body["status"], body["completed_images"], [job["index"] for job in body["jobs"]]) == ("completed", 3, [0, 1, 2])
