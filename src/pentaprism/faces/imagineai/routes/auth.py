"""Accounts and sessions."""

from fastapi import FastAPI, Request, Response

from pentaprism.faces.imagineai.context import API, AUTH, LOGOUT, READ, Imagineai
from pentaprism.faces.imagineai.routes.common import answer, errors, no_content
from pentaprism.faces.imagineai.schemas.answers import TokenPair, User
from pentaprism.faces.imagineai.schemas.requests import Login, Refresh, Register
from pentaprism.faces.imagineai.service import accounts

PATH = f"{API}/auth"


def add(app: FastAPI, context: Imagineai) -> None:
    """The operations below ``/auth``."""

    @app.post(f"{PATH}/register", tags=["auth"], status_code=201, response_model=User, responses=errors(403, 409, 422))
    @AUTH
    def register(body: Register) -> Response:
        """Create an account."""
        return answer(accounts.register(context, body), 201)

    @app.post(f"{PATH}/login", tags=["auth"], response_model=TokenPair, responses=errors(401, 422))
    @AUTH
    def login(body: Login) -> Response:
        """Log in."""
        return answer(accounts.login(context, body))

    @app.post(f"{PATH}/refresh", tags=["auth"], response_model=TokenPair, responses=errors(401, 422))
    @AUTH
    def refresh(body: Refresh) -> Response:
        """Exchange a refresh token for the next pair."""
        return answer(accounts.refresh(context, body.refresh_token))

    @app.post(f"{PATH}/logout", tags=["auth"], status_code=204, responses=errors(401, 403))
    @LOGOUT
    def logout(request: Request) -> Response:
        """End the session of the presented token."""
        accounts.logout(context, request)
        return no_content()

    @app.get(f"{PATH}/me", tags=["auth"], response_model=User, responses=errors(401))
    @READ
    def me(request: Request) -> Response:
        """The caller."""
        return answer(accounts.me(context, request))
