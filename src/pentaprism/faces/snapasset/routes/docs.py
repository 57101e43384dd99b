"""The documentation that the face serves about itself."""

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from pentaprism.faces.snapasset import openapi
from pentaprism.faces.snapasset.context import Snapasset
from pentaprism.faces.snapasset.entries import open_to_all
from pentaprism.faces.snapasset.routes.common import answer

SAFE = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'", "X-Content-Type-Options": "nosniff"}


def router(context: Snapasset, app: FastAPI) -> APIRouter:
    """Routes below ``/api-docs``."""
    routes = APIRouter(prefix="/api-docs", tags=["service"])

    @routes.get("", response_class=HTMLResponse)
    @open_to_all
    def page(request: Request) -> Response:
        """This documentation as a page."""
        return HTMLResponse(openapi.page(app, context.base(request)), headers=SAFE)

    @routes.get("/openapi.json")
    @open_to_all
    def description(_request: Request) -> Response:
        """OpenAPI 3.1."""
        return answer(openapi.document(app))

    @routes.get("/postman")
    @open_to_all
    def postman(request: Request) -> Response:
        """A Postman collection."""
        return answer(openapi.collection(app, context.base(request)))

    return routes
