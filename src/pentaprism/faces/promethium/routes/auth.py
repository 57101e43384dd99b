"""Logging in and out, refreshing, registering."""

import json
from typing import Any
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from pentaprism.faces.promethium.access import FORM, access, caller
from pentaprism.faces.promethium.answers import answer, no_content
from pentaprism.faces.promethium.context import Promethium
from pentaprism.faces.promethium.errors import invalid
from pentaprism.faces.promethium.links import API
from pentaprism.faces.promethium.openapi import failures
from pentaprism.faces.promethium.schemas.answers import AccountAnswer, ProfileAnswer, TokenAnswer
from pentaprism.faces.promethium.schemas.requests import Login, Register
from pentaprism.faces.promethium.service import signing_in
from pentaprism.web.errors import BrokenBody

MOST_FIELDS = 20
LOGIN_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {media: {"schema": Login.model_json_schema()} for media in ("application/json", FORM)},
    }
}


def add(app: FastAPI, context: Promethium) -> None:
    """Routes below ``/auth``."""

    @app.post(
        f"{API}/auth/login",
        tags=["auth"],
        response_model=TokenAnswer,
        responses=failures(400, 401, 413, 415, 422),
        openapi_extra=LOGIN_BODY,
    )
    @access("auth", is_open=True, body="login")
    async def login(request: Request) -> Response:
        """Log in with e-mail and password, sent as JSON or as a form."""
        body = await _login_body(request)
        return answer(await run_in_threadpool(signing_in.login, context, request, body))

    @app.post(f"{API}/auth/refresh", tags=["auth"], response_model=TokenAnswer, responses=failures(401))
    @access("auth", is_open=True)
    async def refresh(request: Request) -> Response:
        """Exchange the bearer token for the next one, up to a day after its end."""
        arrived_at = context.platform.clock()
        return answer(await run_in_threadpool(signing_in.refresh, context, request, arrived_at))

    @app.post(f"{API}/auth/logout", tags=["auth"], status_code=204, response_class=Response, responses=failures(401))
    @access("auth")
    def logout(request: Request) -> Response:
        """End this log-in: its tokens stop working and its sockets close."""
        signing_in.logout(context, caller(request))
        return no_content()

    @app.post(
        f"{API}/auth/register",
        tags=["auth"],
        status_code=201,
        response_model=AccountAnswer,
        responses=failures(400, 403, 409, 413, 415, 422),
    )
    @access("auth", is_open=True, body="json")
    def register(body: Register) -> Response:
        """Create an account."""
        return answer(signing_in.register(context, body), 201)

    @app.get(f"{API}/auth/me", tags=["auth"], response_model=ProfileAnswer, responses=failures(401))
    @access("read")
    def me(request: Request) -> Response:
        """The caller, with its use of storage."""
        return answer(signing_in.me(context, caller(request)))


async def _login_body(request: Request) -> Login:
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    raw = await request.body()
    try:
        if sent == FORM:
            fields: Any = dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS))
        else:
            fields = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BrokenBody("The request body cannot be read") from error
    try:
        return Login.model_validate(fields)
    except ValidationError as error:
        problems = [(".".join(map(str, item["loc"])) or "username", str(item["msg"])) for item in error.errors(include_url=False)]
        raise invalid(*problems) from error
