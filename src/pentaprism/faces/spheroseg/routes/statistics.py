"""Statistics of a project."""

from fastapi import APIRouter, Request, Response

from pentaprism.faces.spheroseg.answers import answer
from pentaprism.faces.spheroseg.context import Spheroseg
from pentaprism.faces.spheroseg.rights import project_for
from pentaprism.faces.spheroseg.routes.common import NOT_MODIFIED, errors
from pentaprism.faces.spheroseg.schemas.segmentation import StatisticsAnswer


def router(context: Spheroseg) -> APIRouter:
    """The one route."""
    routes = APIRouter(tags=["projects"])

    @routes.get("/projects/{project_id}/statistics", response_model=StatisticsAnswer, responses={**NOT_MODIFIED, **errors(404)})
    def get_statistics(request: Request, project_id: str) -> Response:
        """Images per status, objects, storage, and the distribution of every geometric feature."""
        from pentaprism.faces.spheroseg.statistics import project_statistics  # noqa: PLC0415 -- loads what measures outlines

        with context.reading(request) as call:
            project, _ = project_for(call.session, call.account_id, project_id)
            document = project_statistics(call.session, project)
        return answer(request, document)

    return routes
