"""What goes with a job that is deleted. Loaded by the server too, so nothing heavy is imported here."""

from sqlalchemy.orm import Session

from pentaprism.core.jobs.tables import Job
from pentaprism.faces.quarry.service.resultfiles import remove_files


def removed(session: Session, job: Job) -> None:
    """The result files of a job go once its row is gone; rows of its result follow by themselves."""
    if job.request.get("extraction"):
        remove_files(session, job.id, job.request.get("results_root"))
