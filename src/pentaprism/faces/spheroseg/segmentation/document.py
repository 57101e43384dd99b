"""Segmentation: the document of an image's present result, of its run under way, and of a version."""

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.database.chunks import chunks
from pentaprism.core.jobs.states import ACTIVE, WAITING
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.spheroseg.segmentation.queue import positions
from pentaprism.faces.spheroseg.segmentation.versions import current_of, unpack
from pentaprism.faces.spheroseg.serialise import image_status, pixel_size, stamp
from pentaprism.faces.spheroseg.tables import Image, Project, Segmentation

Document = dict[str, Any]


def newest_job(session: Session, image: Image) -> Job | None:
    """The row of the image's newest segmentation job, or None."""
    return session.get(Job, image.job_id) if image.job_id else None


def present(session: Session, image: Image, project: Project) -> tuple[Document, str]:
    """The image's present Segmentation and its entity tag."""
    job = newest_job(session, image)
    row = current_of(session, image)
    position = positions(session, [job.id]).get(job.id) if job is not None and job.status in WAITING else None
    return compose(image, project, job, row, position), entity_tag(image, project, job, position)


def tag_only(session: Session, image: Image, project: Project) -> str:
    """The entity tag that :func:`present` would give, without building the document."""
    job = newest_job(session, image)
    position = positions(session, [job.id]).get(job.id) if job is not None and job.status in WAITING else None
    return entity_tag(image, project, job, position)


def entity_tag(image: Image, project: Project, job: Job | None, position: int | None) -> str:
    """``"v<version>-<digest>"``: changes with everything the document shows."""
    run = (None, None, None) if job is None else (job.id, job.status, job.revision)
    parts = (image.id, image.current_version, image.updated_at, image.failure, pixel_size(image, project), *run, position)
    return f'"v{image.current_version or 0}-{hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()}"'


def version_in_tag(tag: str) -> int | None:
    """The version that an entity tag of an ``If-Match`` header names; also a bare number. None if it names none."""
    text = tag.strip().removeprefix("W/").strip('"').removeprefix("v").partition("-")[0]
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


def compose(image: Image, project: Project, job: Job | None, row: Segmentation | None, position: int | None = None) -> Document:
    """The document from its rows; ``job`` is the newest run, ``row`` the version that is shown."""
    status = image_status(image, job)
    active = job if job is not None and job.status in ACTIVE else None
    shown_run = job if row is None or active is not None or status == "failed" else None
    size = pixel_size(image, project)
    document: Document = {
        "id": row.id if row else None,
        "image_id": image.id,
        "imageId": image.id,
        "project_id": project.id,
        "projectId": project.id,
        "name": image.name,
        "status": status,
        "progress": progress_of(status, job),
        "version": row.version if row else None,
        "source": row.source if row else None,
        "stale": bool(row is not None and active is not None),
        "imageWidth": image.width,
        "imageHeight": image.height,
        "pixel_size_um": size,
        **_run_keys(shown_run, row, position),
        **_version_keys(row, job if row is None else None, image),
        "error": {"code": "SEGMENTATION_FAILED", "message": image.failure.get("message")} if status == "failed" and image.failure else None,
    }
    return document | _result_keys(row, size)


def progress_of(status: str, job: Job | None) -> int:
    """Progress in percent, as whole as clients show it."""
    if status == "completed":
        return 100
    return 0 if job is None or status == "without_segmentation" else min(100, max(0, round(job.progress)))


def _run_keys(job: Job | None, row: Segmentation | None, position: int | None) -> Document:
    """Keys of the run: the newest one, or the one that made the version."""
    queued: datetime | None = None
    started: datetime | None = None
    attempt: int | None = None
    task: str | None = None
    if job is not None:
        queued, started, attempt, task = job.created_at, job.first_started_at or job.started_at, job.attempt, job.id
    elif row is not None:
        queued, started, attempt, task = row.queued_at, row.started_at, row.attempt, row.job_id
    return {
        "taskId": task,
        "queued_at": stamp(queued),
        "started_at": stamp(started),
        "queue_time": seconds_between(queued, started),
        "queue_position": position,
        "attempt": attempt,
    }


def _version_keys(row: Segmentation | None, job: Job | None, image: Image) -> Document:
    """Keys of the version that is shown; before the first one, of what the newest run was asked for."""
    if row is not None:
        return {
            "created_at": stamp(row.queued_at or row.created_at),
            "updated_at": stamp(max(image.updated_at, row.created_at)),
            "completed_at": stamp(row.completed_at),
            "processing_time": seconds_between(row.started_at, row.completed_at),
            "page": row.page,
            "parameters": row.parameters,
            "model": row.model,
            "warnings": row.warnings,
        }
    request = job.request if job is not None else {}
    parameters = request.get("parameters", {})
    requested = parameters.get("model")
    return {
        "created_at": stamp(job.created_at) if job is not None else None,
        "updated_at": stamp(job.updated_at) if job is not None else stamp(image.updated_at),
        "completed_at": None,
        "processing_time": None,
        "page": parameters.get("page", image.page),
        "parameters": parameters,
        "model": {"requested": requested, "used": None, "version": None, "fallback": False, "reason": None} if requested else None,
        "warnings": request.get("warnings", []),
    }


def _result_keys(row: Segmentation | None, size: Document | None) -> Document:
    if row is None:
        return {"results": None, "polygons": []}
    polygons, summary = unpack(row.polygons), row.summary
    if size is not None:
        from pentaprism.engines.cells.document import calibrated  # noqa: PLC0415 -- loads what measures outlines

        polygons, summary = calibrated(polygons, summary, size)
    results = {
        "cell_count": row.cell_count,
        "polygons": polygons,
        "features": summary,
        "confidence_score": row.confidence,
    }
    return {
        "results": results,
        "polygons": polygons,
        "cellCount": row.cell_count,
        "processingTime": seconds_between(row.started_at, row.completed_at),
        "confidence": row.confidence,
        "createdAt": stamp(row.queued_at or row.created_at),
        "updatedAt": stamp(row.created_at),
    }


def version_document(image: Image, project: Project, row: Segmentation) -> Document:
    """One stored version as a completed Segmentation, whatever the image's present state is."""
    size = pixel_size(image, project)
    return {
        "id": row.id,
        "image_id": image.id,
        "imageId": image.id,
        "project_id": project.id,
        "projectId": project.id,
        "name": image.name,
        "status": "completed",
        "progress": 100,
        "version": row.version,
        "source": row.source,
        "current": row.version == image.current_version,
        "created_by": row.created_by,
        "stale": False,
        "imageWidth": image.width,
        "imageHeight": image.height,
        "pixel_size_um": size,
        **_run_keys(None, row, None),
        **_version_keys(row, None, image),
        "error": None,
        **_result_keys(row, size),
    }


def newest_jobs(session: Session, images: list[Image]) -> dict[str, Job]:
    """The newest jobs of images by job id."""
    ids = [image.job_id for image in images if image.job_id]
    found: dict[str, Job] = {}
    for chunk in chunks(ids):
        found.update((job.id, job) for job in session.scalars(select(Job).where(Job.id.in_(chunk))))
    return found


def seconds_between(begin: datetime | None, end: datetime | None) -> float | None:
    """Seconds with three decimals, or None where one of the moments is missing."""
    return None if begin is None or end is None else round(max(0.0, (end - begin).total_seconds()), 3)
