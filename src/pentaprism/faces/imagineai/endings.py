"""What follows in the face's rows when a job of the queue ends or is tried again. Loaded by the server too: nothing heavy here."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.clock import now
from pentaprism.core.jobs.life import also_tell
from pentaprism.core.jobs.states import JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.imagineai.frames import events_after
from pentaprism.faces.imagineai.names import CANCELLED
from pentaprism.faces.imagineai.service import lifecycle, progress
from pentaprism.faces.imagineai.tables import ProcessingJob

FAILURE = "The image could not be processed"


def image_ended(session: Session, job: Job) -> None:
    """An image has failed for good, or was cancelled; a single one ends its job with it."""
    run = _run(session, job)
    if run is None:
        return
    image_id, index, seq = str(job.request["image_id"]), int(job.request["image_index"]), run.seq
    if job.status == JobState.FAILED:
        message = job.error_message or FAILURE
        lifecycle.image_failed(session, run, image_id, index, message)
        if job.parent_id is None:
            lifecycle.run_ended(session, run, "failed", message)
    else:
        lifecycle.image_cancelled(session, run, image_id, index)
        if job.parent_id is None:
            lifecycle.run_ended(session, run, "cancelled", CANCELLED)
    if not progress.any_open(session, run.id):
        lifecycle.product_settled(session, run.product_id)
    also_tell(session, events_after(session, run.id, seq, job.request.get("channel_prefix")))


def image_retried(session: Session, job: Job, seconds: float) -> None:
    """An attempt has failed and another one follows: the image starts again."""
    run = _run(session, job)
    if run is not None:
        seq = run.seq
        progress.reset(session, run.id, int(job.request["image_index"]))
        also_tell(session, events_after(session, run.id, seq, job.request.get("channel_prefix")))
    waits = job.request["retry_seconds"]
    if seconds > 0 and waits:
        job.run_after = now() + timedelta(seconds=float(waits[min(job.attempt, len(waits)) - 1]))


def batch_ended(session: Session, job: Job) -> None:
    """The last image of a batch has ended, or the batch was cancelled."""
    run = session.get(ProcessingJob, job.id, with_for_update=True, populate_existing=True)
    if run is None:
        return
    seq = run.seq
    if job.status == JobState.CANCELLED:
        lifecycle.run_ended(session, run, "cancelled", CANCELLED)
    elif run.failed_images == run.total_images:
        lifecycle.run_ended(session, run, "failed", failures(run))
    else:
        lifecycle.run_ended(session, run, "completed", failures(run) if run.failed_images else None)
    if not progress.any_open(session, run.id):
        lifecycle.product_settled(session, run.product_id)
    images = session.scalars(select(Job.request).where(Job.parent_id == job.id).limit(1)).first() or {}
    also_tell(session, events_after(session, run.id, seq, images.get("channel_prefix")))


def failures(run: ProcessingJob) -> str:
    """What is said of a batch with failed images."""
    return f"{run.failed_images} of {run.total_images} images failed"


def _run(session: Session, job: Job) -> ProcessingJob | None:
    return session.get(ProcessingJob, job.parent_id or job.id, with_for_update=True, populate_existing=True)
