"""Sharing of projects."""

from fastapi import APIRouter, Request, Response

from pentaprism.faces.spheroseg.answers import answer
from pentaprism.faces.spheroseg.context import Spheroseg
from pentaprism.faces.spheroseg.routes.common import NOT_MODIFIED, errors
from pentaprism.faces.spheroseg.schemas.answers import AcceptedAnswer, InvitationAnswer, MessageAnswer, ShareAnswer, SharesAnswer
from pentaprism.faces.spheroseg.schemas.requests import InvitationLink, ShareProject
from pentaprism.faces.spheroseg.service import shares


def router(context: Spheroseg) -> APIRouter:
    """Routes below ``/project-shares``."""
    routes = APIRouter(prefix="/project-shares", tags=["shares"])

    @routes.get("", response_model=SharesAnswer, responses=NOT_MODIFIED)
    def shared_with_me(request: Request) -> Response:
        """What is shared with the caller."""
        with context.reading(request) as call:
            found = shares.shares_of_account(call)
        return answer(request, {"data": found})

    @routes.post("/invitation/{token}", response_model=AcceptedAnswer, responses=errors(400, 403, 404))
    def accept_invitation(request: Request, token: str) -> Response:
        """Take up an invitation; it works once."""
        with context.writing(request) as call:
            document = shares.accept(context, call, token)
        return answer(request, {"data": document}, message="Invitation accepted")

    @routes.get("/{project_id}", response_model=SharesAnswer, responses={**NOT_MODIFIED, **errors(403, 404)})
    def list_shares(request: Request, project_id: str) -> Response:
        """Who a project is shared with."""
        with context.reading(request) as call:
            found = shares.shares_of_project(call, project_id)
        return answer(request, {"data": found})

    @routes.post("/{project_id}", status_code=201, response_model=ShareAnswer, responses=errors(400, 403, 404, 409))
    def share_project(request: Request, project_id: str, body: ShareProject) -> Response:
        """Share a project with an e-mail."""
        with context.writing(request) as call:
            document = shares.share(context, call, project_id, body.email, body.permission)
        return answer(request, {"data": document}, status=201, message="Project shared")

    @routes.delete("/{project_id}/{share_id}", response_model=MessageAnswer, responses=errors(403, 404))
    def end_share(request: Request, project_id: str, share_id: str) -> Response:
        """End a share."""
        with context.writing(request) as call:
            shares.unshare(context, call, project_id, share_id)
        return answer(request, {}, data=False, message="Share ended")

    @routes.post("/{project_id}/invitation-link", response_model=InvitationAnswer, status_code=201, responses=errors(400, 403, 404))
    def create_invitation(request: Request, project_id: str, body: InvitationLink | None = None) -> Response:
        """A link that gives a right to whoever accepts it first."""
        with context.writing(request) as call:
            document = shares.invite(context, call, project_id, (body or InvitationLink()).permission)
        return answer(request, {"data": document}, status=201, message="Invitation created")

    return routes
