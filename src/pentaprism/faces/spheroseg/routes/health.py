"""Whether the face lives and can work."""

from fastapi import APIRouter, Request, Response

from pentaprism.core.errors import Unavailable
from pentaprism.faces.spheroseg.answers import answer
from pentaprism.faces.spheroseg.context import Spheroseg
from pentaprism.faces.spheroseg.routes.common import NOT_MODIFIED, errors, open_to_all
from pentaprism.faces.spheroseg.schemas.answers import ObjectAnswer


def router(context: Spheroseg) -> APIRouter:
    """Routes below ``/health``."""
    routes = APIRouter(prefix="/health", tags=["health"])

    @routes.get("/live", response_model=ObjectAnswer, responses=NOT_MODIFIED)
    @open_to_all
    def live(request: Request) -> Response:
        """The process answers."""
        return answer(request, {"status": "ok"}, data=False)

    def ready(request: Request) -> Response:
        """Whether the server's parts work; 503 without one that is needed."""
        report = context.platform.health.report()
        if not report.ready:
            raise Unavailable(details=report.as_json())
        return answer(request, report.as_json(), data=False)

    for path in ("", "/ready"):
        answers = {**NOT_MODIFIED, **errors(503)}
        routes.add_api_route(path, open_to_all(ready), methods=["GET"], response_model=ObjectAnswer, responses=answers)
    return routes
