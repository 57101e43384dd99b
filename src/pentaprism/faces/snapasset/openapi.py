"""The face's OpenAPI document, the same as a Postman collection, and a page for people."""

import html
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from pentaprism.faces.snapasset.entries import errors, is_open
from pentaprism.faces.snapasset.schemas import components

TITLE = "SnapAsset API"
DESCRIPTION = """From a prompt, or a picture of one's own, to an image for every social platform.

Errors have one shape and a closed list of codes. Every operation below `/api` can also answer 429, every one 500 and 503."""
EVERYWHERE = (429, 500, 503)
POSTMAN = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1d2433}
h2{margin-top:2.5rem}code,pre{font-family:ui-monospace,monospace;font-size:.9em}
td,th{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0}
pre{background:#f4f5f8;padding:1rem;overflow:auto}.method{font-weight:700}a{color:#2457c5}
@media (prefers-color-scheme:dark){body{background:#14171f;color:#e6e9f0}pre{background:#1e222d}a{color:#8ab0ff}}"""


def operation_id(route: APIRoute) -> str:
    """Unique name of an operation: its method and path."""
    path = route.path_format.strip("/").replace("/", "_").replace("{", "").replace("}", "").replace("-", "_").replace(".", "_")
    return f"{min(route.methods or {'get'}).lower()}_{path or 'root'}"


def api_routes(app: FastAPI) -> list[APIRoute]:
    """All operations of the face."""
    return [route for route in app.routes if isinstance(route, APIRoute)]


def document(app: FastAPI) -> dict[str, Any]:
    """OpenAPI of ``app``, made once."""
    if app.openapi_schema is None:
        found = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes, openapi_version="3.1.0")
        found["servers"] = [{"url": ".."}]
        found["components"] = {
            "schemas": components(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        }
        closed = {operation_id(route) for route in api_routes(app) if not is_open(route.endpoint)}
        for operations in found["paths"].values():
            for operation in operations.values():
                _complete(operation, secured=operation["operationId"] in closed)
        app.openapi_schema = found
    return app.openapi_schema


def collection(app: FastAPI, base: str) -> dict[str, Any]:
    """The operations as a Postman collection (v2.1), which sends the token of its variable with every request."""
    items = []
    for path, operations in document(app)["paths"].items():
        for method, operation in operations.items():
            if operation["operationId"].startswith("get_api_docs"):
                continue
            address = "{{baseUrl}}" + path.replace("{", ":").replace("}", "")
            parts = [part.replace("{", ":").replace("}", "") for part in path.strip("/").split("/")]
            request: dict[str, Any] = {
                "method": method.upper(),
                "header": [{"key": "Authorization", "value": "Bearer {{token}}"}],
                "url": {"raw": address, "host": ["{{baseUrl}}"], "path": parts},
                "description": operation.get("description", ""),
            }
            if "application/json" in operation.get("requestBody", {}).get("content", {}):
                request["header"].append({"key": "Content-Type", "value": "application/json"})
                request["body"] = {"mode": "raw", "raw": "{}", "options": {"raw": {"language": "json"}}}
            items.append({"name": operation["summary"], "request": request})
    bearer = {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}]}
    variables = [{"key": "baseUrl", "value": base}, {"key": "token", "value": ""}]
    return {"info": {"name": TITLE, "description": DESCRIPTION, "schema": POSTMAN}, "auth": bearer, "variable": variables, "item": items}


def page(app: FastAPI, base: str) -> str:
    """The operations as one page of HTML without scripts."""
    groups: dict[str, list[str]] = {}
    for path, operations in document(app)["paths"].items():
        for method, operation in operations.items():
            text = html.escape(operation.get("description", ""))
            name = f'<td class="method">{method.upper()}</td><td><code>{html.escape(path)}</code></td>'
            groups.setdefault(operation["tags"][0], []).append(f"<tr>{name}<td>{text}</td></tr>")
    body = "".join(f"<h2>{html.escape(tag)}</h2><table>{''.join(rows)}</table>" for tag, rows in groups.items())
    address = html.escape(base, quote=True)
    example = f"curl -H 'Authorization: Bearer TOKEN' -H 'Content-Type: application/json' {address}/api/jobs \\\n" + (
        '  -d \'{"userId":"me","prompt":"A beautiful sunset over mountains","platforms":["instagram-post"]}\''
    )
    machine = f'<a href="{address}/api-docs/openapi.json">OpenAPI</a> · <a href="{address}/api-docs/postman">Postman collection</a>'
    introduction = html.escape(DESCRIPTION.partition("\n")[0])
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{TITLE}</title><style>{STYLE}</style>'
    top = f"<h1>{TITLE}</h1><p>{introduction}</p><p>{machine}</p><pre>{html.escape(example)}</pre>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{top}{body}</body></html>'


def _complete(operation: dict[str, Any], *, secured: bool) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    statuses = set(EVERYWHERE)
    if "requestBody" in operation:
        statuses |= {400, 413}
    if secured:
        operation["security"] = [{"bearer": []}, {"apiKey": []}]
        statuses |= {401, 403}
    for status, entry in errors(*statuses).items():
        responses.setdefault(str(status), entry)
