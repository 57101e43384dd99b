"""Jobs and batches as clients see them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pentaprism.core.clock import isoformat
from pentaprism.core.jobs.states import ACTIVE, JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.quarry.context import Quarry
from pentaprism.faces.quarry.errors import failure_of
from pentaprism.faces.quarry.kinds import FACE, PUBLIC, operation_of
from pentaprism.faces.quarry.schemas.fields import Format
from pentaprism.faces.quarry.service import results
from pentaprism.faces.quarry.service.identifiers import batch_id, task_id
from pentaprism.faces.quarry.service.words import STATES, progress_of, status_of

Body = dict[str, Any]
Places = Mapping[str, int]
MOST_CHILDREN = 1000


def places(session: Session, context: Quarry, jobs: Sequence[Job], *, wanted: bool) -> Places | None:
    """Places of the waiting ones of ``jobs`` in the queue, by id; None where nobody wants them told."""
    return context.platform.jobs.positions(session, jobs) if wanted else None


def _placed(body: Body, job: Job, where: Places | None) -> Body:
    return body if where is None else {**body, "position": where.get(job.id)}


def job_view(session: Session, context: Quarry, job: Job, where: Places | None = None) -> Body:
    """A job with all its keys; with its place in the queue where places are given."""
    total, completed, failed = counts(session, context, job)
    code, message = failure_of(job.error_code, job.error_message, context.settings.soft_seconds)
    result = job.result or {}
    body = {
        "job_id": job.id,
        "status": status_of(job),
        "model_type": job.request.get("model_type"),
        "total_masks": total_masks(session, job),
        "created_at": isoformat(job.created_at),
        "updated_at": isoformat(job.updated_at),
        "task_id": task_id(job.id),
        "kind": operation_of(job.kind),
        "batch_job_id": batch_id(job.id) if job.is_batch else batch_id(job.parent_id) if job.parent_id else None,
        "index": job.child_index,
        "progress": progress_of(job),
        "total_images": total,
        "processed_images": completed + failed,
        "failed_images": failed,
        "error_code": code,
        "error_message": message,
        "cancelled": job.status == JobState.CANCELLED,
        "engine": result.get("engine"),
        "fallback": result.get("fallback", job.request.get("fallback")),
        "started_at": isoformat(job.first_started_at) if job.first_started_at else None,
        "finished_at": isoformat(job.finished_at) if job.finished_at else None,
    }
    return _placed(body, job, where)


def status_view(session: Session, context: Quarry, job: Job, where: Places | None = None) -> Body:
    """How a job is doing; with its place in the queue where places are given."""
    total, completed, failed = counts(session, context, job)
    code, message = failure_of(job.error_code, job.error_message, context.settings.soft_seconds)
    body = {
        "job_id": job.id,
        "status": status_of(job),
        "created_at": isoformat(job.created_at),
        "updated_at": isoformat(job.updated_at),
        "progress": progress_of(job),
        "total_images": total,
        "processed_images": completed + failed,
        "task_id": task_id(job.id),
        "failed_images": failed,
        "error_code": code,
        "error_message": message,
        "cancelled": job.status == JobState.CANCELLED,
    }
    return _placed(body, job, where)


def batch_view(session: Session, context: Quarry, job: Job) -> Body:
    """A batch with its jobs."""
    total, completed, failed = counts(session, context, job)
    return {
        "batch_job_id": batch_id(job.id),
        "status": status_of(job),
        "total_images": total,
        "completed_images": completed,
        "failed_images": failed,
        "created_at": isoformat(job.created_at),
        "updated_at": isoformat(job.updated_at),
        "jobs": [_child(session, context, child) for child in children(session, job)],
        "task_id": task_id(job.id),
        "progress": progress_of(job),
        "cancelled": job.status == JobState.CANCELLED,
    }


def _child(session: Session, context: Quarry, job: Job) -> Body:
    code, message = failure_of(job.error_code, job.error_message, context.settings.soft_seconds)
    return {
        "job_id": job.id,
        "status": status_of(job),
        "model_type": job.request.get("model_type"),
        "total_masks": total_masks(session, job),
        "index": job.child_index,
        "error_code": code,
        "error_message": message,
    }


def children(session: Session, job: Job) -> Sequence[Job]:
    """The jobs of a batch in the order of its images."""
    query = select(Job).where(Job.parent_id == job.id).order_by(Job.child_index, Job.id).limit(MOST_CHILDREN)
    return session.scalars(query).all()


def counts(session: Session, context: Quarry, job: Job) -> tuple[int, int, int]:
    """Images in all, completed, failed."""
    if not job.is_batch:
        completed = int(job.status == JobState.COMPLETED)
        return 1, completed, int(job.status in {JobState.FAILED, JobState.CANCELLED})
    states = context.platform.jobs.child_counts(session, job)
    return sum(states.values()), states[JobState.COMPLETED], states[JobState.FAILED] + states[JobState.CANCELLED]


def total_masks(session: Session, job: Job) -> int | None:
    """Masks of a completed job; null before."""
    if job.status != JobState.COMPLETED:
        return None
    if job.is_batch:
        return sum(int((child.result or {}).get("total_masks", 0)) for child in children(session, job))
    return int((job.result or {}).get("total_masks", 0))


def page(
    session: Session,
    account_id: str,
    *,
    number: int,
    size: int,
    status: str | None,
    model_type: str | None,
    kind: str | None,
    batch: str | None,
) -> tuple[Sequence[Job], int]:
    """Jobs of a page, newest first, and the number of all that match."""
    where = [Job.account_id == account_id, Job.face == FACE]
    kinds = [name for name in PUBLIC if kind is None or operation_of(name) == kind]
    where.append(Job.kind.in_(kinds))
    if status is not None:
        where.append(Job.status.in_(STATES[status]))
    if model_type is not None:
        where.append(Job.request["model_type"].as_string() == model_type)
    if batch is not None:
        where.append(Job.parent_id == batch)
    total = session.scalar(select(func.count()).select_from(Job).where(*where)) or 0
    query = select(Job).where(*where).order_by(Job.created_at.desc(), Job.id.desc())
    return session.scalars(query.limit(size).offset((number - 1) * size)).all(), total


def batch_results(context: Quarry, account_id: str, job_id: str, override: Format | None) -> Iterator[bytes]:
    """The result of a batch as JSON text, one image at a time."""
    platform = context.platform
    with platform.database.read() as session:
        job = session.get(Job, job_id)
        if job is None or job.account_id != account_id:
            return
        request = job.request
        body = {**batch_view(session, context, job), "parameters": request["parameters"], "warnings": request["warnings"]}
        ids = [child.id for child in children(session, job)]
    yield to_json(body)[:-1] + b',"results":['
    for index, child_id in enumerate(ids):
        with platform.database.read() as session:
            child = session.get(Job, child_id)
            if child is None:
                continue
            found = results.load(session, child, masks=override != "none")
        yield (b"," if index else b"") + to_json(results.single(context, found, override), inf_nan_mode="null")
    yield b"]}"


def unfinished(job: Job) -> bool:
    """Whether a job has not ended."""
    return job.status in ACTIVE
