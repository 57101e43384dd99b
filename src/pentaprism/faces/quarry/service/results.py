"""Stored results, and the bodies that answers make of them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from pentaprism.core.clock import isoformat
from pentaprism.core.jobs.states import FINAL, JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.quarry.context import Quarry
from pentaprism.faces.quarry.errors import NotFinished, failure_of
from pentaprism.faces.quarry.kinds import operation_of
from pentaprism.faces.quarry.schemas.fields import Format
from pentaprism.faces.quarry.service.formats import encoded
from pentaprism.faces.quarry.service.identifiers import task_id
from pentaprism.faces.quarry.service.packing import StoredMask, unpack
from pentaprism.faces.quarry.service.words import progress_of, status_of
from pentaprism.faces.quarry.tables import Result

Body = dict[str, Any]


@dataclass(slots=True)
class Found:
    """A job with what it found; the masks of a job that has not completed are empty."""

    job: Job
    document: dict[str, Any]
    masks: list[StoredMask]

    @property
    def width(self) -> int:
        """Of the upright image in pixels."""
        return int(self.document["image_width"])

    @property
    def height(self) -> int:
        """Of the upright image in pixels."""
        return int(self.document["image_height"])

    @property
    def operation(self) -> str:
        """single, auto, box or extract."""
        return operation_of(self.job.kind)


def load(session: Session, job: Job, *, masks: bool = True) -> Found:
    """The result of a job, empty unless it has completed."""
    row = session.get(Result, job.id) if job.status == JobState.COMPLETED else None
    if row is None:
        return Found(job, {}, [])
    return Found(job, row.document, unpack(row.document["masks"], row.masks) if masks else [])


def require_completed(job: Job, soft_seconds: int) -> None:
    """Raise NotFinished unless the job has a result; of a failed one with its own error code."""
    if job.status == JobState.COMPLETED:
        return
    code, message = failure_of(job.error_code, job.error_message, soft_seconds) if job.status in FINAL else (None, None)
    progress = progress_of(job)
    raise NotFinished(job.id, status_of(job), progress, code=code or "HTTP_ERROR", message=message)


def info(found: Found) -> Body:
    """The keys that every segmentation body has."""
    job, document = found.job, found.document
    request = job.request
    return {
        "job_id": job.id,
        "task_id": task_id(job.id),
        "model_type": request.get("model_type"),
        "engine": document.get("engine"),
        "fallback": document.get("fallback", request.get("fallback")),
        "image_id": request.get("image_id"),
        "image_width": document.get("image_width"),
        "image_height": document.get("image_height"),
        "truncated": document.get("truncated", False),
        "warnings": document.get("warnings", request.get("warnings", [])),
        "processing_time_ms": duration_ms(job),
    }


def duration_ms(job: Job) -> int | None:
    """From the start of work to its end."""
    if job.started_at is None or job.finished_at is None:
        return None
    return max(0, round((job.finished_at - job.started_at).total_seconds() * 1000))


def asked_format(found: Found, override: Format | None) -> Format:
    """The format of mask fields: that of the query, else that of the request."""
    if override is not None:
        return override
    stored: Format = found.job.request.get("format", "png")
    return stored


def single(context: Quarry, found: Found, override: Format | None = None) -> Body:
    """The body of ``/segment/single``."""
    job = found.job
    code, message = failure_of(job.error_code, job.error_message, context.settings.soft_seconds)
    wanted = asked_format(found, override)
    done = bool(found.document)
    body = {
        **info(found),
        "status": status_of(job),
        "total_masks": len(found.document["masks"]) if done else None,
        "masks": _masks(found, wanted, _mask_s) if done else [],
        "created_at": isoformat(job.created_at),
        "updated_at": isoformat(job.updated_at),
        "progress": progress_of(job),
        "error_code": code,
        "error_message": message,
    }
    return body if wanted == "png" else {**body, "mask_format": wanted}


def auto(found: Found, override: Format | None = None) -> Body:
    """The body of ``/segment/auto`` and ``/segment/box``."""
    wanted = asked_format(found, override)
    body = {
        "total_masks": len(found.document["masks"]),
        "masks": _masks(found, wanted, _mask_a),
        **info(found),
        "effective_parameters": found.document["effective_parameters"],
    }
    return body if wanted == "png" else {**body, "mask_format": wanted}


def extract(context: Quarry, found: Found, base: str) -> Body:
    """The body of ``/segment/objects/extract``."""
    document = found.document
    return {
        "saved": [one["path"] for one in document["objects"]],
        "skipped": document["skipped"],
        "drive_files": document["drive_files"],
        **info(found),
        "objects": objects(context, found, base),
        "skipped_reasons": document["skipped_reasons"],
        "drive_errors": document["drive_errors"],
        "effective_parameters": document["effective_parameters"],
    }


def objects(context: Quarry, found: Found, base: str) -> list[Body]:
    """The extracted objects with fresh links."""
    listed = []
    for one in found.document.get("objects", []):
        path = f"/storage/results/{one['path'].removeprefix('./results/')}"
        listed.append({**one, "url": context.signed(base, path)})
    return listed


def body_of(context: Quarry, found: Found, base: str, override: Format | None = None) -> Body:
    """The body of the operation that made the job."""
    match found.operation:
        case "single":
            return single(context, found, override)
        case "extract":
            return extract(context, found, base)
    return auto(found, override)


def headers_of(found: Found) -> dict[str, str]:
    """What every segmentation answer tells in its headers."""
    engine = found.document.get("engine")
    if engine is None:
        return {}
    return {"X-Segmentation-Engine": f"{engine['name']}/{engine['version']}", "X-Embedding-Cache": found.document["cache"]}


def _masks(found: Found, wanted: Format, shape: Any) -> list[Body]:
    fields = encoded(found.masks, found.height, found.width, wanted)
    return [shape(mask, data) for mask, data in zip(found.masks, fields, strict=True)]


def _mask_s(mask: StoredMask, data: Any) -> Body:
    x, y, width, height = mask.bbox
    return {
        "mask_index": mask.index,
        "mask_data": data,
        "confidence": mask.predicted_iou,
        "bbox": {"x": x, "y": y, "width": width, "height": height},
        "area": mask.area,
        "stability_score": mask.stability_score,
        "prompt_index": mask.prompt_index,
    }


def _mask_a(mask: StoredMask, data: Any) -> Body:
    return {
        "segmentation": data,
        "area": mask.area,
        "bbox": mask.bbox,
        "predicted_iou": mask.predicted_iou,
        "point_coords": mask.points,
        "stability_score": mask.stability_score,
        "crop_box": mask.crop_box,
        "mask_index": mask.index,
        "prompt_index": mask.prompt_index,
    }
