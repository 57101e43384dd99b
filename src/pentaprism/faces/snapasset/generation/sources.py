"""Pictures that images are cut from. Jobs, uploads and kept pictures may share their bytes; whoever lets go last releases them."""

from collections.abc import Iterable

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.orm import Session

from pentaprism.core.blobs.tables import Blob
from pentaprism.core.jobs.states import ACTIVE
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.snapasset.tables import KeptPicture, Source, UploadedImage


def keys_of(session: Session, job_pk: str) -> list[str]:
    """Keys of the pictures that a job cuts from."""
    return list(session.scalars(select(Source.blob_key).where(Source.job_id == job_pk).order_by(Source.position)))


def drop_sources(session: Session, job_pk: str) -> None:
    """Let a job go from all its sources."""
    keys = keys_of(session, job_pk)
    session.execute(delete(Source).where(Source.job_id == job_pk).execution_options(synchronize_session=False))
    release_unused(session, keys)


def release_unused(session: Session, keys: Iterable[str], *, ending: str | None = None) -> None:
    """Release the bytes under those of ``keys`` that nothing needs any more.

    A picture that was generated stays as long as a job has it; an upload only until it is deleted and no unfinished job has it.
    ``ending`` is a job that counts as finished.
    """
    session.flush()
    for key in dict.fromkeys(keys):
        if _is_needed(session, key, ending):
            continue
        session.execute(delete(Source).where(Source.blob_key == key).execution_options(synchronize_session=False))
        gone = (UploadedImage.blob_key == key, UploadedImage.deleted_at.is_not(None))
        session.execute(delete(UploadedImage).where(*gone).execution_options(synchronize_session=False))
        released = update(Blob).where(Blob.key == key, Blob.state != "released").values(state="released", holder=None, expires_at=None)
        session.execute(released.execution_options(synchronize_session=False))


def release_images(session: Session, holder: str) -> None:
    """Release the images of a job; their bytes go with the next collection of garbage."""
    rows = update(Blob).where(Blob.holder == holder, Blob.state != "released").values(state="released", holder=None, expires_at=None)
    session.execute(rows.execution_options(synchronize_session=False))


def _is_needed(session: Session, key: str, ending: str | None) -> bool:
    jobs = select(Source.job_id).join(Job, Job.id == Source.job_id).where(Source.blob_key == key, Source.job_id != (ending or ""))
    used = jobs.where(or_(Source.upload_id.is_(None), Job.status.in_(ACTIVE)))
    upload = exists().where(UploadedImage.blob_key == key, UploadedImage.deleted_at.is_(None))
    kept = exists().where(KeptPicture.blob_key == key)
    return bool(session.scalar(select(or_(used.exists(), upload, kept))))
