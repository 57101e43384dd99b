"""What exports read of an image: the objects of the version that is shown, loaded one image at a time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pentaprism.core.database.engine import Database
from pentaprism.core.errors import NotFound
from pentaprism.engines.cells.document import calibrated
from pentaprism.faces.spheroseg.exports.entries import Entry
from pentaprism.faces.spheroseg.segmentation.versions import unpack
from pentaprism.faces.spheroseg.serialise import stamp
from pentaprism.faces.spheroseg.tables import Segmentation

Points = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Item:
    """One object: its outer ring [N, 2] and holes in pixels, closed by implication."""

    id: str
    label: int
    outer: Points
    holes: list[Points]
    bbox: list[float]
    area: float | None
    score: float | None
    depth: int
    valid: bool
    polygon: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ExportImage:
    """An image with the objects of its present version."""

    entry: Entry
    version: int
    source: str
    stored_at: str | None
    polygons: list[dict[str, Any]]
    summary: dict[str, Any] | None
    model: dict[str, Any] | None
    parameters: dict[str, Any]
    items: list[Item]

    @property
    def drawable(self) -> list[Item]:
        """Objects whose outline encloses an area."""
        return [item for item in self.items if item.valid]


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the export. ``packed`` says that its bytes are compressed already."""

    path: str
    chunks: Iterable[bytes]
    packed: bool = False


@dataclass(slots=True)
class Notes:
    """What a format could not hold, by image name."""

    lost_holes: dict[str, list[int]] = field(default_factory=dict)


class Format(Protocol):
    """Writes one format. ``add`` raises before it has remembered anything of an image it cannot hold."""

    def add(self, image: ExportImage) -> Iterable[Member]:
        """Take in an image; the files that belong to it alone."""

    def end(self) -> Iterable[Member]:
        """The files that belong to all images."""


def load(database: Database, entry: Entry) -> ExportImage:
    """The objects of an entry that has a result. Raises NotFound when that version is gone."""
    with database.read() as session:
        row = session.get(Segmentation, entry.segmentation_id)
        if row is None:
            raise NotFound("The result was removed while it was being exported.")
        polygons, summary = calibrated(unpack(row.polygons), row.summary, entry.pixel_size)
        return ExportImage(
            entry, row.version, row.source, stamp(row.completed_at), polygons, summary, row.model, row.parameters, list(items_of(polygons))
        )


def items_of(polygons: Sequence[dict[str, Any]]) -> Iterator[Item]:
    """The external polygons with their own holes, in the order of their labels."""
    holes: dict[str, list[Points]] = {}
    for polygon in polygons:
        if polygon["type"] == "internal":
            holes.setdefault(polygon["parentId"], []).append(points_of(polygon))
    for polygon in polygons:
        if polygon["type"] == "external":
            yield Item(
                polygon["id"], polygon["label"], points_of(polygon), holes.get(polygon["id"], []), polygon["bbox"], polygon["area"],
                polygon["confidence"], polygon["depth"], bool(polygon["valid"]), polygon,
            )  # fmt: skip


def points_of(polygon: dict[str, Any]) -> Points:
    """[N, 2] coordinates of a ring."""
    return np.array([(point["x"], point["y"]) for point in polygon["points"]], np.float64).reshape(-1, 2)
