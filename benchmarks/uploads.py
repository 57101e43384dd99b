"""Memory of the server while 20 files of 50 MB arrive in one request, and checks and thumbnails beside plain Pillow.

Run with ``python -m benchmarks.uploads``.
"""

import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import requests
import skimage
import tifffile
from PIL import Image

from benchmarks.report import Row, show
from pentaprism.imaging.decode import verify
from pentaprism.imaging.thumbnails import thumbnail

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from running_server import QUIET_LIMITS, RunningServer, running_server
from spheroseg_client import SpherosegClient

FILES = 20
SIDE = 5000
ROOM = {**QUIET_LIMITS, "PENTAPRISM_SPHEROSEG__REQUEST_LIMIT_BYTES": "2000000000"}
BOUNDARY = "----pentaprism-benchmark"


class PeakMemory:
    """The highest resident memory of a server's process while the block runs, in bytes above the start."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.start = self.peak = server.memory()
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self) -> None:
        while not self.done.wait(0.02):
            self.peak = max(self.peak, self.server.memory())

    def __enter__(self) -> "PeakMemory":
        self.thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.done.set()
        self.thread.join()


def parts(path: Path) -> Iterator[bytes]:
    """The body of an upload of ``FILES`` copies of ``path``, never held as a whole."""
    for number in range(FILES):
        yield f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="images"; filename="big_{number}.tif"\r\n\r\n'.encode()
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                yield block
        yield b"\r\n"
    yield f"--{BOUNDARY}--\r\n".encode()


def big_upload(folder: Path) -> Row:
    """Uploads 20 uncompressed 16-bit TIFFs of 50 MB in one request."""
    big = folder / "big.tif"
    tifffile.imwrite(big, (np.add.outer(np.arange(SIDE), np.arange(SIDE)) % 65536).astype(np.uint16))
    small = folder / "small.png"
    Image.fromarray(np.zeros((64, 64), np.uint8)).save(small)
    with running_server(folder / "data", "--face", "spheroseg", "--workers", "1", environment=ROOM) as server:
        client = SpherosegClient(server.url)
        client.register("bench@example.com", "correct horse battery")
        project = client.json("POST", "/projects", json={"title": "uploads"})["id"]
        client.upload(project, small)
        headers = {"Authorization": f"Bearer {client.access}", "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        started = time.perf_counter()
        with PeakMemory(server) as memory:
            response = requests.post(f"{server.url}/api/projects/{project}/images", data=parts(big), headers=headers, timeout=600)
        seconds = time.perf_counter() - started
        response.raise_for_status()
        stored = response.json()["summary"]["successful"]
    growth = (memory.peak - memory.start) / 1e6
    return Row(
        f"{stored} files of 50 MB in one upload, {seconds:.1f} s: growth of the server's memory", f"{growth:.0f} MB", "target: below 60 MB"
    )


def median_ms(call: Callable[[], object], times: int = 7) -> float:
    """Median milliseconds of ``call`` after one warm-up."""
    call()
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds) * 1000


def plain_pillow(path: Path) -> None:
    with Image.open(path) as image:
        image.load()
    with Image.open(path) as image:
        image.thumbnail((256, 256))
        image.convert("RGB").save(path.with_suffix(".thumb.jpg"))


def checks(folder: Path) -> list[Row]:
    """Full check and thumbnail of a photograph in three formats, beside Pillow doing the same."""
    photograph = Image.open(Path(skimage.__file__).parent / "data" / "coffee.png").convert("RGB").resize((2400, 1600))
    rows = []
    for suffix in ("jpg", "png", "tif"):
        path = folder / f"photograph.{suffix}"
        photograph.save(path)

        def ours(path: Path = path) -> None:
            verify(path)
            thumbnail(path)

        mine, theirs = median_ms(ours), median_ms(lambda path=path: plain_pillow(path))
        rows.append(Row(f"check and thumbnail, {suffix} 2400x1600", f"{mine:.0f} ms", f"Pillow {theirs:.0f} ms", f"{theirs / mine:.2f}"))
    return rows


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        show([big_upload(Path(name)), *checks(Path(name))])


if __name__ == "__main__":
    main()
