"""``/docs`` and ``/redoc``: pages of our own that show the OpenAPI document; nothing is loaded from elsewhere."""

from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI, Response

from pentaprism.faces.promethium.access import access
from pentaprism.faces.promethium.answers import answer

FOLDER = Path(__file__).parents[1] / "pages"
FILES = {"docs": ("docs.html", "text/html; charset=utf-8"), "redoc": ("redoc.html", "text/html; charset=utf-8")}
ASSETS = {"api.js": "text/javascript; charset=utf-8", "api.css": "text/css; charset=utf-8"}
POLICY = "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def add(app: FastAPI) -> None:
    """The document, the pages that show it, and what they are made of."""

    @app.get("/openapi.json", include_in_schema=False)
    @access(is_open=True)
    def document() -> Response:
        return answer(app.openapi())

    for path, (name, media) in FILES.items():
        app.add_api_route(f"/{path}", _page(name, media), methods=["GET"], include_in_schema=False)
    for name, media in ASSETS.items():
        app.add_api_route(f"/docs-assets/{name}", _page(name, media), methods=["GET"], include_in_schema=False)


def _page(name: str, media: str) -> Callable[[], Response]:
    body = (FOLDER / name).read_bytes()

    @access(is_open=True)
    def page() -> Response:
        return Response(body, media_type=media, headers={"Cache-Control": "no-cache", "Content-Security-Policy": POLICY})

    return page
