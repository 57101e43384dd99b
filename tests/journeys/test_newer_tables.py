"""Servers and workers of this release on tables to which the next one has added: before, during and after its upgrade."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from conformance.imagineai_client import ImagineaiClient, photograph
from conformance.quarry_world import Client, discs
from migrations_ahead import upgrade_ahead
from pentaprism.core.database.migrate import revisions
from pentaprism.samples.pictures import sample_pictures
from running_server import QUIET_LIMITS, RunningServer, running_server
from spheroseg_client import SpherosegClient

PASSWORD = "correct horse battery"
NEXT = f"{int(revisions()[-1]) + 1:04}"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("newer") / "data", "--workers", "2", environment=QUIET_LIMITS) as server:
        yield server


def everything_works(server: RunningServer, name: str, folder: Path) -> None:
    """Accounts, uploads, jobs, events, edits and removal, on three faces."""
    picture = next(sample for sample in sample_pictures() if sample.name == "spheroid-single.png")
    path = folder / picture.name
    path.write_bytes(picture.data)
    cells = SpherosegClient(f"{server.url}/spheroseg")
    try:
        cells.register(f"{name}@example.com", PASSWORD)
        cells.listen()
        project = cells.json("POST", "/projects", json={"title": name})["id"]
        image = cells.upload(project, path)["uploaded"][0]["id"]
        cells.json("POST", f"/projects/{project}/segmentation/batch-trigger", json={})
        cells.wait_for("segmentation-complete", lambda data: data["imageId"] == image)
        assert cells.json("GET", f"/images/{image}/segmentation")["polygons"]
        assert cells.call("GET", f"/images/{image}/file").content == picture.data
        assert cells.call("DELETE", f"/projects/{project}").ok
    finally:
        cells.close()
    quarry = Client(f"{server.url}/quarry")
    quarry.ready()
    data, masks = discs(rows=1, columns=2)
    assert quarry.made("/segment/auto", data)["total_masks"] >= len(masks)
    with ImagineaiClient(f"{server.url}/imagineai", f"{name}@example.org") as shop:
        product = shop.product(name)
        assert shop.direct(product, photograph_of(data))
        assert shop.made("GET", f"/products/{product}")["id"] == product


def photograph_of(png: bytes) -> bytes:
    """The picture as a JPEG, as a shop has it."""
    with Image.open(io.BytesIO(png)) as picture:
        return photograph(np.asarray(picture.convert("RGB")))


def test_a_server_at_work_meets_the_tables_of_the_next_release_and_refuses_nothing(server: RunningServer, tmp_path: Path) -> None:
    everything_works(server, "before", tmp_path)
    assert upgrade_ahead(server.database_url, tmp_path) == NEXT
    everything_works(server, "after", tmp_path)


def test_a_server_of_this_release_starts_on_the_tables_of_the_next(server: RunningServer, tmp_path: Path) -> None:
    server.stop()
    server.start()
    everything_works(server, "restarted", tmp_path)
    assert "the database is of a newer release" in server.log.read_text()


def test_the_commands_say_whose_tables_they_are(server: RunningServer) -> None:
    environment = {**os.environ, **server.environment}
    words = [sys.executable, "-m", "pentaprism", "db", "status", "--json", "--data-dir", str(server.data_dir)]
    status = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    found = json.loads(status.stdout)
    assert (found["version"], found["current"], found["usable"]) == (NEXT, False, True)
