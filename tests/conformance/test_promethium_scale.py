"""Large sections on a running server: how soon they are ready, how much memory they take, and how far apart their sizes may lie."""

import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import httpx
import numpy as np
import psutil
import pytest
from PIL import Image

from conformance.promethium_world import Client
from pentaprism.engines.seismic import open_section
from pentaprism.engines.seismic.pictures import PreviewParameters, draw_preview
from running_server import QUIET_LIMITS, RunningServer, running_server
from seismic_files import section, write_segy

READY_SECONDS = 5.0
MOST_MEMORY = 600_000_000
PREVIEW_SECONDS = 1.0
LARGE_BYTES = int(os.environ.get("PENTAPRISM_TEST_LARGE_BYTES", "900000000"))
"""More than a process may hold; two billion for a thorough run."""
SAMPLES, TRACE_BYTES = 2000, 240 + 4 * 2000
LIVE, MEASURED = 50, 4200
SLOW = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("server")
    with running_server(folder / "data", "--face", "promethium", "--workers", "1", environment=QUIET_LIMITS) as server:
        deadline = time.monotonic() + 60
        while httpx.get(f"{server.url}/health/ready", timeout=60).status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield server


@pytest.fixture(scope="module")
def ann(server: RunningServer) -> Client:
    return Client.fresh(server.url)


class Memory:
    """The largest resident size of any process of a server, looked at ten times a second."""

    def __init__(self, server: RunningServer) -> None:
        self.server, self.largest, self._over = server, 0, Event()
        self._thread = Thread(target=self._watch)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            sizes = [self.server.memory()]
            for process in self.server.children():
                try:
                    sizes.append(process.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue
            self.largest = max(self.largest, *sizes)


def sparse_segy(path: Path, size: int, dead: tuple[int, ...] = ()) -> int:
    """A section of about ``size`` bytes with signal at its start, in its middle and at its end, holes of the file between them."""
    block = write_segy(path, section(LIVE, SAMPLES), binary={3503: 1}).read_bytes()[3600:]
    traces = (size - 3600) // TRACE_BYTES
    middle = range(traces // 2 - MEASURED // 2, traces // 2 + MEASURED // 2, LIVE)
    with path.open("r+b") as file:
        file.truncate(3600 + traces * TRACE_BYTES)
        for first in (0, *middle, traces - LIVE):
            file.seek(3600 + first * TRACE_BYTES)
            file.write(block)
        for trace in dead:
            file.seek(3600 + trace * TRACE_BYTES + 240)
            file.write(bytes(TRACE_BYTES - 240))
    return int(traces)


def upload(ann: Client, path: Path) -> str:
    """Id of a new dataset; the file is streamed."""
    with path.open("rb") as file:
        response = ann.post("/datasets", files={"file": (path.name, file)}, timeout=600)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


@SLOW
@pytest.mark.alone
def test_a_file_of_64_mb_is_ready_within_five_seconds(ann: Client, tmp_path: Path) -> None:
    path = write_segy(tmp_path / "line.sgy", np.random.default_rng(0).normal(size=(7767, SAMPLES)).astype(np.float32))
    assert path.stat().st_size >= 64_000_000
    dataset_id = upload(ann, path)
    began = time.monotonic()
    found = ann.wait(f"/datasets/{dataset_id}", {"ready", "failed"})
    assert found["status"] == "ready"
    assert time.monotonic() - began < READY_SECONDS
    assert found["traces"] == 7767


@SLOW
@pytest.mark.timeout(1800)
def test_two_gigabytes_are_uploaded_processed_and_downloaded_in_bounded_memory(server: RunningServer, ann: Client, tmp_path: Path) -> None:
    path = tmp_path / "large.sgy"
    dead = (7, 20)
    traces = sparse_segy(path, LARGE_BYTES, dead)
    size = path.stat().st_size
    with Memory(server) as memory:
        dataset_id = upload(ann, path)
        found = ann.wait(f"/datasets/{dataset_id}", {"ready", "failed"}, 300)
        assert (found["status"], found["traces"], found["size_bytes"]) == ("ready", traces, size)
        assert ann.get(f"/datasets/{dataset_id}/preview").status_code == 200
        job = ann.ended(ann.job(dataset_id, "unet", missing_traces=list(dead), gather_key="none"), 600)
        assert job["status"] == "completed", job
        with httpx.stream(
            "GET", f"{ann.base}/api/v1/jobs/{job['id']}/results/download", headers={"Authorization": f"Bearer {ann.token}"}, timeout=600
        ) as response:
            assert int(response.headers["content-length"]) == size
            read = sum(len(piece) for piece in response.iter_bytes(1 << 20))
        assert read == size
    assert memory.largest < MOST_MEMORY, memory.largest
    for item in ann.get("/datasets").json()["items"]:
        assert ann.call("DELETE", f"/datasets/{item['id']}").status_code == 204


@SLOW
def test_previews_do_not_grow_with_the_file(tmp_path: Path) -> None:
    """At the engine, where no copy of ten gigabytes is needed; the face adds the encoding of what this returns."""
    path = tmp_path / "huge.sgy"
    sparse_segy(path, 9_900_000_000)
    process = psutil.Process()
    times = []
    with open_section(path) as opened:
        before = process.memory_info().rss
        for first in (0, None, 1000):
            began = time.monotonic()
            window = {} if first is None else {"first_trace": first, "traces": 200}
            picture = draw_preview(opened, PreviewParameters(**window))
            times.append(time.monotonic() - began)
            assert Image.open(io.BytesIO(picture)).size == (800, 600)
        assert process.memory_info().rss - before < 300_000_000
    assert min(times) < PREVIEW_SECONDS
