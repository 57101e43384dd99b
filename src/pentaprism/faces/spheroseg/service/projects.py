"""Projects: listing, reading, creating, changing."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, SQLColumnExpression, String, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from pentaprism.core.accounts.tables import Account
from pentaprism.core.errors import InvalidInput, NotAllowed, NotFound
from pentaprism.faces.spheroseg.context import Call, Spheroseg
from pentaprism.faces.spheroseg.links import Links
from pentaprism.faces.spheroseg.rights import AnySelect, canonical_id, permission_on, project_for, require, share_of
from pentaprism.faces.spheroseg.schemas.requests import CreateProject, UpdateProject
from pentaprism.faces.spheroseg.schemas.texts import stored_pixel_size
from pentaprism.faces.spheroseg.serialise import project_document
from pentaprism.faces.spheroseg.tables import Image, Project, Share

SortField = Literal["created_at", "updated_at", "title", "name", "image_count"]
Direction = Literal["asc", "desc"]


@dataclass(frozen=True, slots=True)
class ProjectQuery:
    """Which projects, in which order."""

    limit: int = 10
    offset: int = 0
    include_shared: bool = True
    sort_field: SortField = "created_at"
    sort_direction: Direction = "desc"
    search: str | None = None
    tag: str | None = None


def image_count() -> ColumnElement[int]:
    """How many images the project of the row has."""
    return select(func.count(Image.id)).where(Image.project_id == Project.id).correlate(Project).scalar_subquery()


def newest_image() -> ColumnElement[str | None]:
    """Id of the newest image of the row's project."""
    newest = select(Image.id).where(Image.project_id == Project.id).correlate(Project)
    return newest.order_by(Image.created_at.desc(), Image.id.desc()).limit(1).scalar_subquery()


def _rows(account_id: str) -> AnySelect:
    """Project, the account's share, owner's name, number of images, newest image."""
    columns = (Project, Share.permission, Account.name, image_count().label("images"), newest_image())
    return select(*columns).outerjoin(Share, share_of(account_id)).outerjoin(Account, Account.id == Project.account_id)


def _document(row: Any, account_id: str, links: Links) -> dict[str, Any]:
    project, shared, owner_name, images, newest = row
    permission = require(permission_on(project, account_id, shared), "view", "project")
    return project_document(project, owner_name=owner_name, permission=permission, image_count=images, newest_image_id=newest, links=links)


def visible(account_id: str, query: ProjectQuery) -> ColumnElement[bool]:
    """Own projects and, where asked for, those with a share, narrowed by search and tag."""
    mine = Project.account_id == account_id
    parts: list[ColumnElement[bool]] = [or_(mine, Share.id.is_not(None)) if query.include_shared else mine]
    if query.search:
        texts = (Project.title, Project.description)
        parts.append(or_(*(text.icontains(query.search, autoescape=True) for text in texts)))
    if query.tag:
        parts.append(_has_tag(query.tag))
    return and_(*parts)


def _has_tag(tag: str) -> ColumnElement[bool]:
    """Whether the JSON list of tags holds ``tag``; one database keeps it with escapes, the other without."""
    text = cast(Project.tags, String)
    return or_(*(text.contains(form, autoescape=True) for form in {json.dumps(tag), json.dumps(tag, ensure_ascii=False)}))


def list_projects(call: Call, query: ProjectQuery) -> tuple[list[dict[str, Any]], int]:
    """A page of the caller's projects, and how many there are in all."""
    where = visible(call.account_id, query)
    counted = select(func.count(Project.id)).outerjoin(Share, share_of(call.account_id)).where(where)
    total = call.session.scalar(counted) or 0
    rows = _rows(call.account_id).where(where).order_by(*_order(query)).limit(query.limit).offset(query.offset)
    return [_document(row, call.account_id, call.links) for row in call.session.execute(rows)], total


def _order(query: ProjectQuery) -> list[ColumnElement[Any]]:
    columns: dict[str, SQLColumnExpression[Any]] = {
        "created_at": Project.created_at,
        "updated_at": Project.updated_at,
        "title": func.lower(Project.title),
        "name": func.lower(Project.title),
        "image_count": image_count(),
    }
    chosen = [columns[query.sort_field], Project.id]
    return [column.asc() if query.sort_direction == "asc" else column.desc() for column in chosen]


def project_document_for(session: Session, account_id: str, project_id: str, links: Links) -> dict[str, Any]:
    """Project as the account sees it. Raises NotFound."""
    row = session.execute(_rows(account_id).where(Project.id == canonical_id(project_id, "project"))).first()
    if row is None:
        raise NotFound("This project does not exist.")
    return _document(row, account_id, links)


def template(call: Call) -> dict[str, Any]:
    """An empty project for a form."""
    moment = call.account.created_at
    empty = Project(id="new", account_id=call.account_id, title="", description="", tags=[], public=False, pixel_size=None)
    empty.created_at = empty.updated_at = moment
    name = call.account.name
    return project_document(empty, owner_name=name, permission="owner", image_count=0, newest_image_id=None, links=call.links)


def create_project(context: Spheroseg, call: Call, body: CreateProject) -> dict[str, Any]:
    """A project of the caller."""
    moment = context.platform.clock()
    project = Project(
        account_id=call.account_id,
        title=body.title,
        description=body.description or "",
        tags=list(body.tags or []),
        public=body.public,
        pixel_size=stored_pixel_size(body.pixel_size_um),
        created_at=moment,
        updated_at=moment,
    )
    call.session.add(project)
    call.session.flush()
    context.tell(call.session, "project-updated", project.id, accounts=[call.account_id], change="created")
    name = call.account.name
    return project_document(project, owner_name=name, permission="owner", image_count=0, newest_image_id=None, links=call.links)


def update_project(context: Spheroseg, call: Call, project_id: str, body: UpdateProject) -> dict[str, Any]:
    """Change what the request holds; only the owner may change ``public``. Raises InvalidInput, NotAllowed, NotFound."""
    project, permission = project_for(call.session, call.account_id, project_id, "edit")
    given = body.model_fields_set
    if "public" in given and permission != "owner":
        raise NotAllowed("Only the owner may make a project public or private.")
    if "title" in given:
        project.title = body.title
    if "description" in given:
        project.description = body.description or ""
    if "tags" in given:
        project.tags = list(body.tags or [])
    if "pixel_size_um" in given:
        project.pixel_size = stored_pixel_size(body.pixel_size_um)
    if "public" in given:
        hidden = project.public and not body.public
        project.public = body.public
        if hidden:
            context.access_lost(call.session, project.id, None)
    project.updated_at = context.platform.clock()
    call.session.flush()
    context.tell(call.session, "project-updated", project.id, change="updated")
    return project_document_for(call.session, call.account_id, project.id, call.links)


def flag(text: str | None, field: str) -> bool:
    """A query flag: true, false, 1 or 0; true where it is missing. Raises InvalidInput."""
    if text is None:
        return True
    if text.lower() in {"true", "1"}:
        return True
    if text.lower() in {"false", "0"}:
        return False
    raise InvalidInput("must be true, false, 1 or 0", field=field)
