"""One image through gateway and face beside a bare FastAPI route that returns the same bytes, and the start of the server.

Run with ``python -m benchmarks.gateway``. Both servers run one after the other in a process of their own, asked by the same client
over connections that stay open; rounds alternate, and the best round of each counts.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
from PIL import Image

from benchmarks.report import Row, percentile, show

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from running_server import QUIET_LIMITS, RunningServer, free_port, running_server
from spheroseg_client import SpherosegClient

CONNECTIONS = 8
REQUESTS = 4000
ROUNDS = 3
BARE = """
import sys, uvicorn
from fastapi import FastAPI, Response
body = open(sys.argv[2], "rb").read()
app = FastAPI()
@app.get("/image")
def image() -> Response:
    return Response(body, media_type="application/json")
uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False)
"""


async def ask(url: str, headers: dict[str, str], count: int) -> tuple[float, list[float]]:
    """Requests per second and the seconds of each of ``count`` requests over ``CONNECTIONS`` connections."""
    parts = urlsplit(url)
    lines = [f"GET {parts.path} HTTP/1.1", f"Host: {parts.netloc}", *(f"{name}: {value}" for name, value in headers.items())]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    seconds: list[float] = []

    async def one() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for _ in range(count // CONNECTIONS):
            began = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            seconds.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return count / (time.perf_counter() - began), seconds


@contextmanager
def bare_server(body: bytes, folder: Path) -> Iterator[str]:
    """A FastAPI application of one route that returns ``body``."""
    port, file = free_port(), folder / "body.json"
    file.write_bytes(body)
    process = subprocess.Popen([sys.executable, "-c", BARE, str(port), str(file)])
    url = f"http://127.0.0.1:{port}/image"
    try:
        for _ in range(400):
            try:
                httpx.get(url)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait()


def one_image(folder: Path) -> list[Row]:
    """``GET`` of an image through gateway and face, with token, rights and rate limit off, against the bare route."""
    with running_server(folder / "data", "--workers", "0", environment={**QUIET_LIMITS, "LOG_LEVEL": "INFO"}) as server:
        client = SpherosegClient(f"{server.url}/spheroseg")
        client.register("bench@example.org", "password-1")
        project = client.json("POST", "/projects", json={"title": "bench"})
        picture = folder / "picture.png"
        Image.fromarray(np.random.default_rng(1).integers(0, 255, (64, 64), dtype=np.uint8)).save(picture)
        with picture.open("rb") as file:
            uploaded = client.json("POST", f"/projects/{project['id']}/images", files=[("images", ("picture.png", file, "image/png"))])
        url = f"{server.url}/spheroseg/api/images/{uploaded['uploaded'][0]['id']}"
        headers = {"Authorization": f"Bearer {client.access}"}
        body = httpx.get(url, headers=headers).content
        json.loads(body)
        with bare_server(body, folder) as bare:
            return compare(url, headers, bare, len(body))


def compare(url: str, headers: dict[str, str], bare: str, size: int) -> list[Row]:
    """The best of alternating rounds."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(asyncio.run(ask(url, headers, REQUESTS)))
        theirs.append(asyncio.run(ask(bare, {}, REQUESTS)))
    (our_rate, our_times), (bare_rate, bare_times) = max(ours, key=rate), max(theirs, key=rate)
    p99 = percentile(our_times, 0.99) * 1000, percentile(bare_times, 0.99) * 1000
    return [
        Row(f"GET one image, {size} bytes, requests/s", f"{our_rate:.0f}", f"{bare_rate:.0f} (bare route)", f"{our_rate / bare_rate:.2f}"),
        Row(f"GET one image, p99 ms at {CONNECTIONS} connections", f"{p99[0]:.1f}", f"{p99[1]:.1f} (bare route)", f"{p99[0] / p99[1]:.2f}"),
    ]


def rate(result: tuple[float, list[float]]) -> float:
    """Requests per second of a round."""
    return result[0]


def start(folder: Path) -> list[Row]:
    """Seconds from the command to the first answer of ``/health``, and to the first answer of the face; new and used data folder."""
    firsts, faces = [], []
    server = RunningServer(folder / "start", ("--workers", "1"), {})
    for _ in range(ROUNDS):
        began = time.monotonic()
        server.start()
        firsts.append(time.monotonic() - began)
        httpx.get(f"{server.url}/spheroseg/api/projects", timeout=60)
        faces.append(time.monotonic() - began)
        server.stop()
    return [
        Row("start to /health, seconds (median)", f"{statistics.median(firsts):.2f}", "2.00 (target)"),
        Row("start to the face's first answer, seconds (median)", f"{statistics.median(faces):.2f}"),
    ]


def main() -> None:
    """Everything above as a table."""
    with tempfile.TemporaryDirectory() as name:
        show([*one_image(Path(name)), *start(Path(name))])


if __name__ == "__main__":
    main()
