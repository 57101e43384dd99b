"""The face's OpenAPI document: what the framework finds, with what every operation can answer."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from pentaprism.faces.imagineai.context import ACCESS, Access
from pentaprism.faces.imagineai.routes.common import TEXTS
from pentaprism.faces.imagineai.schemas.answers import ErrorAnswer, ValidationAnswer

DESCRIPTION = "Product photographs to category, attributes, defects and text."


def operation_id(route: APIRoute) -> str:
    """Unique name of an operation: its method and path."""
    path = route.path_format.strip("/").removeprefix("api/v1/").replace("/", "_").replace("{", "").replace("}", "").replace("-", "_")
    return f"{min(route.methods or {'get'}).lower()}_{path.replace(':path', '')}"


def document(app: FastAPI) -> dict[str, Any]:
    """OpenAPI of ``app``, made once."""
    if app.openapi_schema is None:
        routes = [route for route in app.routes if isinstance(route, APIRoute)]
        marks: dict[str, Access] = {}
        for route in routes:
            route.operation_id = operation_id(route)
            marks[route.operation_id] = getattr(route.endpoint, ACCESS)
        found = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=routes, openapi_version="3.1.0")
        found["servers"] = [{"url": "."}]
        components = found.setdefault("components", {})
        components["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        }
        schemas = components.setdefault("schemas", {})
        for model in (ErrorAnswer, ValidationAnswer):
            schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(schema.pop("$defs", {}))
            schemas[model.__name__] = schema
        for operations in found["paths"].values():
            for operation in operations.values():
                _complete(operation, marks[operation["operationId"]])
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = found
    return app.openapi_schema


def _complete(operation: dict[str, Any], access: Access) -> None:
    responses = operation["responses"]
    statuses = {500}
    if access.tier is not None:
        statuses |= {429}
    if "requestBody" in operation:
        statuses |= {413, 422}
    if not access.open:
        operation["security"] = [{"bearer": []}] if access.session else [{"bearer": []}, {"key": []}]
        statuses |= {401, 403}
    if "HTTPValidationError" in str(responses.get("422", "")):
        del responses["422"]
        statuses.add(422)
    for status in sorted(statuses):
        name = "ValidationAnswer" if status == 422 else "ErrorAnswer"
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
        responses.setdefault(str(status), {"description": TEXTS[status], "content": content})
