"""Accounts: register, log in, refresh."""

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from pentaprism.faces.snapasset.context import Snapasset
from pentaprism.faces.snapasset.entries import errors, gives, open_to_all, takes
from pentaprism.faces.snapasset.routes.common import answer, json_body
from pentaprism.faces.snapasset.service import signing_in

CREDENTIALS = takes({"$ref": "#/components/schemas/Credentials"})
REFRESH = takes({"type": "object", "required": ["refresh_token"], "properties": {"refresh_token": {"type": "string"}}})


def router(context: Snapasset) -> APIRouter:
    """Routes below ``/api/auth``."""
    routes = APIRouter(prefix="/api/auth", tags=["auth"])

    @routes.post("/register", status_code=201, responses={201: gives("SignedIn"), **errors(400, 403)}, openapi_extra=CREDENTIALS)
    @open_to_all
    async def register(request: Request) -> Response:
        """Create an account and sign it in."""
        body = await json_body(request)
        return answer(await run_in_threadpool(signing_in.register, context, body), 201)

    @routes.post("/login", responses={200: gives("SignedIn"), **errors(400, 401)}, openapi_extra=CREDENTIALS)
    @open_to_all
    async def login(request: Request) -> Response:
        """Sign in with e-mail and password."""
        body = await json_body(request)
        return answer(await run_in_threadpool(signing_in.login, context, request, body))

    @routes.post("/refresh", responses={200: gives("SignedIn"), **errors(400, 401)}, openapi_extra=REFRESH)
    @open_to_all
    async def refresh(request: Request) -> Response:
        """Exchange a refresh token for the next pair; the old one is retired."""
        arrived_at = context.platform.clock()
        body = await json_body(request)
        return answer(await run_in_threadpool(signing_in.refresh, context, body, arrived_at))

    return routes
