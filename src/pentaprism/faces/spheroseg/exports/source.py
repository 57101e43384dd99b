"""What exports read: images of a project with the version that is shown of each, loaded one at a time."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.database.engine import Database
from pentaprism.core.errors import NotFound
from pentaprism.engines.cells.document import calibrated
from pentaprism.faces.spheroseg.segmentation.versions import unpack
from pentaprism.faces.spheroseg.serialise import EXTENSIONS, pixel_size, stamp
from pentaprism.faces.spheroseg.tables import Image, Project, Segmentation

Points = npt.NDArray[np.float64]
UNSAFE = re.compile(r"[^\w.() -]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One image of an export. ``stem`` and ``file_name`` are unique in it and safe as file names."""

    number: int
    id: str
    name: str
    stem: str
    file_name: str
    width: int
    height: int
    blob_key: str
    format: str
    created_at: str | None
    pixel_size: dict[str, Any] | None
    segmentation_id: str | None


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


def entries_of(session: Session, project: Project, wanted: Sequence[str] | None) -> tuple[list[Entry], list[str]]:
    """The images of an export in the order of their upload, and the wanted ids that the project does not have."""
    query = select(Image, Segmentation.id).outerjoin(
        Segmentation, (Segmentation.image_id == Image.id) & (Segmentation.version == Image.current_version)
    )
    rows = session.execute(query.where(Image.project_id == project.id).order_by(Image.created_at, Image.id)).all()
    missing: list[str] = []
    if wanted is not None:
        chosen = {text.lower() for text in wanted}
        rows = [row for row in rows if row[0].id in chosen]
        present = {row[0].id for row in rows}
        missing = sorted(chosen - present)
        if not rows:
            raise NotFound("None of these images exists in this project.")
    taken: set[str] = set()
    entries = []
    for number, (image, segmentation_id) in enumerate(rows, 1):
        stem = unique_stem(image.name, image.id, taken)
        entries.append(
            Entry(
                number,
                image.id,
                image.name,
                stem,
                f"{stem}.{EXTENSIONS[image.format]}",
                image.width,
                image.height,
                image.blob_key,
                image.format,
                stamp(image.created_at),
                pixel_size(image, project),
                segmentation_id,
            )
        )
    return entries, missing


def unique_stem(name: str, image_id: str, taken: set[str]) -> str:
    """``name`` without its extension, safe as a file name and, regardless of case, not in ``taken`` (where it is added)."""
    stem = UNSAFE.sub("_", name.rpartition(".")[0] or name).strip(" .")[:120] or "image"
    if stem.lower() in taken:
        stem = f"{stem}_{image_id[-12:]}"
    taken.add(stem.lower())
    return stem


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
