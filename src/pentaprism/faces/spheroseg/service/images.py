"""Images: reading and listing, with their status and segmentation in the same query."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, SQLColumnExpression, String, and_, bindparam, case, func, select
from sqlalchemy.orm import Session

from pentaprism.core.database.tables import Id
from pentaprism.core.errors import NotFound
from pentaprism.core.ids import is_id
from pentaprism.core.jobs.states import JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.spheroseg.context import Call, Spheroseg
from pentaprism.faces.spheroseg.links import Links
from pentaprism.faces.spheroseg.rights import ACCOUNT, AnySelect, canonical_id, image_for, image_query, permission_on, project_for, require
from pentaprism.faces.spheroseg.schemas.requests import UpdateImage
from pentaprism.faces.spheroseg.schemas.texts import stored_pixel_size
from pentaprism.faces.spheroseg.serialise import ImageStatus, image_document, status_of
from pentaprism.faces.spheroseg.tables import Image, Project, Segmentation

SortField = Literal["created_at", "updated_at", "name", "size", "status", "width", "height"]
Direction = Literal["asc", "desc"]


@dataclass(frozen=True, slots=True)
class ImageQuery:
    """Which images of a project, in which order; without ``limit`` all of them."""

    limit: int | None = None
    offset: int = 0
    status: ImageStatus | None = None
    search: str | None = None
    sort_field: SortField = "created_at"
    sort_direction: Direction = "desc"


def status_column() -> ColumnElement[str]:
    """The image's status in SQL; needs the job of ``Image.job_id`` in the query (:func:`with_status`)."""
    return case(
        (Job.status.in_([JobState.QUEUED, JobState.RETRYING]), "queued"),
        (Job.status == JobState.RUNNING, "processing"),
        (Image.failure.is_not(None), "failed"),
        (Image.current_version.is_not(None), "completed"),
        else_="without_segmentation",
    )


def with_status(query: AnySelect) -> AnySelect:
    """``query`` over images, joined with the newest job of each."""
    return query.outerjoin(Job, Job.id == Image.job_id)


def _with_segmentation(query: AnySelect) -> AnySelect:
    """``query`` over images, joined with the segmentation that each shows."""
    return query.outerjoin(Segmentation, and_(Segmentation.image_id == Image.id, Segmentation.version == Image.current_version))


# Image, project, share, status of the job, id of the current segmentation.
FULL = _with_segmentation(with_status(image_query(ACCOUNT, Job.status, Segmentation.id)))
ONE_FULL = FULL.where(Image.id == bindparam("image", type_=Id))
OF_PROJECT = FULL.where(Image.project_id == bindparam("project", type_=Id))
BY_ID = OF_PROJECT.where(Image.id == bindparam("key", type_=Id))
BY_NAME = OF_PROJECT.where(Image.name == bindparam("key", type_=String)).order_by(Image.created_at.desc(), Image.id.desc()).limit(1)


def document(image: Image, project: Project, job_status: str | None, segmentation_id: str | None, links: Links) -> dict[str, Any]:
    """Image, given what stands beside its row."""
    status = status_of(job_status, image.failure is not None, image.current_version is not None)
    return image_document(image, project, status=status, segmentation_id=segmentation_id, links=links)


def image(session: Session, account_id: str, image_id: str, links: Links) -> dict[str, Any]:
    """Image as the account sees it, by one query. Raises NotFound."""
    row = session.execute(ONE_FULL, {"account": account_id, "image": canonical_id(image_id, "image")}).first()
    return _seen(row, account_id, links)


def image_of_project(call: Call, project_id: str, key: str) -> dict[str, Any]:
    """The image with the id or the exact name ``key`` in this project. Raises NotFound."""
    if "\x00" in key:
        raise NotFound("This image does not exist.")
    wanted = {"account": call.account_id, "project": canonical_id(project_id, "project")}
    query, wanted["key"] = (BY_ID, key.lower()) if is_id(key) else (BY_NAME, key)
    row = call.session.execute(query, wanted).first()
    return _seen(row, call.account_id, call.links)


def _seen(row: Any, account_id: str, links: Links) -> dict[str, Any]:
    if row is None:
        raise NotFound("This image does not exist.")
    found, project, shared, job_status, segmentation_id = row
    require(permission_on(project, account_id, shared), "view", "image")
    return document(found, project, job_status, segmentation_id, links)


def list_images(call: Call, project_id: str, query: ImageQuery) -> tuple[list[dict[str, Any]], int]:
    """Images of a project and how many there are in all. Raises NotFound."""
    project, _ = project_for(call.session, call.account_id, project_id)
    where: list[ColumnElement[bool]] = [Image.project_id == project.id]
    if query.status is not None:
        where.append(status_column() == query.status)
    if query.search:
        where.append(Image.name.icontains(query.search, autoescape=True))
    rows = _with_segmentation(with_status(select(Image, Job.status, Segmentation.id)))
    rows = rows.where(*where).order_by(*_order(query)).offset(query.offset)
    found = call.session.execute(rows.limit(query.limit) if query.limit is not None else rows.limit(-1 if query.offset else None)).all()
    if query.limit is None and not query.offset:
        total = len(found)
    else:
        counted = select(func.count(Image.id))
        total = call.session.scalar((with_status(counted) if query.status else counted).where(*where)) or 0
    return [document(row, project, status, segmentation, call.links) for row, status, segmentation in found], total


def _order(query: ImageQuery) -> list[ColumnElement[Any]]:
    columns: dict[str, SQLColumnExpression[Any]] = {
        "created_at": Image.created_at,
        "updated_at": Image.updated_at,
        "name": func.lower(Image.name),
        "size": Image.size,
        "width": Image.width,
        "height": Image.height,
        "status": status_column(),
    }
    chosen = [columns[query.sort_field], Image.id]
    return [column.asc() if query.sort_direction == "asc" else column.desc() for column in chosen]


def update_image(context: Spheroseg, call: Call, image_id: str, body: UpdateImage) -> dict[str, Any]:
    """Set or clear the image's own calibration; it holds from the next read on. Raises NotFound, NotAllowed."""
    found, project, _ = image_for(call.session, call.account_id, image_id, "edit")
    found.own_pixel_size = stored_pixel_size(body.pixel_size_um)
    call.session.flush()
    context.tell(call.session, "project-updated", project.id, change="updated")
    return image(call.session, call.account_id, found.id, call.links)
