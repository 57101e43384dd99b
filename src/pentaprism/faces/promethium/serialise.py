"""Documents of datasets and jobs."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from pentaprism.core.clock import isoformat, now
from pentaprism.core.jobs.states import JobState
from pentaprism.core.jobs.tables import Job, JobLog
from pentaprism.engines.seismic import pictures
from pentaprism.faces.promethium.links import Links
from pentaprism.faces.promethium.tables import Dataset, Run

STATUS = {
    JobState.QUEUED: "pending",
    JobState.RETRYING: "pending",
    JobState.RUNNING: "running",
    JobState.COMPLETED: "completed",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
}
STATES: dict[str, list[JobState]] = {}
for _state, _word in STATUS.items():
    STATES.setdefault(_word, []).append(_state)
OWN_CODES = {"INVALID_DATA", "MEMORY_LIMIT", "TIMEOUT", "STORAGE_ERROR", "WORKER_LOST", "INTERNAL_ERROR"}
STORAGE_CODES = {"TRANSIENT_FAULT", "UNAVAILABLE", "STORAGE_FULL", "QUOTA_EXCEEDED", "NOT_FOUND"}
DETAIL_KEYS = ("statistics", "headers", "layout", "geometry", "dead_traces", "gaps", "warnings")
SURE_PERCENT = 3.0


def moment(value: datetime | None) -> str | None:
    """ISO 8601, or null."""
    return None if value is None else isoformat(value)


def number(value: float | None) -> float | int | None:
    """A whole number without a fraction."""
    return int(value) if value is not None and float(value).is_integer() else value


def sample_rate(interval_us: float | None) -> float | None:
    """Hz of an interval in microseconds."""
    return round(1_000_000.0 / interval_us, 6) if interval_us else None


def new_dataset(dataset: Dataset) -> dict[str, Any]:
    """What an upload answers."""
    return {"id": dataset.id, "name": dataset.name, "status": "processing", "created_at": isoformat(dataset.created_at)}


def dataset_item(dataset: Dataset, links: Links) -> dict[str, Any]:
    """A dataset in a list."""
    return {
        "id": dataset.id,
        "name": dataset.name,
        "format": dataset.format,
        "traces": dataset.traces,
        "samples": dataset.samples,
        "sample_rate": sample_rate(dataset.sample_interval_us),
        "size_bytes": dataset.size,
        "status": dataset.status,
        "created_at": isoformat(dataset.created_at),
        "updated_at": isoformat(dataset.updated_at),
        "tags": dataset.tags,
        "sample_interval_us": number(dataset.sample_interval_us),
        "error": dataset.error,
        "source_job_id": dataset.job_id,
        "preview_url": links.preview(dataset.id),
    }


def dataset_document(session: Session, dataset: Dataset, links: Links) -> dict[str, Any]:
    """A dataset with everything that is known of it."""
    known = dataset.details or {}
    lineage = dataset.lineage
    if lineage is not None:
        lineage = {**lineage, "deleted": session.get(Dataset, str(lineage["source_dataset_id"])) is None}
    return {
        **dataset_item(dataset, links),
        "description": dataset.description,
        **{key: known.get(key) for key in DETAIL_KEYS},
        "lineage": lineage,
        "tiles": _tiles(dataset, links),
        "sha256": dataset.sha256,
        "download_url": links.download(dataset.id),
    }


def _tiles(dataset: Dataset, links: Links) -> dict[str, Any] | None:
    if dataset.status != "ready" or dataset.traces is None or dataset.samples is None:
        return None
    found = pictures.pyramid(dataset.traces, dataset.samples)
    return {
        "tile_size": found.tile_size,
        "levels": found.levels,
        "width": found.width,
        "height": found.height,
        "url_template": links.tiles(dataset.id),
    }


def progress_of(status: str, progress: float) -> int:
    """Whole percent: 0 while pending, 1-99 while running, 100 only when completed; ended ones keep theirs."""
    word = STATUS[JobState(status)]
    if word == "completed":
        return 100
    if word == "pending":
        return 0
    return min(max(int(progress), 1 if word == "running" else 0), 99)


def error_of(status: str, code: str | None, message: str | None) -> dict[str, str] | None:
    """Why a job failed."""
    if status != JobState.FAILED:
        return None
    known = code if code in OWN_CODES else "STORAGE_ERROR" if code in STORAGE_CODES else "INTERNAL_ERROR"
    return {"code": known, "message": message or "The job failed."}


def eta_of(status: str, progress: float, started_at: datetime | None) -> int | None:
    """Seconds a running job is likely to take yet, from its pace so far."""
    if status != JobState.RUNNING or started_at is None or progress < SURE_PERCENT:
        return None
    passed = (now() - started_at).total_seconds()
    return max(0, round(passed * (100.0 - progress) / progress))


def started_of(job: Job) -> datetime | None:
    """When the first attempt began."""
    return job.first_started_at or job.started_at


def new_job(job: Job, run: Run) -> dict[str, Any]:
    """What the request for a job answers, whatever has become of it since."""
    return {"id": job.id, "type": run.type, "status": "pending", "progress": 0, "created_at": isoformat(job.created_at)}


def job_item(job: Job, run: Run, output_id: str | None) -> dict[str, Any]:
    """A job in a list; ``output_id`` is that of its output dataset where that still exists."""
    return {
        "id": job.id,
        "type": run.type,
        "status": STATUS[JobState(job.status)],
        "progress": progress_of(job.status, job.progress),
        "dataset_id": run.dataset_id,
        "model_id": run.model_id,
        "created_at": isoformat(job.created_at),
        "started_at": moment(started_of(job)),
        "completed_at": moment(job.finished_at),
        "model_name": run.model_name,
        "dataset_name": run.dataset_name,
        "output_dataset_id": output_id,
        "error": error_of(job.status, job.error_code, job.error_message),
        "attempts": job.attempt,
        "eta_seconds": eta_of(job.status, job.progress, job.started_at),
    }


def line_document(line: JobLog) -> dict[str, str]:
    """A line of a log."""
    return {"timestamp": isoformat(line.at), "level": line.level, "message": line.message}
