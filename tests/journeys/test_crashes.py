"""Crashes in the middle of a batch: whatever was accepted is finished, and once."""

import os
import random
import time
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from running_server import QUIET_LIMITS, RunningServer
from spheroseg_client import SpherosegClient

ROUNDS = int(os.environ.get("PENTAPRISM_TEST_CRASHES", "2"))
IMAGES = int(os.environ.get("PENTAPRISM_TEST_CRASH_IMAGES", "40"))
PATIENCE = 180.0


def disk(path: Path, seed: int) -> Path:
    """A small bright field picture with one dark disk."""
    random_state = np.random.default_rng(seed)
    rows, columns = np.mgrid[:96, :96]
    radius = random_state.uniform(18, 30)
    picture = np.where((rows - 48) ** 2 + (columns - 48) ** 2 < radius**2, 70, 180) + random_state.normal(0, 3, (96, 96))
    cv2.imwrite(str(path), np.clip(picture, 0, 255).astype(np.uint8))
    return path


def strike(server: RunningServer, victim: str, choice: random.Random) -> None:
    """``kill -9`` of the server, which is then started again, or of one of its worker processes."""
    if victim == "server":
        server.kill()
        server.start()
        return
    workers = [child for child in server.children() if child.is_running()]
    if workers:
        try:
            choice.choice(workers).kill()
        except psutil.NoSuchProcess:
            return


def wait_until_done(client: SpherosegClient, project_id: str) -> list[dict[str, object]]:
    deadline = time.monotonic() + PATIENCE
    while True:
        images = client.json("GET", f"/projects/{project_id}/images")["images"]
        if all(image["status"] in {"completed", "failed"} for image in images):
            return images
        assert time.monotonic() < deadline, [(image["name"], image["status"]) for image in images if image["status"] != "completed"]
        time.sleep(0.3)


@pytest.mark.slow
@pytest.mark.timeout(120 + 120 * ROUNDS)
def test_kill_9_of_server_or_worker_at_any_moment_of_a_batch_loses_and_repeats_nothing(tmp_path: Path) -> None:
    choice = random.Random(20)
    server = RunningServer(tmp_path / "data", ("--workers", "2"), dict(QUIET_LIMITS))
    server.start()
    pictures = [disk(tmp_path / f"disk_{number:03}.png", number) for number in range(IMAGES)]
    client = SpherosegClient(f"{server.url}/spheroseg")
    try:
        client.register("crash@example.com", "correct horse battery")
        for round_number in range(ROUNDS):
            project = client.json("POST", "/projects", json={"title": f"round {round_number}"})["id"]
            for start in range(0, IMAGES, 20):
                uploaded = client.upload(project, *pictures[start : start + 20])
                assert uploaded["summary"]["failed"] == 0
            triggered = client.json("POST", f"/projects/{project}/segmentation/batch-trigger", json={})
            assert len(triggered["triggered"]) == IMAGES
            time.sleep(choice.uniform(0.1, 3.0))
            strike(server, "server" if round_number % 2 == 0 else "worker", choice)
            images = wait_until_done(client, project)
            assert [image["status"] for image in images] == ["completed"] * IMAGES
            for image in images:
                versions = client.json("GET", f"/images/{image['id']}/segmentation/versions")
                items = versions.get("versions") or versions["data"]
                assert [item["version"] for item in items] == [1], image["name"]
                original = client.call("GET", f"/images/{image['id']}/file")
                assert original.content == (tmp_path / str(image["name"])).read_bytes()
    finally:
        client.close()
        server.stop()
