"""Access requests, and what administrators see."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from pentaprism.faces.spheroseg.answers import answer, list_keys
from pentaprism.faces.spheroseg.context import Spheroseg
from pentaprism.faces.spheroseg.routes.common import NOT_MODIFIED, errors, open_to_all
from pentaprism.faces.spheroseg.schemas.answers import ObjectAnswer, UsersAnswer
from pentaprism.faces.spheroseg.schemas.requests import AskForAccess
from pentaprism.faces.spheroseg.schemas.texts import Search
from pentaprism.faces.spheroseg.service import administration
from pentaprism.web.pages import LARGEST_OFFSET


def router(context: Spheroseg) -> APIRouter:
    """Routes below ``/access-requests`` and ``/admin``."""
    routes = APIRouter(tags=["administration"])

    @routes.post("/access-requests", status_code=201, response_model=ObjectAnswer, responses=errors(400, 409))
    @open_to_all
    def ask_for_access(request: Request, body: AskForAccess) -> Response:
        """Ask for an account."""
        document = administration.ask_for_access(context, request, body)
        return answer(request, {"request": document}, status=201, message="Access request submitted successfully.")

    @routes.get("/access-requests", response_model=ObjectAnswer, responses={**NOT_MODIFIED, **errors(400, 403)})
    def list_access_requests(
        request: Request,
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
        offset: Annotated[int, Query(ge=0, le=LARGEST_OFFSET)] = 0,
    ) -> Response:
        """Requests for accounts, the newest first; for administrators."""
        with context.reading(request) as call:
            found, total = administration.access_requests(call, limit, offset)
        return answer(request, {"requests": found, **list_keys(total, limit, offset, len(found))}, data="requests")

    @routes.get("/admin/users", response_model=UsersAnswer, responses={**NOT_MODIFIED, **errors(400, 403)})
    def list_users(
        request: Request,
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
        offset: Annotated[int, Query(ge=0, le=LARGEST_OFFSET)] = 0,
        search: Annotated[Search | None, Query()] = None,
    ) -> Response:
        """Accounts in the order of their creation; for administrators."""
        with context.reading(request) as call:
            found, total = administration.users(context, call, limit, offset, search)
        return answer(request, {"users": found, **list_keys(total, limit, offset, len(found))}, data="users")

    return routes
