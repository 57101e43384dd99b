"""The face's OpenAPI document: what the framework finds, with the errors that every operation can give."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from pentaprism.faces.spheroseg.routes.common import errors, is_open
from pentaprism.faces.spheroseg.schemas.documents import ErrorAnswer

DESCRIPTION = """Projects, images, and spheroid and cell segmentation as measured polygons.

Errors have one shape and a closed list of codes. Every operation can also answer 401 (unless it is open), 429, 500 and 503."""
EVERYWHERE = (429, 500, 503)


def operation_id(route: APIRoute) -> str:
    """Unique name of an operation: its function, method and path."""
    path = route.path_format.strip("/").replace("/", "_").replace("{", "").replace("}", "").replace("-", "_")
    return f"{min(route.methods or {'get'}).lower()}_{path}"


def document(app: FastAPI) -> dict[str, Any]:
    """OpenAPI of ``app``, made once."""
    if app.openapi_schema is None:
        found = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes, openapi_version="3.1.0")
        found["servers"] = [{"url": "."}]
        found.setdefault("components", {})["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
        closed = {operation_id(route) for route in api_routes(app) if not is_open(route.endpoint)}
        for operations in found["paths"].values():
            for operation in operations.values():
                _complete(operation, secured=operation["operationId"] in closed)
        schemas = found["components"].setdefault("schemas", {})
        schema = ErrorAnswer.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas["ErrorAnswer"] = schema
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = found
    return app.openapi_schema


def api_routes(app: FastAPI) -> list[APIRoute]:
    """All operations of the face, also those of included routers."""
    return [route for route in app.routes if isinstance(route, APIRoute)]


def _complete(operation: dict[str, Any], *, secured: bool) -> None:
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422", "")):
        del responses["422"]
    statuses = set(EVERYWHERE)
    if "requestBody" in operation:
        statuses |= {400, 413}
    if any(parameter["in"] == "query" for parameter in operation.get("parameters", ())):
        statuses.add(400)
    if secured:
        operation["security"] = [{"bearer": []}]
        statuses.add(401)
    for status, entry in errors(*statuses).items():
        responses.setdefault(str(status), entry)
