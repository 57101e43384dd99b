"""Workers apart from the server."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest


def test_zero_workers_are_a_wrong_command(pentaprism: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENTAPRISM_WORKERS__PROCESSES", "0")
    assert "--workers" in pentaprism("worker", status=2).err


def test_a_server_without_workers_gets_its_jobs_done_by_them(tmp_path: Path) -> None:
    from pentaprism.cli.client import SpherosegClient
    from pentaprism.samples.pictures import sample_pictures
    from running_server import running_server

    data = tmp_path / "data"
    with running_server(data, "--workers", "0") as server:
        client = SpherosegClient(f"{server.url}/spheroseg")
        client.register("ada@example.org", "long-enough-1", "Ada")
        project = client.create_project("Apart", "")["id"]
        picture = next(sample for sample in sample_pictures() if sample.rendered)
        image = client.upload(project, [(picture.name, picture.data)])["uploaded"][0]
        client.segment(project, [image["id"]])
        time.sleep(1)
        assert client.images(project)[0]["status"] == "queued"
        command = [sys.executable, "-m", "pentaprism", "worker", "--data-dir", str(data), "--workers", "1"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            assert client.wait(project, patience=60)[0]["status"] == "completed"
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        client.close()
