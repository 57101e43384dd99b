"""Pictures with known objects, and running the jobs of a server without worker processes."""

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile
from PIL import Image as PillowImage

from pentaprism.core.jobs.runner import Runner
from pentaprism.core.jobs.tables import Job

Disk = tuple[float, float, float]


def smooth(
    height: int, width: int, disks: list[Disk], holes: list[Disk] = (), dark: float = 60, light: float = 180
) -> npt.NDArray[np.float64]:  # type: ignore[assignment]
    """Anti-aliased dark disks (x, y, radius) on a light ground, with light holes in them."""
    rows, columns = np.mgrid[:height, :width] + 0.5

    def cover(disk: Disk) -> npt.NDArray[np.float64]:
        x, y, radius = disk
        return np.clip(radius - np.hypot(columns - x, rows - y) + 0.5, 0, 1)

    inside = np.zeros((height, width))
    for disk in disks:
        inside = np.maximum(inside, cover(disk))
    for hole in holes:
        inside = np.minimum(inside, 1 - cover(hole))
    return light + (dark - light) * inside


def noisy(picture: npt.NDArray[np.float64], sigma: float = 3, seed: int = 5) -> npt.NDArray[np.float64]:
    """With Gaussian noise."""
    return picture + np.random.default_rng(seed).normal(0, sigma, picture.shape)


def png(picture: npt.NDArray[np.float64]) -> bytes:
    """As an 8-bit PNG."""
    file = io.BytesIO()
    PillowImage.fromarray(np.clip(np.rint(picture), 0, 255).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def tiff16(*planes: npt.NDArray[np.float64], scale: float = 200, **options: Any) -> bytes:
    """As a 16-bit TIFF, several planes as a stack."""
    file = io.BytesIO()
    data = np.clip(np.rint(np.stack(planes) * scale), 0, 65_535).astype(np.uint16)
    tifffile.imwrite(file, data if len(planes) > 1 else data[0], photometric="minisblack", **options)
    return file.getvalue()


TWO_DISKS: list[Disk] = [(70.3, 90.6, 38.0), (190.2, 100.4, 30.0)]


def two_disks() -> bytes:
    """A picture of 260 x 200 with two dark disks."""
    return png(noisy(smooth(200, 260, TWO_DISKS)))


def ring_with_island() -> bytes:
    """One ring with an object in its hole, 260 x 260."""
    picture = smooth(260, 260, [(130, 130, 100)], [(130, 130, 60)])
    island = smooth(260, 260, [(130, 130, 22)])
    return png(noisy(np.minimum(picture, island)))


def work(server: Any) -> int:
    """Run whatever waits, in this thread, as a worker would; the number of jobs."""
    return Runner(server.platform, "worker-of-the-test").run_waiting(["interactive", "batch"])


def job_of(server: Any, job_id: str) -> Job:
    """The row of a job."""
    with server.platform.database.read() as session:
        job = session.get(Job, job_id)
        assert job is not None
        return job


def square(x: float, y: float, side: float) -> list[dict[str, float]]:
    """The corners of a square."""
    return [{"x": x, "y": y}, {"x": x + side, "y": y}, {"x": x + side, "y": y + side}, {"x": x, "y": y + side}]


def externals(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects of a segmentation."""
    return [polygon for polygon in document["polygons"] if polygon["type"] == "external"]


def internals(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The holes of a segmentation."""
    return [polygon for polygon in document["polygons"] if polygon["type"] == "internal"]


def result(person: Any, image_id: str) -> dict[str, Any]:
    """The Segmentation of an image."""
    response = person.get(f"/api/images/{image_id}/segmentation")
    assert response.status_code == 200, response.text
    document: dict[str, Any] = response.json()
    return document


def segmented(server: Any, person: Any, image_id: str, **body: Any) -> dict[str, Any]:
    """The Segmentation after a run with ``body``."""
    response = person.post(f"/api/images/{image_id}/segmentation", json=body)
    assert response.status_code == 202, response.text
    assert work(server) == 1
    return result(person, image_id)
