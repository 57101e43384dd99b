"""What follows when a job ends or goes. Loaded by the server too, so nothing heavy is imported here.

How long an ended job is kept stands in its request, because these functions know no settings.
"""

from datetime import timedelta

from sqlalchemy.orm import Session

from pentaprism.core.jobs.tables import Job
from pentaprism.faces.quarry.resultfiles import remove_files

WEEK = 168.0


def ended(_session: Session, job: Job) -> None:
    """A job that failed or was cancelled, and a batch in any case, is kept as long as others; children go with their batch."""
    if job.parent_id is None and job.finished_at is not None:
        job.expires_at = job.finished_at + timedelta(hours=float(job.request.get("kept_hours", WEEK)))


def removed(session: Session, job: Job) -> None:
    """The result files of a job go once its row is gone; rows of its result follow by themselves."""
    if job.request.get("extraction"):
        remove_files(session, job.id, job.request.get("results_root"))
