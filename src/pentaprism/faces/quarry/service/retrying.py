"""Trying again what failed or was cancelled."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.jobs.queue import NewJob
from pentaprism.core.jobs.states import FINAL, JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.quarry.context import Quarry
from pentaprism.faces.quarry.errors import NotRetried
from pentaprism.faces.quarry.kinds import FACE
from pentaprism.faces.quarry.service.submission import check_limits
from pentaprism.faces.quarry.service.words import progress_of, status_of

UNUSABLE = "The images of this batch that failed cannot be used; send others."


def retry(session: Session, context: Quarry, job: Job) -> Job:
    """The job that works on ``job`` again. Raises NotRetried unless it failed or was cancelled, TooManyRequests, Unavailable.

    What failed waits again under its own id, of a batch the images that failed. What was cancelled stays so, because its worker may
    still be stopping: one new job, or one batch of the images without a result, takes its place, however often it is asked for.
    """
    check_limits(session, context, job.account_id, waits=job.queue == "interactive")
    asked = job
    while job.status == JobState.CANCELLED:
        successor = _successor(session, job)
        if successor is None:
            return _anew(session, context, job)
        job = successor
    if job is not asked and job.status != JobState.FAILED:
        return job
    if job.status in FINAL and context.platform.jobs.retry(session, job):
        session.refresh(job)
        return job
    failed = job.is_batch and context.platform.jobs.child_counts(session, job)[JobState.FAILED] > 0
    raise _refusal(job, UNUSABLE if failed and job.status in FINAL else None)


def _refusal(job: Job, message: str | None) -> NotRetried:
    return NotRetried(message, details={"job_id": job.id, "status": status_of(job), "progress": progress_of(job)})


def _key(job: Job) -> str:
    """No client can send a key with a colon."""
    return f"retry:{job.id}"


def _successor(session: Session, job: Job) -> Job | None:
    query = select(Job).where(Job.account_id == job.account_id, Job.face == FACE, Job.idempotency_key == _key(job))
    return session.scalars(query).first()


def _anew(session: Session, context: Quarry, job: Job) -> Job:
    jobs = context.platform.jobs
    if not job.is_batch:
        return jobs.enqueue_many(session, [_like(job, _key(job))])[0]
    ended = select(Job).where(Job.parent_id == job.id, Job.status.in_([JobState.FAILED, JobState.CANCELLED]))
    children = [_like(child) for child in session.scalars(ended.order_by(Job.child_index, Job.id)) if "image_id" in child.request]
    if not children:
        raise _refusal(job, UNUSABLE)
    return jobs.batch(
        session,
        job.kind,
        children,
        account_id=job.account_id,
        face=FACE,
        request={**job.request, "children": [child.id for child in children]},
        children_at_once=context.settings.batch_at_once,
        idempotency_key=_key(job),
    )


def _like(job: Job, key: str | None = None) -> NewJob:
    return NewJob(
        job.kind,
        job.account_id,
        FACE,
        job.request,
        subject=job.subject,
        priority=job.priority,
        time_limit=job.time_limit,
        idempotency_key=key,
    )
