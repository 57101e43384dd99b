"""Keys, owners, limits, metrics and Google Drive of the quarry face, served alone with the variables that its reference names."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from conformance.quarry_drive import DriveServer
from conformance.quarry_world import Client, refused, saved, squares
from running_server import free_port, running_server
from shared_servers import IS_PRODUCTION

ALICE, BOB, CAROL = ("key-of-alice-0123456789", "key-of-bob-0123456789", "key-of-carol-0123456789")


@pytest.fixture(scope="module")
def drive() -> Iterator[DriveServer]:
    server = DriveServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, drive: DriveServer) -> Iterator[tuple[str, int, Path]]:
    """Address of the face, port of the metrics, data folder."""
    metrics, folder = free_port(), tmp_path_factory.mktemp("keys") / "data"
    environment = {
        "API_KEYS": f"{ALICE}, {BOB},{CAROL}",
        "ENABLE_METRICS": "true",
        "METRICS_PORT": str(metrics),
        "DEFAULT_MODEL": "embedded",
        "PENTAPRISM_QUARRY__LINK_HOURS": "0.004",
        "RESULTS_DIR": "./found",
        "GOOGLE_DRIVE_ENABLED": "true",
        "GOOGLE_SERVICE_ACCOUNT_JSON": drive.account(),
        "DRIVE_FOLDER_ID": "folder-0123456789",
        "PENTAPRISM_QUARRY__DRIVE_API": drive.url,
        "PENTAPRISM_QUARRY__DRIVE_FOLDERS": "folder-0123456789,other-folder-0123",
    }
    with running_server(folder, "--face", "quarry", environment=environment) as server:
        Client(server.url).ready()
        yield server.url, metrics, folder


def client(address: tuple[str, int, Path], key: str) -> Client:
    return Client(address[0], {"X-API-Key": key})


def test_requests_need_a_right_key(address: tuple[str, int, Path]) -> None:
    nobody = Client(address[0])
    answer = nobody.get("/jobs/")
    assert refused(answer, 401, "AUTHENTICATION_ERROR")["message"] == "API key required"
    assert answer.headers["WWW-Authenticate"] == "ApiKey"
    assert refused(client(address, "wrong-key-0123456789").get("/jobs/"), 401, "AUTHENTICATION_ERROR")["message"] == "Invalid API key"
    refused(Client(address[0], {"Authorization": "Bearer nonsense"}).get("/jobs/"), 401, "AUTHENTICATION_ERROR")
    for path in ("/health/", "/health/live", "/", "/info", "/docs", "/openapi.json"):
        assert nobody.get(path).status_code == 200, path
    assert client(address, ALICE).get("/jobs/").status_code == 200


def test_owners_do_not_see_each_other(address: tuple[str, int, Path]) -> None:
    alice, bob = client(address, ALICE), client(address, BOB)
    made = alice.made("/segment/objects/extract", squares(), min_pixels=1000)
    job, handle = made["job_id"], made["image_id"]
    assert made["saved"][0].startswith("./results/u-")
    assert (address[2] / "found" / made["saved"][0].removeprefix("./results/")).is_file() is not IS_PRODUCTION
    for prefix in ("", "task-", "job-", "batch-task-"):
        text = prefix + job
        for path in (
            f"/jobs/{text}", f"/jobs/{text}/status", f"/jobs/{text}/result", f"/segment/job/{text}", f"/segment/job/{text}/visualization",
            f"/segment/batch/{text}", f"/jobs/{text}/masks/0", f"/jobs/{text}/objects", f"/jobs/{text}/objects/0", f"/jobs/{text}/image",
            f"/jobs/{text}/export?format=coco",
        ):  # fmt: skip
            refused(bob.get(path), 404, "JOB_NOT_FOUND")
        refused(bob.call("DELETE", f"/jobs/{text}"), 404, "JOB_NOT_FOUND")
    refused(bob.get(f"/storage/results/{made['saved'][0].removeprefix('./results/')}"), 404, "NOT_FOUND")
    refused(bob.get(f"/segment/embed/{handle}"), 404, "NOT_FOUND")
    refused(bob.post("/segment/auto", image_id=handle), 404, "NOT_FOUND")
    assert bob.get("/jobs/").json()["total"] == 0
    assert requests.get(made["objects"][0]["url"], timeout=30).status_code == 200


def test_a_signed_link_ends(address: tuple[str, int, Path]) -> None:
    link = client(address, BOB).made("/segment/objects/extract", squares(), min_pixels=1000)["objects"][0]["url"]
    assert requests.get(link, timeout=30).status_code == 200
    deadline = time.monotonic() + 40
    while (answer := requests.get(link, timeout=30)).status_code == 200:
        assert time.monotonic() < deadline
        time.sleep(1)
    refused(answer, 403, "AUTHORIZATION_ERROR")


def test_drive_takes_files_once(address: tuple[str, int, Path], drive: DriveServer) -> None:
    alice = client(address, ALICE)
    assert alice.get("/storage/drive/status").json() == {"enabled": True, "authenticated": True, "folder_access": True}
    drive.broken, drive.stores_broken = 1, True
    answer = alice.call("POST", "/storage/drive/upload", files={"file": ("../../x.txt", b"hello")})
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"file_id", "web_view"}
    assert list(drive.files.values()) == ["x.txt"]
    refused(alice.call("POST", "/storage/drive/upload", files={"file": b"x"}, data={"folder_id": "short"}), 422, "VALIDATION_ERROR")
    refused(
        alice.call("POST", "/storage/drive/upload", files={"file": b"x"}, data={"folder_id": "not-an-allowed-one"}),
        403,
        "AUTHORIZATION_ERROR",
    )
    drive.refused = {"no.txt"}
    refused(alice.call("POST", "/storage/drive/upload", files={"file": ("no.txt", b"x")}), 502, "HTTP_ERROR")


def test_a_failing_upload_does_not_touch_what_was_saved(address: tuple[str, int, Path], drive: DriveServer) -> None:
    alice = client(address, ALICE)
    drive.broken, drive.stores_broken, drive.refused = 0, False, {"object_1.png"}
    body = alice.made("/segment/objects/extract", squares(), min_pixels=1000, save_dir="drive", save_to_drive="true")
    assert len(body["saved"]) >= 2
    assert [error["path"] for error in body["drive_errors"]] == [body["saved"][1]]
    assert [file["path"] for file in body["drive_files"]] == [body["saved"][0], *body["saved"][2:]]
    drive.refused = set()


def test_metrics_stand_on_their_own_port(address: tuple[str, int, Path]) -> None:
    client(address, ALICE).made("/segment/auto", squares())
    deadline = time.monotonic() + 20
    while True:
        text = requests.get(f"http://127.0.0.1:{address[1]}/metrics", timeout=10).text
        if 'quarry_jobs_total{kind="auto",status="completed"}' in text and "quarry_masks_total" in text:
            break
        assert time.monotonic() < deadline, text[:2000]
        time.sleep(0.2)
    for name in (
        "quarry_requests_total", "quarry_job_seconds", "quarry_queue_depth", "quarry_encode_seconds", "quarry_decode_seconds",
        "quarry_embedding_cache_total", "quarry_embedding_cache_bytes", "quarry_model_loaded", "quarry_fallback_total",
        "quarry_truncated_total",
    ):  # fmt: skip
        assert name in text, name
    assert 'operation="segment_auto"' in text
    assert ALICE not in text


def looks(address: tuple[str, int, Path], outcome: str) -> float:
    """How many looks into the embedding cache had that outcome."""
    text = requests.get(f"http://127.0.0.1:{address[1]}/metrics", timeout=10).text
    found = re.search(rf'quarry_embedding_cache_total{{outcome="{outcome}"}} (\S+)', text)
    return float(found[1]) if found else 0.0


def test_one_picture_is_encoded_once(address: tuple[str, int, Path]) -> None:
    bob, before = client(address, BOB), [looks(address, outcome) for outcome in ("hit", "miss")]
    picture = saved(np.random.default_rng(8).integers(0, 255, (90, 120, 3), np.uint8))
    bob.made("/segment/auto", picture, crop_n_layers=0)
    for number in range(10):
        bob.made("/segment/single", picture, points=f'[{{"x": 0.{number}5, "y": 0.5}}]', format="none")
    deadline = time.monotonic() + 40
    while (found := [looks(address, "hit") - before[0], looks(address, "miss") - before[1]]) != [10, 1]:
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


def test_the_sixty_first_request_of_a_minute_is_refused_and_polls_are_not(address: tuple[str, int, Path]) -> None:
    carol = client(address, CAROL)
    first = carol.get("/jobs/")
    assert first.headers["X-RateLimit-Limit"] == "60"
    assert int(first.headers["X-RateLimit-Remaining"]) == 59
    assert int(first.headers["X-RateLimit-Reset"]) > time.time()
    answers: list[requests.Response] = [carol.get("/models/embedded") for _ in range(60)]
    refusal = answers[-1]
    assert [answer.status_code for answer in answers[:59]] == [200] * 59
    details: dict[str, Any] = refused(refusal, 429, "RATE_LIMIT_EXCEEDED")["details"]
    assert set(details) == {"limit", "window", "retry_after"}
    assert (details["limit"], details["window"]) == (60, 60)
    assert int(refusal.headers["Retry-After"]) >= 1
    polls = [carol.get("/jobs/01a1fdec-0000-7000-8000-000000000000/status").status_code for _ in range(200)]
    assert polls == [404] * 200
