"""Who may do what with a project and its images.

The owner may do everything; an ``edit`` share all but delete the project, share it and change ``public``; a ``view`` share
and, on a public project, every account that knows the id, may read. Who has no right learns nothing: NotFound.
"""

from typing import Any, Literal, TypeAlias

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, select
from sqlalchemy.orm import Session

from pentaprism.core.database.tables import Id
from pentaprism.core.errors import NotAllowed, NotFound
from pentaprism.core.ids import is_id
from pentaprism.faces.spheroseg.tables import Image, Project, Share

Permission = Literal["owner", "edit", "view"]
AnySelect: TypeAlias = Select[*tuple[Any, ...]]

RANK: dict[str, int] = {"view": 1, "edit": 2, "owner": 3}


def canonical_id(text: str, what: str) -> str:
    """``text`` in lower case; NotFound unless it is an id, so that a malformed one is told from no other missing one."""
    if not is_id(text):
        raise NotFound(f"This {what} does not exist.")
    return text.lower()


def share_of(account_id: str | BindParameter[str]) -> ColumnElement[bool]:
    """Join condition of the account's own share of a project."""
    return and_(Share.project_id == Project.id, Share.account_id == account_id)


def permission_on(project: Project, account_id: str, shared: str | None) -> Permission | None:
    """The account's right on ``project``, given the permission of its share."""
    if project.account_id == account_id:
        return "owner"
    if shared == "edit":
        return "edit"
    if shared == "view" or project.public:
        return "view"
    return None


def require(permission: Permission | None, need: Permission, what: str) -> Permission:
    """``permission`` if it reaches ``need``; NotFound without any right, NotAllowed with too little."""
    if permission is None:
        raise NotFound(f"This {what} does not exist.")
    if RANK[permission] < RANK[need]:
        raise NotAllowed("Only the owner of the project may do this." if need == "owner" else "You may only look at this project.")
    return permission


def project_for(session: Session, account_id: str, project_id: str, need: Permission = "view") -> tuple[Project, Permission]:
    """The project and the account's right on it. Raises NotFound, NotAllowed."""
    row = session.execute(ONE_PROJECT, {"account": account_id, "project": canonical_id(project_id, "project")}).first()
    if row is None:
        raise NotFound("This project does not exist.")
    project, shared = row
    return project, require(permission_on(project, account_id, shared), need, "project")


def image_query(account_id: str | BindParameter[str], *columns: Any) -> AnySelect:
    """Image, its project, the account's share, then ``columns``; the caller adds joins and conditions."""
    query = select(Image, Project, Share.permission, *columns).join(Project, Project.id == Image.project_id)
    return query.outerjoin(Share, share_of(account_id))


def image_for(session: Session, account_id: str, image_id: str, need: Permission = "view") -> tuple[Image, Project, Permission]:
    """The image, its project, and the account's right on both. Raises NotFound, NotAllowed."""
    row = session.execute(ONE_IMAGE, {"account": account_id, "image": canonical_id(image_id, "image")}).first()
    if row is None:
        raise NotFound("This image does not exist.")
    image, project, shared = row
    return image, project, require(permission_on(project, account_id, shared), need, "image")


# Built once: putting a statement together takes longer than running it.
ACCOUNT = bindparam("account", type_=Id)
ONE_PROJECT = select(Project, Share.permission).outerjoin(Share, share_of(ACCOUNT)).where(Project.id == bindparam("project", type_=Id))
ONE_IMAGE = image_query(ACCOUNT).where(Image.id == bindparam("image", type_=Id))


def image_in_project(
    session: Session, account_id: str, project_id: str, image_id: str, need: Permission = "view"
) -> tuple[Image, Project, Permission]:
    """As :func:`image_for`; NotFound when the image is in another project than the one in the path."""
    image, project, permission = image_for(session, account_id, image_id, need)
    if project.id != project_id.lower():
        raise NotFound("This image does not exist.")
    return image, project, permission


def sharers(session: Session, project_id: str) -> list[str]:
    """Ids of the accounts that hear of a project: its owner and everybody it is shared with."""
    owner = session.scalars(select(Project.account_id).where(Project.id == project_id))
    shared = session.scalars(select(Share.account_id).where(Share.project_id == project_id, Share.account_id.is_not(None)))
    return list(dict.fromkeys([*owner, *(account for account in shared if account is not None)]))
