"""Pictures with known objects, and a client of the quarry face."""

from __future__ import annotations

import base64
import io
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import requests
from PIL import Image
from skimage import data

from running_server import RunningServer

Mask = npt.NDArray[np.bool_]
FINAL = ("completed", "failed")


def saved(pixels: npt.NDArray[Any], kind: str = "PNG", **options: Any) -> bytes:
    """An image file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def discs(rows: int = 4, columns: int = 6, radius: int = 20, pitch: int = 48) -> tuple[bytes, list[Mask]]:
    """Bright discs of different colours on a dark ground, as a PNG, and their masks."""
    random = np.random.default_rng(5)
    height, width = rows * pitch, columns * pitch
    y, x = np.mgrid[:height, :width]
    picture = np.full((height, width, 3), 45.0)
    masks = []
    for row in range(rows):
        for column in range(columns):
            inside = (x - (column + 0.5) * pitch) ** 2 + (y - (row + 0.5) * pitch) ** 2 < radius**2
            picture[inside] = random.uniform(130, 240, 3)
            masks.append(inside)
    return saved(picture.astype(np.uint8)), masks


def squares() -> bytes:
    """Two squares far apart, 70 and 60 px a side, on grey, 220 x 160 px."""
    picture = np.full((160, 220, 3), 60, np.uint8)
    picture[20:90, 20:90] = (220, 60, 60)
    picture[90:150, 130:190] = (60, 90, 230)
    return saved(picture)


def decoded(text: str) -> npt.NDArray[np.uint8]:
    """The pixels of a mask field."""
    with Image.open(io.BytesIO(base64.b64decode(text, validate=True))) as picture:
        assert picture.mode == "L"
        return np.asarray(picture)


def iou(one: npt.NDArray[Any], two: npt.NDArray[Any]) -> float:
    """Intersection over union."""
    first, second = one > 0, two > 0
    return float((first & second).sum() / max(1, (first | second).sum()))


def photograph(width: int, height: int) -> bytes:
    """A photograph of that size as JPEG."""
    cut = data.astronaut()[: round(512 * min(1.0, height / width))]
    file = io.BytesIO()
    Image.fromarray(cut).resize((width, height), Image.Resampling.BICUBIC).save(file, "JPEG", quality=92)
    return file.getvalue()


@dataclass
class Client:
    """Requests to one face by one caller."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """A request."""
        headers = {**self.headers, **options.pop("headers", {})}
        return requests.request(method, f"{self.url}{path}", headers=headers, timeout=180, allow_redirects=False, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        """GET."""
        return self.call("GET", path, **options)

    def post(self, path: str, image: bytes | None = None, **fields: Any) -> requests.Response:
        """POST of a form."""
        files = {"image": ("image.bin", image, "application/octet-stream")} if image is not None else None
        return self.call("POST", path, files=files, data={name: str(value) for name, value in fields.items()})

    def made(self, path: str, image: bytes | None = None, **fields: Any) -> dict[str, Any]:
        """The body of a POST that has to succeed."""
        response = self.post(path, image, **fields)
        assert response.status_code == 200, f"{path}: {response.status_code} {response.text[:400]}"
        body: dict[str, Any] = response.json()
        return body

    def wait(self, job: str, seconds: float = 90) -> dict[str, Any]:
        """The status of a job that has ended."""
        deadline = time.monotonic() + seconds
        while True:
            data: dict[str, Any] = self.get(f"/jobs/{job}/status").json()["data"]
            if data["status"] in FINAL:
                return data
            assert time.monotonic() < deadline, f"{job} is still {data['status']}"
            time.sleep(0.05)

    def ready(self, seconds: float = 90) -> None:
        """Wait until the workers are there."""
        deadline = time.monotonic() + seconds
        while self.get("/health/ready").status_code != 200:
            assert time.monotonic() < deadline, "the server did not become ready"
            time.sleep(0.1)


def refused(response: requests.Response, status: int, code: str) -> dict[str, Any]:
    """The body of a refusal, which has exactly the documented shape."""
    assert response.status_code == status, response.text[:400]
    body: dict[str, Any] = response.json()
    assert set(body) == {"success", "message", "error_code", "details", "timestamp"}
    assert (body["success"], body["error_code"]) == (False, code)
    assert isinstance(body["details"], dict)
    return body


class Watch:
    """The largest resident memory of any worker, and the longest wait for ``/health/live``, while the block runs."""

    def __init__(self, server: RunningServer) -> None:
        self._server = server
        self._stop = threading.Event()
        self.memory = 0
        self.waits: list[float] = []
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        workers = self._server.children()
        with requests.Session() as session:
            while not self._stop.wait(0.05):
                began = time.perf_counter()
                session.get(f"{self._server.url}/quarry/health/live", timeout=60)
                self.waits.append((time.perf_counter() - began) * 1000)
                for worker in workers:
                    if worker.is_running():
                        self.memory = max(self.memory, _resident(worker))


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
