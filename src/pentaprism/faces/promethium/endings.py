"""What follows in the face's own rows when a job ends or goes. Loaded by the server too, so nothing heavy is imported here."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from pentaprism.core.blobs.tables import Blob
from pentaprism.core.clock import now
from pentaprism.core.jobs.states import JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.promethium.tables import Dataset

UNREADABLE = {"code": "UNREADABLE", "message": "The file could not be processed."}


def artifacts_holder(job_id: str) -> str:
    """What keeps the artifacts of a job in the store."""
    return f"promethium-job:{job_id}"


def ingest_ended(session: Session, job: Job) -> None:
    """A dataset whose file could not be read is failed."""
    if job.status != JobState.FAILED:
        return
    dataset = session.get(Dataset, str(job.request.get("dataset_id")), with_for_update=True)
    if dataset is not None and dataset.status == "processing":
        dataset.status, dataset.error, dataset.updated_at = "failed", UNREADABLE, now()


def run_deleted(session: Session, job: Job) -> None:
    """The artifacts of a job go with it; its output dataset stays."""
    rows = update(Blob).where(Blob.holder == artifacts_holder(job.id), Blob.state != "released")
    session.execute(rows.values(state="released", holder=None, expires_at=None).execution_options(synchronize_session=False))
