"""What the route modules share."""

from collections.abc import Callable
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse

from pentaprism.faces.snapasset.context import Caller, Snapasset
from pentaprism.faces.snapasset.errors import CODES
from pentaprism.faces.snapasset.links import check_link
from pentaprism.faces.snapasset.service.checks import read_json

OPEN = "pentaprism_open"
ERROR_SCHEMA = "#/components/schemas/Error"
PRIVATE = {"Cache-Control": "private, no-cache"}
Responses = dict[int | str, dict[str, Any]]
Function = TypeVar("Function", bound=Callable[..., Any])


def open_to_all(function: Function) -> Function:
    """Mark a route that needs no credential."""
    setattr(function, OPEN, True)
    return function


def is_open(function: object) -> bool:
    """Whether the route needs no credential."""
    return bool(getattr(function, OPEN, False))


def answer(content: Any, status: int = 200) -> JSONResponse:
    """A document that no shared cache may keep."""
    return JSONResponse(content, status_code=status, headers=PRIVATE)


def reader(context: Snapasset, request: Request, path: str) -> Caller | None:
    """Who reads bytes: nobody in particular with a link, else the caller. Raises LinkInvalid, NotAuthenticated."""
    if "sig" in request.query_params or context.caller_or_none(request) is None:
        check_link(context.link_signer, path, request.query_params, context.platform.clock().timestamp())
        return None
    return context.caller(request)


async def json_body(request: Request) -> dict[str, Any]:
    """The JSON object in the body of a request. Raises BadRequest."""
    return read_json(await request.body())


def errors(*statuses: int) -> Responses:
    """The errors of an operation for its OpenAPI entry, with the codes that each status can carry."""
    found: Responses = {}
    for status in sorted(set(statuses)):
        names = ", ".join(f"`{code}`" for code, (value, _) in CODES.items() if value == status)
        found[status] = {"description": names, "content": {"application/json": {"schema": {"$ref": ERROR_SCHEMA}}}}
    return found


def takes(schema: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    """The OpenAPI entry of a JSON body."""
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}


def gives(name: str, description: str = "The answer") -> dict[str, Any]:
    """The OpenAPI entry of a JSON answer with one of the schemas of ``schemas``."""
    return {"description": description, "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}


def asks(*parameters: tuple[str, dict[str, Any], str], place: str = "query", required: bool = False) -> dict[str, Any]:
    """The OpenAPI entry of parameters: name, schema, what they are for."""
    found = [{"name": name, "in": place, "required": required, "schema": schema, "description": text} for name, schema, text in parameters]
    return {"parameters": found}
