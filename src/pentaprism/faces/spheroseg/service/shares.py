"""Sharing projects: by e-mail, and by links that whoever holds them may accept once."""

from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from pentaprism.core.accounts.emails import normalise
from pentaprism.core.accounts.tables import Account
from pentaprism.core.clock import isoformat
from pentaprism.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from pentaprism.faces.spheroseg.context import Call, Spheroseg
from pentaprism.faces.spheroseg.rights import RANK, canonical_id, project_for, sharers
from pentaprism.faces.spheroseg.serialise import stamp
from pentaprism.faces.spheroseg.tables import Project, Share

INVITATION = "spheroseg-invitation"
SHARED_ALREADY = "The project is already shared with this e-mail."


def claim_pending(session: Session, account: Account) -> None:
    """Give the account the shares that wait for its e-mail; one on a project of its own goes on waiting.

    Where the account shares the project already, by an earlier e-mail, that share takes the higher right: an account has
    at most one share of a project.
    """
    own = select(Project.id).where(Project.account_id == account.id)
    waiting = select(Share).where(Share.account_id.is_(None), Share.email_key == account.email_key, Share.project_id.not_in(own))
    for share in session.scalars(waiting).all():
        held = session.scalars(select(Share).where(Share.project_id == share.project_id, Share.account_id == account.id)).first()
        if held is None:
            share.account_id = account.id
        else:
            held.permission = max(held.permission, share.permission, key=RANK.__getitem__)
            session.delete(share)
    session.flush()


def share_document(share: Share, user_name: str | None) -> dict[str, Any]:
    """One line of a project's list of shares."""
    return {
        "id": share.id,
        "projectId": share.project_id,
        "email": share.email,
        "permission": share.permission,
        "user_id": share.account_id,
        "user_name": user_name,
        "is_pending": share.account_id is None,
        "isPending": share.account_id is None,
        "created_at": stamp(share.created_at),
    }


def shares_of_project(call: Call, project_id: str) -> list[dict[str, Any]]:
    """Who the project is shared with, for its owner."""
    project, _ = project_for(call.session, call.account_id, project_id, "owner")
    query = select(Share, Account.name).outerjoin(Account, Account.id == Share.account_id).where(Share.project_id == project.id)
    return [share_document(share, name) for share, name in call.session.execute(query.order_by(Share.created_at, Share.id))]


def shares_of_account(call: Call) -> list[dict[str, Any]]:
    """What is shared with the caller."""
    owner = aliased(Account)
    query = select(Share, Project, owner).join(Project, Project.id == Share.project_id).join(owner, owner.id == Project.account_id)
    rows = call.session.execute(query.where(Share.account_id == call.account_id).order_by(Share.created_at.desc(), Share.id))
    return [_received(given, project, sharer, call.account) for given, project, sharer in rows]


def _received(share: Share, project: Project, owner: Account, account: Account) -> dict[str, Any]:
    shown = {"title": project.title, "description": project.description, "owner_name": owner.name, "owner_email": owner.email}
    return {**share_document(share, account.name), "project_id": project.id, "project_title": project.title, **shown}


def share(context: Spheroseg, call: Call, project_id: str, email: str, permission: str) -> dict[str, Any]:
    """Share with an e-mail; somebody without an account finds the share after registering. Raises InvalidInput, Conflict."""
    project, _ = project_for(call.session, call.account_id, project_id, "owner")
    address, key = normalise(email)
    if key == call.account.email_key:
        raise InvalidInput("A project cannot be shared with its owner", field="email")
    known = call.session.scalar(select(Account).where(Account.email_key == key))
    whose = or_(Share.email_key == key, Share.account_id == known.id) if known else Share.email_key == key
    if call.session.scalar(select(Share.id).where(Share.project_id == project.id, whose).limit(1)):
        raise Conflict(SHARED_ALREADY)
    given = Share(project_id=project.id, account_id=known.id if known else None, email=address, email_key=key, permission=permission)
    try:
        with call.session.begin_nested():
            call.session.add(given)
    except IntegrityError as error:
        raise Conflict(SHARED_ALREADY) from error
    giver = call.account.name or call.account.email
    text = f'{giver} shares the project "{project.title}" with you ({permission}).\n\n{context.public_base()}\n'
    context.platform.mail.write(call.session, address, f"Shared with you: {project.title}", text)
    context.tell(call.session, "project-updated", project.id, change="shared")
    return share_document(given, known.name if known else None)


def unshare(context: Spheroseg, call: Call, project_id: str, share_id: str) -> None:
    """End a share. Raises NotFound."""
    project, _ = project_for(call.session, call.account_id, project_id, "owner")
    found = call.session.get(Share, canonical_id(share_id, "share"))
    if found is None or found.project_id != project.id:
        raise NotFound("This share does not exist.")
    heard = sharers(call.session, project.id)
    call.session.delete(found)
    call.session.flush()
    if found.account_id is not None:
        context.access_lost(call.session, project.id, found.account_id)
        context.tell(call.session, "share-ended", project.id, account_id=found.account_id, public=project.public)
    context.tell(call.session, "project-updated", project.id, accounts=heard, change="unshared")


def invite(context: Spheroseg, call: Call, project_id: str, permission: str) -> dict[str, Any]:
    """A link that gives the right to whoever accepts it first."""
    project, _ = project_for(call.session, call.account_id, project_id, "owner")
    lifetime = timedelta(seconds=context.settings.invitation_seconds)
    payload = {"project_id": project.id, "permission": permission, "email_key": None}
    token = context.one_time.create(call.session, INVITATION, account_id=call.account_id, payload=payload, lifetime=lifetime)
    expires = isoformat(context.platform.clock() + lifetime)
    return {"invitationUrl": f"{call.links.base}/invitation/{token}", "token": token, "expiresAt": expires, "permission": permission}


def accept(context: Spheroseg, call: Call, token: str) -> dict[str, Any]:
    """Take up an invitation. Raises NotFound (expired or used), NotAllowed (bound to another e-mail), InvalidInput (own project)."""
    offer = context.one_time.peek(call.session, INVITATION, token)
    project = call.session.get(Project, offer.payload["project_id"]) if offer else None
    if offer is None or project is None:
        raise NotFound("This invitation is used up or has expired.")
    bound = offer.payload.get("email_key")
    if bound is not None and bound != call.account.email_key:
        raise NotAllowed("This invitation is for somebody else.")
    if project.account_id == call.account_id:
        raise InvalidInput("This is your own project", field="token")
    if context.one_time.redeem(call.session, INVITATION, token) is None:
        raise NotFound("This invitation is used up or has expired.")
    permission = _take(call, project, str(offer.payload["permission"]))
    owner = call.session.get_one(Account, project.account_id)
    context.tell(call.session, "project-updated", project.id, change="shared")
    return {"id": project.id, "title": project.title, "ownerName": owner.name, "ownerEmail": owner.email, "permission": permission}


def _take(call: Call, project: Project, permission: str) -> str:
    """The caller's share of the project with at least this permission."""
    key = call.account.email_key or f"account:{call.account_id}"
    mine = or_(Share.account_id == call.account_id, Share.email_key == key)
    held = call.session.scalars(select(Share).where(Share.project_id == project.id, mine)).first()
    if held is None:
        email = call.account.email or ""
        held = Share(project_id=project.id, account_id=call.account_id, email=email, email_key=key, permission=permission)
        call.session.add(held)
    held.account_id = call.account_id
    if RANK[permission] > RANK[held.permission]:
        held.permission = permission
    call.session.flush()
    return held.permission
