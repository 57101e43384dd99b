"""A disk without room and a folder that cannot be written: clear errors, and nothing is lost."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from running_server import QUIET_LIMITS, RunningServer, running_server
from spheroseg_client import SpherosegClient

ROOM = 5 * 1024 * 1024


@contextmanager
def no_room(server: RunningServer) -> Iterator[None]:
    """No file of the server can grow beyond ``ROOM`` bytes, which fails as a full disk does."""
    assert server.process is not None
    process = psutil.Process(server.process.pid)
    before = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (ROOM, before[1]))
    try:
        yield
    finally:
        process.rlimit(psutil.RLIMIT_FSIZE, before)


def noise(path: Path, side: int) -> Path:
    """A picture that cannot be compressed."""
    cv2.imwrite(str(path), np.random.default_rng(side).integers(0, 256, (side, side, 3), np.uint8))
    return path


def test_an_upload_without_room_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    small, large = noise(tmp_path / "small.png", 100), noise(tmp_path / "large.png", 1700)
    assert large.stat().st_size > ROOM
    with running_server(tmp_path / "data", "--workers", "0", environment=dict(QUIET_LIMITS)) as server:
        client = SpherosegClient(f"{server.url}/spheroseg")
        client.register("full@example.com", "correct horse battery")
        project = client.json("POST", "/projects", json={"title": "full"})["id"]
        client.upload(project, small)
        with no_room(server):
            answer = client.call("POST", f"/projects/{project}/images", files=[("images", (large.name, large.read_bytes()))])
            assert answer.status_code == 503, answer.text
            assert "no room left" in answer.text and str(tmp_path) not in answer.text
            assert client.upload(project, small)["summary"]["failed"] == 0
        left = [path for path in (server.data_dir / "blobs-staging").rglob("*") if path.is_file()]
        assert left == []
        assert client.upload(project, large)["summary"]["failed"] == 0
        images = client.json("GET", f"/projects/{project}/images")["images"]
        assert [client.call("GET", f"/images/{image['id']}/file").status_code for image in images] == [200] * 3
        client.close()


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_folder_that_cannot_be_written_is_named(command: str) -> None:
    arguments = [sys.executable, "-m", "pentaprism", command, "--data-dir", "/proc/pentaprism"]
    ended = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "/proc/pentaprism" in ended.stderr and "Traceback" not in ended.stderr
