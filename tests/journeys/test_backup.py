"""A laboratory's installation goes into a backup, and out of it on PostgreSQL and S3: clients read the same bytes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from conformance.quarry_world import Client, discs
from pentaprism.samples.pictures import sample_pictures
from production_world import Production
from running_server import QUIET_LIMITS, RunningServer, free_port, running_server
from s3_server import new_bucket
from spheroseg_client import SpherosegClient

PASSWORD = "correct horse battery"
EMAIL = "ada@example.com"

pytestmark = [pytest.mark.slow, pytest.mark.embedded]


@dataclass
class Laboratory:
    """An installation with results, and what its clients read."""

    server: RunningServer
    task: str
    seen: dict[str, Any]


def pentaprism(*words: str | Path, environment: dict[str, str] | None = None, status: int = 0) -> str:
    """The output of a command."""
    command = [sys.executable, "-m", "pentaprism", *map(str, words)]
    done = subprocess.run(command, env={**os.environ, **(environment or {})}, capture_output=True, text=True, timeout=240)
    assert done.returncode == status, done.stderr
    return done.stdout if status == 0 else done.stderr


def read(url: str, task: str) -> dict[str, Any]:
    """Everything that the client of a laboratory has: pictures, outlines, thumbnails, tables, masks."""
    client = SpherosegClient(f"{url}/spheroseg")
    try:
        client.login(EMAIL, PASSWORD)
        project = client.json("GET", "/projects")["projects"][0]
        images = client.json("GET", f"/projects/{project['id']}/images")["images"]
        seen: dict[str, Any] = {"title": project["title"], "names": sorted(image["name"] for image in images)}
        for image in images:
            result = client.json("GET", f"/images/{image['id']}/segmentation")
            thumbnail = requests.get(image["thumbnail_url"], timeout=30)
            assert thumbnail.status_code == 200
            seen[image["id"]] = {
                "file": client.call("GET", f"/images/{image['id']}/file").content,
                "thumbnail": thumbnail.content,
                "polygons": result["polygons"],
                "status": image["segmentationStatus"] if "segmentationStatus" in image else image["status"],
            }
        seen["table"] = client.call("GET", f"/projects/{project['id']}/export?format=csv").content
    finally:
        client.close()
    quarry = Client(f"{url}/quarry")
    seen["masks"] = quarry.get(f"/jobs/{task}/result").json()["masks"]
    seen["picture"] = quarry.get(f"/jobs/{task}/image").content
    return seen


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    folder = tmp_path_factory.mktemp("laboratory")
    with running_server(folder / "data", environment=QUIET_LIMITS) as server:
        client = SpherosegClient(f"{server.url}/spheroseg")
        client.register(EMAIL, PASSWORD)
        client.listen()
        project = client.json("POST", "/projects", json={"title": "Spheroids"})["id"]
        for sample in sample_pictures():
            (folder / sample.name).write_bytes(sample.data)
            client.upload(project, folder / sample.name)
        images = [image["id"] for image in client.json("GET", f"/projects/{project}/images")["images"]]
        client.json("POST", f"/projects/{project}/segmentation/batch-trigger", json={})
        for image in images:
            client.wait_for("segmentation-complete", lambda data, image=image: data["imageId"] == image)
        client.close()
        quarry = Client(f"{server.url}/quarry")
        quarry.ready()
        task = quarry.made("/segment/auto", discs(rows=1, columns=2)[0])["task_id"]
        yield Laboratory(server, task, read(server.url, task))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    world = Production(tmp_path_factory.mktemp("production"), gateways=1, hosts=1, processes=1)
    yield world
    world.close()


def test_a_backup_of_a_laboratory_at_work_is_restored_on_several_machines(
    laboratory: Laboratory, world: Production, tmp_path: Path
) -> None:
    archive = tmp_path / "monday.tar"
    pentaprism("backup", "create", "--out", archive, "--data-dir", laboratory.server.data_dir)
    restored = json.loads(pentaprism("backup", "restore", archive, "--json", "--data-dir", tmp_path / "any", environment=world.environment))
    assert restored["missing"] == restored["damaged"] == [] and restored["blobs"] > 10
    world.start()
    assert read(world.gateways[0].url, laboratory.task) == laboratory.seen
    client = SpherosegClient(f"{world.gateways[0].url}/spheroseg")
    client.login(EMAIL, PASSWORD)
    client.listen()
    image = next(iter(key for key in laboratory.seen if len(key) == 36))
    client.json("POST", f"/segmentation/{image}/resegment", json={})
    client.wait_for("segmentation-complete", lambda data: data["imageId"] == image)
    client.close()


def test_several_machines_at_work_are_backed_up_for_a_laboratory(laboratory: Laboratory, world: Production, tmp_path: Path) -> None:
    archive = tmp_path / "tuesday.tar"
    pentaprism("backup", "create", "--out", archive, "--data-dir", tmp_path / "any", environment=world.environment)
    assert "in use" in pentaprism("backup", "restore", archive, "--replace", environment=world.environment, status=1)
    pentaprism("backup", "restore", archive, "--data-dir", tmp_path / "data")
    with running_server(tmp_path / "data", "--workers", "0", environment=QUIET_LIMITS) as server:
        assert read(server.url, laboratory.task) == read(world.gateways[0].url, laboratory.task)


def test_a_laboratory_that_has_stopped_moves_to_several_machines(laboratory: Laboratory, world: Production, tmp_path: Path) -> None:
    environment = {"DATABASE_URL": world.postgres.new_database(), "STORAGE_URL": new_bucket(world.s3.endpoint)}
    data, task = laboratory.server.data_dir, laboratory.task
    words = ("migrate-data", "--to-database", environment["DATABASE_URL"], "--to-blobs", environment["STORAGE_URL"], "--data-dir", data)
    assert "is in use by" in pentaprism(*words, status=1)
    laboratory.server.stop()
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file() and path.suffix != ".sqlite3-shm"}
    told = json.loads(pentaprism(*words, "--json"))
    assert told["missing"] == told["damaged"] == [] and told["blobs"] > 10
    assert {path: path.read_bytes() for path in before} == before
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret").write_bytes((data / "secret").read_bytes())
    server = RunningServer(tmp_path / "data", ("--workers", "0"), {**environment, **QUIET_LIMITS}, free_port())
    server.start()
    try:
        assert read(server.url, task) == laboratory.seen
    finally:
        server.stop()
