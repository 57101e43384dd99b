"""Deleting images and projects: rows, jobs and stored bytes together."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pentaprism.core.database.chunks import chunks
from pentaprism.core.jobs.states import ACTIVE
from pentaprism.core.jobs.tables import Job
from pentaprism.core.platform import Platform
from pentaprism.faces.spheroseg.context import FACE, Call, Spheroseg
from pentaprism.faces.spheroseg.rights import canonical_id, image_for, project_for, sharers
from pentaprism.faces.spheroseg.settings import SpherosegSettings
from pentaprism.faces.spheroseg.tables import Image, Project


def subject_of(image_id: str) -> str:
    """What jobs of an image carry as their subject."""
    return f"image:{image_id}"


def preview_holder(image_id: str) -> str:
    """What keeps the previews of an image in the store."""
    return f"spheroseg-preview:{image_id}"


def delete_image(context: Spheroseg, call: Call, image_id: str) -> None:
    """Remove an image with all that belongs to it. Raises NotFound, NotAllowed."""
    found, project, _ = image_for(call.session, call.account_id, image_id, "edit")
    remove_images(context, call.session, [found])
    _tell_deleted(context, call.session, project, [found.id])


def delete_images(context: Spheroseg, call: Call, project_id: str, image_ids: Sequence[str]) -> tuple[list[str], list[str]]:
    """Remove those of the ids that are images of this project; which were removed, and which not. Raises NotFound, NotAllowed."""
    project, _ = project_for(call.session, call.account_id, project_id, "edit")
    wanted = list(dict.fromkeys(image_ids))
    found: dict[str, Image] = {}
    for chunk in chunks([text.lower() for text in wanted]):
        rows = call.session.scalars(select(Image).where(Image.project_id == project.id, Image.id.in_(chunk)))
        found.update((image.id, image) for image in rows)
    remove_images(context, call.session, list(found.values()))
    if found:
        _tell_deleted(context, call.session, project, list(found))
    removed = list(dict.fromkeys(text.lower() for text in wanted if text.lower() in found))
    return removed, [text for text in wanted if text.lower() not in found]


def delete_project(context: Spheroseg, call: Call, project_id: str) -> None:
    """Remove a project of the caller with all its images. Raises NotFound, NotAllowed."""
    project, _ = project_for(call.session, call.account_id, project_id, "owner")
    heard = sharers(call.session, project.id)
    remove_project(context, call.session, project)
    context.access_lost(call.session, project.id, None)
    context.tell(call.session, "project-updated", canonical_id(project_id, "project"), accounts=heard, change="deleted")


def remove_project(context: Spheroseg, session: Session, project: Project) -> None:
    """Remove a project, its images, their jobs and bytes; tells nobody."""
    remove_images(context, session, session.scalars(select(Image).where(Image.project_id == project.id)).all())
    cancel_jobs(context, session, [f"project:{project.id}"], "The project was deleted")
    session.execute(delete(Project).where(Project.id == project.id).execution_options(synchronize_session=False))
    session.expunge(project)


def remove_images(context: Spheroseg, session: Session, images: Sequence[Image]) -> None:
    """Remove images, cancel their jobs, release their bytes where no other image shares them; tells nobody."""
    if not images:
        return
    cancel_jobs(context, session, [subject_of(image.id) for image in images], "The image was deleted")
    keys = {key for image in images for key in (image.blob_key, image.thumbnail_key) if key}
    for chunk in chunks([image.id for image in images]):
        session.execute(delete(Image).where(Image.id.in_(chunk)).execution_options(synchronize_session=False))
    for image in images:
        session.expunge(image)
    context.platform.blobs.release(session, *[preview_holder(image.id) for image in images])
    for chunk in chunks(sorted(keys)):
        kept = {key for column in (Image.blob_key, Image.thumbnail_key) for key in session.scalars(select(column).where(column.in_(chunk)))}
        context.platform.blobs.release(session, *[key for key in chunk if key not in kept])


def cancel_jobs(context: Spheroseg, session: Session, subjects: Sequence[str], message: str) -> None:
    """Cancel whatever works on these subjects."""
    active = select(Job).where(Job.status.in_(ACTIVE), Job.face == FACE)
    jobs = [job for chunk in chunks(subjects) for job in session.scalars(active.where(Job.subject.in_(chunk)))]
    context.platform.jobs.cancel_all(session, jobs, message)


def before_account_goes(context: Spheroseg, session: Session, account_id: str) -> None:
    """Called when an account is deleted, on whichever face: its projects go first, with jobs that others began in them."""
    for project in session.scalars(select(Project).where(Project.account_id == account_id)).all():
        heard = sharers(session, project.id)
        remove_project(context, session, project)
        context.access_lost(session, project.id, None)
        context.tell(session, "project-updated", project.id, accounts=heard, change="deleted")


def account_hook(platform: Platform, settings: SpherosegSettings) -> Callable[[Session, str], None]:
    """``before_account_goes`` for a process that does not serve this face."""
    return partial(before_account_goes, Spheroseg(platform, settings))


def _tell_deleted(context: Spheroseg, session: Session, project: Project, image_ids: Iterable[str]) -> None:
    heard = sharers(session, project.id)
    for image_id in image_ids:
        context.tell(session, "image-deleted", project.id, accounts=heard, image_id=image_id)
    context.tell(session, "project-updated", project.id, accounts=heard, change="updated")
