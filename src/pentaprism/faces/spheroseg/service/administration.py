"""Requests for accounts, and the list of accounts for administrators."""

from typing import Any

from sqlalchemy import func, select
from starlette.requests import Request

from pentaprism.core.accounts.emails import normalise
from pentaprism.core.errors import Conflict, NotAllowed
from pentaprism.faces.spheroseg.context import Call, Spheroseg
from pentaprism.faces.spheroseg.schemas.requests import AskForAccess
from pentaprism.faces.spheroseg.serialise import stamp, user_document
from pentaprism.faces.spheroseg.tables import AccessRequest, Profile, Project
from pentaprism.web.auth import client_address


def require_admin(call: Call) -> None:
    """Raise NotAllowed unless the caller is an administrator."""
    if call.account.role != "admin":
        raise NotAllowed("Only administrators may do this.")


def ask_for_access(context: Spheroseg, request: Request, body: AskForAccess) -> dict[str, Any]:
    """Note down that somebody wants an account. Raises InvalidInput, Conflict while an earlier request is open."""
    context.count_anonymous(request)
    context.rates.hit(request, context.rules.registration, "access-request", client_address(request))
    address, _ = normalise(body.email)
    with context.platform.database.write() as session:
        open_one = select(AccessRequest.id).where(AccessRequest.email == address, AccessRequest.status == "pending").limit(1)
        if session.scalar(open_one) is not None:
            raise Conflict("An access request for this e-mail is already pending.")
        asked = AccessRequest(email=address, name=body.name, organization=body.organization, reason=body.reason, status="pending")
        session.add(asked)
        session.flush()
        return request_document(asked)


def request_document(asked: AccessRequest) -> dict[str, Any]:
    """One request for an account."""
    known = {"id": asked.id, "email": asked.email, "name": asked.name, "organization": asked.organization}
    return {**known, "reason": asked.reason, "status": asked.status, "created_at": stamp(asked.created_at)}


def access_requests(call: Call, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
    """Requests for accounts, and how many there are. Raises NotAllowed."""
    require_admin(call)
    total = call.session.scalar(select(func.count(AccessRequest.id))) or 0
    newest = select(AccessRequest).order_by(AccessRequest.created_at.desc(), AccessRequest.id.desc()).limit(limit).offset(offset)
    return [request_document(asked) for asked in call.session.scalars(newest)], total


def users(context: Spheroseg, call: Call, limit: int, offset: int, search: str | None) -> tuple[list[dict[str, Any]], int]:
    """Accounts with the number of their projects, and how many accounts there are. Raises NotAllowed."""
    require_admin(call)
    page = context.platform.accounts.list(call.session, limit=limit, offset=offset, search=search)
    ids = [account.id for account in page.items]
    profiles = {profile.account_id: profile for profile in call.session.scalars(select(Profile).where(Profile.account_id.in_(ids)))}
    counted = select(Project.account_id, func.count(Project.id)).where(Project.account_id.in_(ids)).group_by(Project.account_id)
    projects = {row[0]: row[1] for row in call.session.execute(counted)}
    documents = [
        {
            **user_document(account, profiles.get(account.id), call.links),
            "kind": account.kind,
            "disabled": account.disabled_at is not None,
            "project_count": projects.get(account.id, 0),
        }
        for account in page.items
    ]
    return documents, page.total
