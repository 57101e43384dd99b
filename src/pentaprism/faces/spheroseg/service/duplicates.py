"""Copies of projects."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.blobs.staging import StagedBlob
from pentaprism.core.ids import new_id
from pentaprism.faces.spheroseg.context import FACE, Call, Spheroseg
from pentaprism.faces.spheroseg.rights import project_for
from pentaprism.faces.spheroseg.schemas.requests import DuplicateProject
from pentaprism.faces.spheroseg.serialise import EXTENSIONS, MIME_TYPES
from pentaprism.faces.spheroseg.service.projects import project_document_for
from pentaprism.faces.spheroseg.service.uploads import holder_of
from pentaprism.faces.spheroseg.tables import Image, Project, Segmentation

ImageCopies = dict[str, StagedBlob]


def copied_bytes(context: Spheroseg, call: Call, project_id: str) -> ImageCopies:
    """Copies of the bytes of somebody else's project, by key, not kept yet; of an own project none are needed. Raises NotFound."""
    project, _ = project_for(call.session, call.account_id, project_id)
    if project.account_id == call.account_id:
        return {}
    copies: ImageCopies = {}
    blobs = context.platform.blobs
    for image in call.session.scalars(select(Image).where(Image.project_id == project.id)):
        for key, purpose in ((image.blob_key, "original"), (image.thumbnail_key, "derived")):
            if key is not None and key not in copies:
                mime = MIME_TYPES[image.format] if purpose == "original" else "image/jpeg"
                copies[key] = blobs.stage(blobs.read(key), account_id=call.account_id, face=FACE, purpose=purpose, content_type=mime)
    return copies


def duplicate(context: Spheroseg, call: Call, project_id: str, body: DuplicateProject, copies: ImageCopies) -> dict[str, Any]:
    """A project of the caller with the same images and, unless declined, their current segmentations.

    Copies of an own project share its stored bytes. Raises NotFound, QuotaExceeded.
    """
    source, _ = project_for(call.session, call.account_id, project_id)
    moment = context.platform.clock()
    copy = Project(
        account_id=call.account_id,
        title=(body.title or f"{source.title} (copy)")[:255],
        description=source.description,
        tags=list(source.tags),
        public=False,
        pixel_size=source.pixel_size,
        created_at=moment,
        updated_at=moment,
    )
    call.session.add(copy)
    call.session.flush()
    images = call.session.scalars(select(Image).where(Image.project_id == source.id).order_by(Image.created_at, Image.id)).all()
    kept: dict[str, str] = {}
    for image in images:
        _copy_image(context, call, image, copy, body, copies, kept)
    context.tell(call.session, "project-updated", copy.id, accounts=[call.account_id], change="created")
    return project_document_for(call.session, call.account_id, copy.id, call.links)


def _copy_image(
    context: Spheroseg, call: Call, image: Image, project: Project, body: DuplicateProject, copies: ImageCopies, kept: dict[str, str]
) -> None:
    image_id = new_id()
    for key, folder, suffix in ((image.blob_key, "originals", EXTENSIONS[image.format]), (image.thumbnail_key, "thumbnails", "jpg")):
        if key is not None and key not in kept:
            kept[key] = key
            if key in copies:
                quota = context.settings.storage_limit_bytes if folder == "originals" else None
                place = f"{FACE}/{folder}/{image_id}.{suffix}"
                kept[key] = context.platform.blobs.keep(call.session, copies[key], holder_of(image_id), key=place, quota=quota).key
    twin = Image(**_columns(image), id=image_id, project_id=project.id, uploaded_by=call.account_id)
    twin.blob_key = kept[image.blob_key]
    twin.thumbnail_key = kept[image.thumbnail_key] if image.thumbnail_key else None
    twin.job_id = twin.failure = twin.current_version = None
    call.session.add(twin)
    call.session.flush()
    if body.copySegmentations and image.current_version is not None:
        _copy_segmentation(call.session, image, twin)


def _copy_segmentation(session: Session, image: Image, twin: Image) -> None:
    query = select(Segmentation).where(Segmentation.image_id == image.id, Segmentation.version == image.current_version)
    found = session.scalars(query).first()
    if found is not None:
        values = {**_columns(found), "version": 1, "job_id": None}
        session.add(Segmentation(**values, id=new_id(), image_id=twin.id))
        session.flush()
        twin.current_version = 1


def _columns(row: Image | Segmentation) -> dict[str, Any]:
    """Values of a row without its id and what it belongs to."""
    left_out = {"id", "project_id", "image_id", "uploaded_by"}
    return {column.key: getattr(row, column.key) for column in type(row).__table__.columns if column.key not in left_out}
