"""The JavaScript client of the published reference, run by node against a running server."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.snapasset_world import Person, World, open_world

PROGRAM = Path(__file__).parent / "snapasset_sdk.mjs"
pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("sdk"), "--workers", "2") as found:
        found.client.base_url = f"{found.base}/snapasset"
        yield found


@pytest.fixture(scope="module")
def person(world: World) -> Person:
    return world.person()


def run(address: str, person: Person, manner: str) -> tuple[list[dict[str, Any]], float]:
    token = person.headers["Authorization"].removeprefix("Bearer ")
    began = time.monotonic()
    done = subprocess.run(["node", str(PROGRAM), address, token, manner], capture_output=True, text=True, timeout=90, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()], time.monotonic() - began


def test_the_client_ends_in_on_complete_with_images(world: World, person: Person) -> None:
    told, _ = run(f"{world.base}/snapasset", person, "sdk")
    names = [entry["name"] for entry in told]
    assert names[0] == "created" and names[-2:] == ["completed", "job"] and "error" not in names
    progress = [entry["value"] for entry in told if entry["name"] == "progress"]
    assert progress == sorted(progress)
    result, job = told[-2]["value"], told[-1]["value"]
    assert [image["platform"] for image in result["images"]] == ["Instagram Post", "Custom 96x64"]
    assert all(image["url"].startswith(f"{world.base}/snapasset/api/images/") for image in result["images"])
    assert world.client.get(result["images"][0]["url"]).status_code == 200
    assert job["status"] == "completed" and job["jobId"] == told[0]["value"]


def test_a_listener_that_never_closes_is_told_to_stop(world: World, person: Person) -> None:
    told, _ = run(f"{world.base}/snapasset", person, "open")
    names = [entry["name"] for entry in told]
    assert names[-1] == "stopped" and names.count("done") == 1 and names.count("connected") == 1
