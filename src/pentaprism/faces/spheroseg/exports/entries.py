"""The images that an export is made of. Loaded by the server too, so nothing heavy is imported here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.errors import NotFound
from pentaprism.faces.spheroseg.serialise import EXTENSIONS, pixel_size, stamp
from pentaprism.faces.spheroseg.tables import Image, Project, Segmentation

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
    sha256: str | None = None


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
                image.sha256,
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
