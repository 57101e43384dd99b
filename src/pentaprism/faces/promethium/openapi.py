"""The face's OpenAPI document: what the framework finds, with the errors that every operation can give."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from pentaprism.faces.promethium.access import access_of
from pentaprism.faces.promethium.errors import CODE_OF
from pentaprism.faces.promethium.links import API
from pentaprism.faces.promethium.schemas.answers import ErrorAnswer

DESCRIPTION = "Seismic datasets, trace reconstruction and denoising. Times are UTC, trace and sample numbers count from 0."
SCHEMES = {
    "bearer": {"type": "oauth2", "flows": {"password": {"tokenUrl": f".{API}/auth/login", "scopes": {}}}},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
Responses = dict[int | str, dict[str, Any]]


def failures(*statuses: int) -> Responses:
    """The errors of an operation for its OpenAPI entry."""
    schema = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorAnswer"}}}
    return {status: {"description": f"`{CODE_OF[status]}`", "content": schema} for status in sorted(set(statuses))}


def bytes_answer(*media_types: str, partial: bool = False) -> Responses:
    """The answer of an operation that gives bytes."""
    content = {media: {"schema": {"type": "string", "format": "binary"}} for media in media_types}
    found: Responses = {200: {"description": "The bytes", "content": content}, 304: {"description": "Unchanged"}}
    if partial:
        found |= {206: {"description": "The range asked for", "content": content}, **failures(416)}
    return found


def document(app: FastAPI) -> dict[str, Any]:
    """OpenAPI of ``app``, made once."""
    if app.openapi_schema is None:
        found = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes, openapi_version="3.1.0")
        found["servers"] = [{"url": "."}]
        found.setdefault("components", {})["securitySchemes"] = SCHEMES
        closed = {route.unique_id for route in app.routes if isinstance(route, APIRoute) and not access_of(route.endpoint).is_open}
        for operations in found["paths"].values():
            for operation in operations.values():
                _complete(operation, secured=operation["operationId"] in closed)
        schemas = found["components"].setdefault("schemas", {})
        schemas["ErrorAnswer"] = ErrorAnswer.model_json_schema()
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = found
    return app.openapi_schema


def _complete(operation: dict[str, Any], *, secured: bool) -> None:
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422", "")):
        del responses["422"]
    statuses = {429, 500, 503}
    if operation.get("parameters"):
        statuses.add(422)
    if secured:
        operation["security"] = [{"bearer": []}, {"key": []}]
        statuses |= {401, 403}
    for status, entry in failures(*statuses).items():
        responses.setdefault(str(status), entry)
