"""The sample pictures, each with where it comes from."""

import importlib.util
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from pentaprism.samples.spheroids import Spheroid, render


@dataclass(frozen=True, slots=True)
class SamplePicture:
    """A picture as a file: its name, bytes, origin and licence. ``rendered`` pictures were drawn by this project."""

    name: str
    data: bytes
    origin: str
    licence: str
    rendered: bool
    pixel_size_um: float | None = None


@dataclass(frozen=True, slots=True)
class _Installed:
    name: str
    package: str
    path: str
    origin: str
    licence: str
    pixel_size_um: float | None = None


@dataclass(frozen=True, slots=True)
class _Rendered:
    name: str
    spheroids: tuple[Spheroid, ...]
    seed: int
    pixel_size_um: float | None = None


INSTALLED = (
    _Installed("cell-phase.png", "skimage", "data/cell.png", "scikit-image: a cell in saline, quantitative phase", "CC0", 0.107),
    _Installed(
        "glands-ihc.png",
        "skimage",
        "data/ihc.png",
        "scikit-image: colonic glands, immunohistochemistry, CMMI",
        "no known copyright restrictions",
    ),
    _Installed("nuclei-fluorescence.png", "mahotas", "demos/data/nuclear.png", "mahotas: fluorescent nuclei", "MIT"),
)
RENDERED = (
    _Rendered("spheroid-single.png", (Spheroid(455, 348, 168),), seed=11, pixel_size_um=1.3),
    _Rendered(
        "spheroids-many.png",
        (
            Spheroid(190, 180, 84),
            Spheroid(470, 150, 62, darkness=0.45),
            Spheroid(720, 220, 96, roughness=0.07),
            Spheroid(250, 480, 104, roughness=0.08),
            Spheroid(545, 470, 71),
            Spheroid(770, 535, 55, darkness=0.4),
        ),
        seed=12,
        pixel_size_um=1.3,
    ),
    _Rendered(
        "spheroids-touching.png",
        (Spheroid(340, 330, 118), Spheroid(538, 372, 92), Spheroid(700, 180, 60, darkness=0.35)),
        seed=13,
        pixel_size_um=1.3,
    ),
)


def sample_pictures() -> Iterator[SamplePicture]:
    """Every sample that this installation can give: the real ones whose package is installed, then the rendered ones."""
    for picture in INSTALLED:
        file = _package_file(picture.package, picture.path)
        if file is not None:
            yield SamplePicture(picture.name, file.read_bytes(), picture.origin, picture.licence, False, picture.pixel_size_um)
    for drawing in RENDERED:
        yield SamplePicture(
            drawing.name,
            _png(drawing),
            "rendered by Pentaprism (bright-field spheroids, not a real picture)",
            "Apache-2.0",
            True,
            drawing.pixel_size_um,
        )


def missing_packages(find: Callable[[str], object | None] = importlib.util.find_spec) -> list[str]:
    """Packages with sample pictures that are not installed."""
    return sorted({picture.package for picture in INSTALLED if find(picture.package) is None})


def _package_file(package: str, path: str) -> Path | None:
    """A data file of an installed package, found without importing the package."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    file = Path(spec.origin).parent / path
    return file if file.is_file() else None


def _png(drawing: _Rendered) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(render(list(drawing.spheroids), seed=drawing.seed)).save(buffer, "PNG")
    return buffer.getvalue()
