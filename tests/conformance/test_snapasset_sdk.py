"""The JavaScript client of the published reference, run by node against a running server."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.snapasset_world import Person, World, open_world
from npm_tools import npm_modules

PROGRAM, EXAMPLES = (Path(__file__).parent / name for name in ("snapasset_sdk.mjs", "snapasset_examples.mjs"))
pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("sdk"), "--workers", "2") as found:
        found.client.base_url = f"{found.base}/snapasset"
        yield found


@pytest.fixture(scope="module")
def person(world: World) -> Person:
    return world.person()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The face at the root of a port of its own, whose general limit is soon reached."""
    settings = {"general_rate": "30", "general_seconds": "3"}
    with open_world(tmp_path_factory.mktemp("alone"), "--face", "snapasset", "--workers", "2", limits=True, **settings) as found:
        yield found


@pytest.fixture(scope="module", autouse=True)
def event_source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The EventSource of npm, where the programs look for it."""
    module = npm_modules(tmp_path_factory.mktemp("npm"), "eventsource") / "eventsource"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("EVENTSOURCE_MODULE", str(module))
        yield


def run(address: str, person: Person, *arguments: str, program: Path = PROGRAM) -> list[dict[str, Any]]:
    token = person.headers["Authorization"].removeprefix("Bearer ")
    command = ["node", str(program), address, token, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_client_ends_in_on_complete_with_images(world: World, person: Person) -> None:
    told = run(f"{world.base}/snapasset", person, "sdk")
    assert_complete(told, f"{world.base}/snapasset")
    assert world.client.get(told[-2]["value"]["images"][0]["url"]).status_code == 200


def test_the_client_works_at_the_root_of_a_port_too(alone: World) -> None:
    assert_complete(run(alone.base, alone.person(), "sdk"), alone.base)


def assert_complete(told: list[dict[str, Any]], address: str) -> None:
    names = [entry["name"] for entry in told]
    assert names[0] == "created" and names[-2:] == ["completed", "job"] and "error" not in names
    progress = [entry["value"] for entry in told if entry["name"] == "progress"]
    assert progress == sorted(progress)
    result, job = told[-2]["value"], told[-1]["value"]
    assert [image["platform"] for image in result["images"]] == ["Instagram Post", "Custom 96x64"]
    assert all(image["url"].startswith(f"{address}/api/images/") for image in result["images"])
    assert job["status"] == "completed" and job["jobId"] == told[0]["value"]


def test_a_listener_that_never_closes_is_told_to_stop(world: World, person: Person) -> None:
    told = run(f"{world.base}/snapasset", person, "open")
    names = [entry["name"] for entry in told]
    assert names[-1] == "stopped" and names.count("done") == 1 and names.count("connected") == 1


def test_the_example_calls_of_the_reference_work_as_they_stand(alone: World) -> None:
    told = run(alone.base, alone.person(), program=EXAMPLES)
    found = {entry["name"]: entry["value"] for entry in told}
    assert found["created"]["status"] == "queued" and found["created"]["estimatedTime"] == "30 seconds"
    assert found["connected"] == found["created"]["jobId"] == found["job"]["jobId"]
    progress = [entry["value"] for entry in told if entry["name"] == "progress"]
    assert progress == sorted(progress) and all(0 <= value <= 100 for value in progress)
    assert [(image["platform"], image["width"], image["height"]) for image in found["done"]] == [
        ("Instagram Post", 1080, 1080),
        ("Twitter Post", 1200, 675),
    ]
    assert found["job"]["progress"] == 100 and found["job"]["result"]["revisedPrompt"] and found["job"]["finishedAt"]
    assert [job["jobId"] for job in found["list"]["jobs"]] == [found["connected"]] and found["list"]["status"] == "completed"
    assert found["stats"]["completed"] >= 1 and found["stats"]["total"] == sum(
        found["stats"][name] for name in ("waiting", "active", "completed", "failed", "delayed")
    )
    assert found["cancel"]["code"] == found["retry"]["code"] == "INVALID_REQUEST"
    assert found["refused"] == found["own words"] == "prompt must be at least 10 characters"
    assert found["limited"] >= 1 and found["cleaned"]["cleaned"] == 0
