"""What follows in the face's own rows when a job ends or goes. Loaded by the server too, so nothing heavy is imported here."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from pentaprism.core.blobs.tables import Blob
from pentaprism.core.jobs.states import JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.spheroseg.tables import Image


def ended(session: Session, job: Job) -> None:
    """The image follows its job when that ends as failed; a cancelled one leaves the image as it was."""
    if job.status != JobState.FAILED:
        return
    image = session.get(Image, str(job.request.get("image_id")), with_for_update=True)
    if image is not None and image.job_id == job.id:
        image.failure = {"code": job.error_code, "message": job.error_message}


def export_holder(job_id: str) -> str:
    """What keeps the bytes of an export."""
    return f"spheroseg-export:{job_id}"


def export_removed(session: Session, job: Job) -> None:
    """The bytes of an export go with its job."""
    rows = update(Blob).where(Blob.holder == export_holder(job.id), Blob.state != "released")
    session.execute(rows.values(state="released", holder=None, expires_at=None).execution_options(synchronize_session=False))
