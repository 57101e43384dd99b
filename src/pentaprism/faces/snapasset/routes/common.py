"""What the route modules share."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from pentaprism.faces.snapasset.context import Caller, Snapasset
from pentaprism.faces.snapasset.links import check_link
from pentaprism.faces.snapasset.service.checks import read_json

PRIVATE = {"Cache-Control": "private, no-cache"}


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
