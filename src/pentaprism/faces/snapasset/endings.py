"""What follows in the face's own rows when an attempt fails and when a job ends or goes.

Loaded by the server too, so nothing heavy is imported here. How long an ended job is kept stands in its request, because these
functions know no settings.
"""

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from pentaprism.core.jobs import logs
from pentaprism.core.jobs.states import JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.snapasset.faults import sentence
from pentaprism.faces.snapasset.generation.sources import drop_sources, keys_of, release_images, release_unused
from pentaprism.faces.snapasset.naming import images_holder
from pentaprism.faces.snapasset.tables import Picture


def retried(session: Session, job: Job, seconds: float) -> None:
    """Two lines: what went wrong, and when the next attempt comes."""
    line(session, job, f"Error: {sentence(job.error_code)}", "error")
    line(session, job, f"Retrying in {seconds:g} s (attempt {job.attempt + 1} of {job.max_attempts})")


def ended(session: Session, job: Job) -> None:
    """A failed job keeps what it has made for a retry; a cancelled one loses its images."""
    kept = job.request.get("keep", {}).get(str(job.status))
    if kept is not None and job.finished_at is not None:
        job.expires_at = job.finished_at + timedelta(seconds=int(kept))
    if job.status == JobState.CANCELLED:
        session.execute(delete(Picture).where(Picture.job_id == job.id).execution_options(synchronize_session=False))
        release_images(session, images_holder(job.id))
        drop_sources(session, job.id)
    elif job.status == JobState.FAILED:
        line(session, job, f"Error: {sentence(job.error_code)}", "error")
        release_unused(session, keys_of(session, job.id), ending=job.id)


def removed(session: Session, job: Job) -> None:
    """Images and sources go with their job."""
    release_images(session, images_holder(job.id))
    drop_sources(session, job.id)


def line(session: Session, job: Job, message: str, level: str = "info") -> None:
    """Add a line to the job's log, and make it the one that listeners see."""
    logs.append(session, job.id, message, level)
    job.message = message
