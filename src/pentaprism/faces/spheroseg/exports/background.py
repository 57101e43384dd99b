"""Exports as jobs: for projects too large to wait for."""

from typing import Any

from sqlalchemy.orm import Session

from pentaprism.core.blobs.tables import Blob
from pentaprism.core.errors import Conflict, NotFound
from pentaprism.core.ids import is_id
from pentaprism.core.jobs.states import JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.spheroseg.context import FACE, Spheroseg
from pentaprism.faces.spheroseg.endings import export_holder
from pentaprism.faces.spheroseg.exports.wish import Wish
from pentaprism.faces.spheroseg.rights import project_for
from pentaprism.faces.spheroseg.segmentation.queue import EXPORT_KIND
from pentaprism.faces.spheroseg.serialise import stamp
from pentaprism.faces.spheroseg.tables import Project

WORDS = {
    JobState.QUEUED: "queued",
    JobState.RETRYING: "queued",
    JobState.RUNNING: "processing",
    JobState.COMPLETED: "completed",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
}


def begin(context: Spheroseg, session: Session, account_id: str, project: Project, wish: Wish) -> Job:
    """Queue an export."""
    request = {
        "project_id": project.id,
        "formats": list(wish.formats),
        "include_images": wish.include_images,
        "units": wish.units,
        "image_ids": None if wish.image_ids is None else list(wish.image_ids),
    }
    subject = f"project:{project.id}"
    return context.platform.jobs.enqueue(session, EXPORT_KIND, account_id=account_id, face=FACE, request=request, subject=subject)


def find(session: Session, account_id: str, export_id: str) -> Job:
    """An export that the account has begun, of a project it may still look at. Raises NotFound."""
    job = session.get(Job, export_id.lower()) if is_id(export_id) else None
    if job is None or job.kind != EXPORT_KIND or job.account_id != account_id:
        raise NotFound("This export does not exist.")
    project_for(session, account_id, str(job.request["project_id"]))
    return job


def finished_file(context: Spheroseg, session: Session, job: Job) -> Blob:
    """The bytes of a completed export. Raises Conflict before its end, NotFound after its retention."""
    if job.status != JobState.COMPLETED:
        raise Conflict("The export is not completed.", details={"status": WORDS[JobState(job.status)]})
    kept = context.platform.blobs.find(session, export_holder(job.id))
    if not kept:
        raise NotFound("The file of this export has been removed.")
    return kept[0]


def document(job: Job, base: str) -> dict[str, Any]:
    """An export as its owner sees it."""
    result = job.result or {}
    done = job.status == JobState.COMPLETED
    return {
        "id": job.id,
        "taskId": job.id,
        "projectId": job.request["project_id"],
        "status": WORDS[JobState(job.status)],
        "progress": 100 if done else round(job.progress),
        "formats": job.request["formats"],
        "units": job.request["units"],
        "includeImages": job.request["include_images"],
        "size": result.get("size"),
        "fileName": result.get("file_name"),
        "downloadUrl": f"{base}/api/exports/{job.id}/download" if done else None,
        "error": job.error_message if job.status == JobState.FAILED else None,
        "createdAt": stamp(job.created_at),
        "finishedAt": stamp(job.finished_at),
        "expiresAt": stamp(job.expires_at),
    }
