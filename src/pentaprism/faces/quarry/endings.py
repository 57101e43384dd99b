"""What goes with a job that is deleted. Loaded by the server too, so nothing heavy is imported here."""

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.database.engine import after_commit
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.quarry.tables import ResultFile


def removed(session: Session, job: Job) -> None:
    """The result files of a job go once its row is gone; rows of its result follow by themselves."""
    root = job.request.get("results_root")
    paths = session.scalars(select(ResultFile.path).where(ResultFile.job_id == job.id)).all()
    if root and paths:
        files = [Path(root) / path for path in paths]
        after_commit(session, lambda: unlink(files))


def unlink(files: list[Path]) -> None:
    """Remove files, those that are gone already left out."""
    for file in files:
        file.unlink(missing_ok=True)
