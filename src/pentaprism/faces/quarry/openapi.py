"""The face's OpenAPI document and the pages that show it, with everything from this server."""

from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from pentaprism.faces.quarry.answers import LEVEL, SHORTEST_COMPRESSED
from pentaprism.faces.quarry.schemas.answers import ErrorAnswer
from pentaprism.web.auth import face_path
from pentaprism.web.urls import base_url

PAGES = frozenset({"/info", "/docs", "/redoc", "/openapi.json"})
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Image Quarry API</title><style>
body{{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#223}}
h2{{margin-top:2rem;text-transform:capitalize}}code{{background:#eef;padding:.1rem .3rem;border-radius:.2rem}}
li{{margin:.4rem 0}}b{{display:inline-block;min-width:4.5rem}}</style></head><body><h1>Image Quarry API {version}</h1>
<p>{description}. The whole description: <a href="{base}/openapi.json">openapi.json</a></p>{groups}</body></html>"""


def document(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        _, extra = models_json_schema([(ErrorAnswer, "serialization")], ref_template="#/components/schemas/{model}")
        made.setdefault("components", {}).setdefault("schemas", {}).update(extra["$defs"])
        made["components"]["securitySchemes"] = {"ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}
        made["security"] = [{}, {"ApiKey": []}]
        made["paths"] = {_with_slash(path): operations for path, operations in made["paths"].items()}
        app.openapi_schema = made
    return app.openapi_schema


def _with_slash(path: str) -> str:
    """Collections as the reference writes them; both forms work."""
    return f"{path}/" if path in {"/health", "/jobs", "/models"} else path


class PackedPages:
    """Compresses the pages and the document, which their makers send as they are, where the client takes that."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._packing = GZipMiddleware(app, SHORTEST_COMPRESSED, LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        packed = scope["type"] == "http" and face_path(Request(scope)).rstrip("/") in PAGES
        await (self._packing if packed else self._app)(scope, receive, send)


def router(app: FastAPI) -> APIRouter:
    """The pages."""
    routes = APIRouter(include_in_schema=False)

    def page(request: Request) -> Response:
        """Every operation with what it does."""
        made, base = document(app), base_url(request)
        groups: dict[str, list[str]] = {}
        for path, operations in made["paths"].items():
            for method, operation in operations.items():
                line = f"<li><b>{method.upper()}</b> <code>{path}</code><br>{operation.get('description', '')}</li>"
                groups.setdefault(operation.get("tags", ["info"])[0], []).append(line)
        shown = "".join(f"<h2>{name}</h2><ul>{''.join(lines)}</ul>" for name, lines in groups.items())
        html = PAGE.format(version=app.version, description=app.description, base=base, groups=shown)
        return Response(html, media_type="text/html")

    for path in ("/docs", "/redoc"):
        routes.add_api_route(path, page, methods=["GET"], name=path.strip("/"))
    return routes
