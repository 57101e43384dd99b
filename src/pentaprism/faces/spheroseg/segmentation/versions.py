"""Versions of an image's segmentation: storing, reading, restoring. A version never changes once it is stored."""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic_core import to_json
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, defer

from pentaprism.core.clock import now
from pentaprism.core.errors import NotFound
from pentaprism.core.ids import new_id
from pentaprism.faces.spheroseg.serialise import stamp
from pentaprism.faces.spheroseg.tables import Image, Segmentation

KEPT = 50
LARGEST_NUMBER = 2**31 - 1

Polygons = list[dict[str, Any]]


def pack(polygons: Sequence[Mapping[str, Any]]) -> bytes:
    """Polygons as they are stored: compact JSON, compressed."""
    return zlib.compress(to_json(polygons, inf_nan_mode="null"), 6)


def unpack(stored: bytes) -> Polygons:
    """The polygons of a stored version."""
    polygons: Polygons = json.loads(zlib.decompress(stored))
    return polygons


@dataclass(frozen=True, slots=True)
class Content:
    """What a new version holds; times and job are those of the run, if there was one."""

    source: str
    polygons: bytes
    summary: dict[str, Any] | None
    cell_count: int
    confidence: float | None
    page: int
    parameters: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] | None = None
    warnings: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    job_id: str | None = None
    attempt: int | None = None
    queued_at: datetime | None = None
    started_at: datetime | None = None

    def at(self, queued: datetime | None, started: datetime | None) -> "Content":
        """The same with the times of its run."""
        return replace(self, queued_at=queued, started_at=started)


def locked(session: Session, image_id: str) -> Image:
    """The image's row, kept from other writers until the transaction ends. Raises NotFound."""
    image = session.get(Image, image_id, with_for_update=True, populate_existing=True)
    if image is None:
        raise NotFound("This image does not exist.")
    return image


def newest_number(session: Session, image_id: str) -> int:
    """The highest version number of an image, 0 without any."""
    return session.scalar(select(func.max(Segmentation.version)).where(Segmentation.image_id == image_id)) or 0


def store(session: Session, image: Image, content: Content, *, created_by: str | None, current: bool = True) -> Segmentation:
    """Add the next version of a locked image; ``current`` makes it the one that is shown. Only the last 50 are kept."""
    moment = now()
    row = Segmentation(
        id=new_id(),
        image_id=image.id,
        version=newest_number(session, image.id) + 1,
        source=content.source,
        model=content.model,
        parameters=content.parameters,
        page=content.page,
        polygons=content.polygons,
        summary=content.summary,
        cell_count=content.cell_count,
        confidence=content.confidence,
        warnings=content.warnings,
        details=content.details,
        job_id=content.job_id,
        attempt=content.attempt,
        created_by=created_by,
        queued_at=content.queued_at,
        started_at=content.started_at,
        completed_at=moment,
        created_at=moment,
    )
    session.add(row)
    if current:
        image.current_version = row.version
    image.updated_at = moment
    session.flush()
    oldest = row.version - KEPT
    if oldest > 0:
        gone = delete(Segmentation).where(Segmentation.image_id == image.id, Segmentation.version <= oldest)
        session.execute(gone.where(Segmentation.version != (image.current_version or 0)))
    return row


def version_of(session: Session, image: Image, number: int) -> Segmentation:
    """One version of an image. Raises NotFound."""
    row = session.scalar(select(Segmentation).where(Segmentation.image_id == image.id, Segmentation.version == number))
    if row is None:
        raise NotFound("This version does not exist.")
    return row


def current_of(session: Session, image: Image) -> Segmentation | None:
    """The version that is shown, or None."""
    if image.current_version is None:
        return None
    return session.scalar(select(Segmentation).where(Segmentation.image_id == image.id, Segmentation.version == image.current_version))


def number_in_path(text: str) -> int:
    """A version number from a path; NotFound for anything else, as for every malformed id in a path."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and 0 < int(text) <= LARGEST_NUMBER):
        raise NotFound("This version does not exist.")
    return int(text)


def list_of(session: Session, image: Image) -> list[dict[str, Any]]:
    """The kept versions, newest first."""
    query = select(Segmentation).where(Segmentation.image_id == image.id).order_by(Segmentation.version.desc())
    rows = session.scalars(query.options(defer(Segmentation.polygons), defer(Segmentation.summary)))
    return [
        {
            "id": row.id,
            "version": row.version,
            "source": row.source,
            "model": row.model,
            "parameters": row.parameters,
            "cell_count": row.cell_count,
            "created_at": stamp(row.created_at),
            "created_by": row.created_by,
            "current": row.version == image.current_version,
        }
        for row in rows
    ]


def restore(session: Session, image: Image, number: int, account_id: str) -> Segmentation:
    """Copy version ``number`` of a locked image to a new version and show it."""
    old = version_of(session, image, number)
    content = Content(
        source="restore",
        polygons=old.polygons,
        summary=old.summary,
        cell_count=old.cell_count,
        confidence=old.confidence,
        page=old.page,
        parameters=old.parameters,
        model=old.model,
        warnings=list(old.warnings),
        details={**old.details, "restored_version": number},
    )
    image.failure = None
    return store(session, image, content, created_by=account_id)
