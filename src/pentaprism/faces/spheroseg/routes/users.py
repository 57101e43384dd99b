"""The caller's own user, and its statistics."""

from fastapi import APIRouter, Request, Response

from pentaprism.faces.spheroseg.answers import answer
from pentaprism.faces.spheroseg.context import Spheroseg
from pentaprism.faces.spheroseg.routes.common import NOT_MODIFIED, errors
from pentaprism.faces.spheroseg.schemas.answers import UserAnswer, UserStatisticsAnswer
from pentaprism.faces.spheroseg.schemas.requests import UpdateUser
from pentaprism.faces.spheroseg.service.profiles import update_user, user
from pentaprism.faces.spheroseg.service.user_statistics import user_statistics


def router(context: Spheroseg) -> APIRouter:
    """Routes below ``/users``."""
    routes = APIRouter(prefix="/users", tags=["users"])

    @routes.get("/me", response_model=UserAnswer, responses=NOT_MODIFIED)
    def get_me(request: Request) -> Response:
        """The caller."""
        with context.reading(request) as call:
            document = user(call)
        return answer(request, {**document, "user": document})

    def update_me(request: Request, body: UpdateUser) -> Response:
        """Change parts of the caller: a missing field stays, null clears. Another e-mail needs ``current_password``."""
        with context.writing(request) as call:
            document = update_user(context, call, body)
        return answer(request, {**document, "user": document}, message="Profile updated")

    def get_statistics(request: Request) -> Response:
        """What the caller has: counts, storage, recent activity."""
        with context.reading(request) as call:
            document = user_statistics(context, call)
        return answer(request, document)

    for method in ("PUT", "PATCH"):
        routes.add_api_route("/me", update_me, methods=[method], response_model=UserAnswer, responses=errors(400, 409))
    for path in ("/me/statistics", "/me/stats"):
        routes.add_api_route(path, get_statistics, methods=["GET"], response_model=UserStatisticsAnswer, responses=NOT_MODIFIED)
    return routes
