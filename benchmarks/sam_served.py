"""The quarry face as its clients see it: clicks on a stored picture, and a large automatic run with the server beside it.

``python -m benchmarks.sam_served``; part of ``python -m benchmarks.sam``. One connection that stays open, a gateway with its own workers,
the embedded engine.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.report import Row, percentile, show

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from conformance.quarry_world import Watch, photograph
from running_server import QUIET_LIMITS, RunningServer, running_server

CLICKS = 60
WARM = 5
MEBIBYTE = 1 << 20


def posted(client: httpx.Client, path: str, picture: bytes | None = None, **fields: Any) -> httpx.Response:
    """A form that has to be answered with 200."""
    files = {"image": ("picture.jpg", picture)} if picture is not None else None
    return client.post(path, data={name: str(value) for name, value in fields.items()}, files=files).raise_for_status()


def clicks(client: httpx.Client) -> list[Row]:
    """Clicks by handle on a ready embedding at 1080p, each on another place."""
    random = np.random.default_rng(1)
    rows = []
    for side in range(4):
        posted(client, "/segment/single", photograph(320 + side, 180), points='[{"x": 0.5, "y": 0.5}]')
    began = time.perf_counter()
    handle = posted(client, "/segment/single", photograph(1920, 1080), points='[{"x": 0.5, "y": 0.5}]').json()["image_id"]
    rows.append(Row("1080p through the face: first click, upload included", f"{(time.perf_counter() - began) * 1000:.0f} ms"))
    for form in ("png", "rle"):
        took = []
        for _ in range(WARM + CLICKS):
            x, y = random.uniform(0.05, 0.95, 2)
            began = time.perf_counter()
            answer = posted(client, "/segment/single", image_id=handle, points=f'[{{"x": {x:.4f}, "y": {y:.4f}}}]', format=form)
            took.append((time.perf_counter() - began) * 1000)
            if answer.headers["X-Embedding-Cache"] != "hit":
                raise RuntimeError("a click needed the encoder")
        took = took[WARM:]
        rows.append(Row(f"1080p through the face: next click, {form}, median", f"{percentile(took, 0.5):.0f} ms"))
        rows.append(Row(f"1080p through the face: next click, {form}, p95", f"{percentile(took, 0.95):.0f} ms", "at most 150 ms"))
    return rows


def large_run(client: httpx.Client, server: RunningServer) -> list[Row]:
    """The default automatic request at 12 megapixels, and how soon such a run stops when it is cancelled."""
    picture = photograph(4000, 3000)
    with Watch(server) as watch:
        began = time.perf_counter()
        found = posted(client, "/segment/auto", picture, format="rle").json()
        seconds = time.perf_counter() - began
    job = posted(client, "/segment/auto/async", photograph(4000, 2990), format="none").json()["job_id"]
    while client.get(f"/jobs/{job}/status").json()["data"]["status"] != "running":
        time.sleep(0.02)
    began = time.perf_counter()
    client.post(f"/jobs/{job}/cancel").raise_for_status()
    posted(client, "/segment/embed", photograph(64, 48))
    return [
        Row(f"12 megapixels, automatic, {found['total_masks']} masks", f"{seconds:.1f} s"),
        Row("12 megapixels, automatic: largest worker", f"{watch.memory / MEBIBYTE:.0f} MiB", "below 2048 MiB"),
        Row("12 megapixels, automatic: slowest /health/live meanwhile", f"{max(watch.waits):.0f} ms", "below 200 ms"),
        Row("12 megapixels: from cancelling to the next answer of the same worker", f"{time.perf_counter() - began:.1f} s", "below 10 s"),
    ]


@contextmanager
def faced(folder: Path, workers: int) -> Iterator[tuple[httpx.Client, RunningServer]]:
    """A client of a face that is ready."""
    with (
        running_server(folder, "--workers", str(workers), environment=QUIET_LIMITS) as server,
        httpx.Client(base_url=f"{server.url}/quarry", timeout=300) as client,
    ):
        while client.get("/health/ready").status_code != 200:
            time.sleep(0.1)
        yield client, server


def served() -> list[Row]:
    """All figures."""
    with tempfile.TemporaryDirectory() as folder:
        with faced(Path(folder) / "clicks", 2) as (client, _):
            rows = clicks(client)
        with faced(Path(folder) / "large", 1) as (client, server):
            return [*rows, *large_run(client, server)]


if __name__ == "__main__":
    show(served())
