"""Registering, logging in and out, passwords, e-mail checks."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from pentaprism.faces.spheroseg.answers import answer
from pentaprism.faces.spheroseg.context import Spheroseg
from pentaprism.faces.spheroseg.routes.common import NOT_MODIFIED, errors, open_to_all
from pentaprism.faces.spheroseg.schemas.answers import EmailCheckAnswer, MessageAnswer, SignedInAnswer, UserAnswer
from pentaprism.faces.spheroseg.schemas.requests import (
    ChangePassword,
    DeleteAccount,
    EmailBody,
    ForgotPassword,
    Login,
    Logout,
    Refresh,
    Register,
    ResetPassword,
    TokenBody,
)
from pentaprism.faces.spheroseg.schemas.texts import Email, Token
from pentaprism.faces.spheroseg.service import passwords, signing_in
from pentaprism.faces.spheroseg.service.profiles import user

FORGOTTEN = "If this e-mail is registered, a link to reset the password is on its way."


def router(context: Spheroseg) -> APIRouter:
    """Routes below ``/auth``."""
    routes = APIRouter(prefix="/auth", tags=["auth"])
    _sessions(routes, context)
    _passwords(routes, context)
    _emails(routes, context)
    return routes


def _sessions(routes: APIRouter, context: Spheroseg) -> None:
    @routes.post("/register", status_code=201, response_model=SignedInAnswer, responses=errors(400, 403, 409))
    @open_to_all
    def register(request: Request, body: Register) -> Response:
        """Create an account and sign it in."""
        return answer(request, signing_in.register(context, request, body), status=201, message="Registration successful")

    @routes.post("/login", response_model=SignedInAnswer, responses=errors(400, 401))
    @open_to_all
    def login(request: Request, body: Login) -> Response:
        """Sign in with e-mail and password."""
        return answer(request, signing_in.login(context, request, body), message="Login successful")

    @routes.post("/refresh", response_model=SignedInAnswer, responses=errors(400, 401))
    @open_to_all
    async def refresh(request: Request, body: Refresh) -> Response:
        """Exchange a refresh token for the next pair; the old one is retired."""
        arrived_at = context.platform.clock()
        document = await run_in_threadpool(signing_in.refresh, context, request, body.refreshToken, arrived_at)
        return answer(request, document, message="Token refreshed")

    @routes.post("/logout", response_model=MessageAnswer, responses=errors(400))
    @open_to_all
    def logout(request: Request, body: Logout | None = None) -> Response:
        """End the session of the bearer and of the refresh token."""
        signing_in.logout(context, request, body.refreshToken if body else None)
        return answer(request, {}, data=False, message="Logged out")

    @routes.post("/revoke", response_model=MessageAnswer)
    def revoke(request: Request) -> Response:
        """End all sessions of the caller."""
        with context.writing(request) as call:
            context.platform.tokens.revoke_account(call.session, call.account_id, "revoked")
        return answer(request, {}, data=False, message="All sessions have ended")

    @routes.get("/me", response_model=UserAnswer, responses=NOT_MODIFIED)
    def me(request: Request) -> Response:
        """The caller."""
        with context.reading(request) as call:
            document = user(call)
        return answer(request, {**document, "user": document})


def _passwords(routes: APIRouter, context: Spheroseg) -> None:
    @routes.put("/change-password", response_model=SignedInAnswer, responses=errors(400))
    def change_password(request: Request, body: ChangePassword) -> Response:
        """Set another password; every other session ends."""
        return answer(request, passwords.change_password(context, request, body), message="Password changed")

    @routes.delete("/account", response_model=MessageAnswer, responses=errors(400))
    def delete_account(request: Request, body: DeleteAccount) -> Response:
        """Delete the caller's account with all its data."""
        passwords.delete_account(context, request, body)
        return answer(request, {}, data=False, message="Account deleted")

    @routes.post("/forgot-password", response_model=MessageAnswer, responses=errors(400))
    @open_to_all
    def forgot_password(request: Request, body: ForgotPassword) -> Response:
        """Mail a link that resets the password."""
        passwords.forgot_password(context, request, body.email)
        return answer(request, {}, data=False, message=FORGOTTEN)

    @routes.post("/reset-password", response_model=MessageAnswer, responses=errors(400))
    @open_to_all
    def reset_password(request: Request, body: ResetPassword) -> Response:
        """Set the password by the token of a mail; all sessions end."""
        passwords.reset_password(context, request, body)
        return answer(request, {}, data=False, message="Password changed")


def _emails(routes: APIRouter, context: Spheroseg) -> None:
    @routes.get("/check-email", response_model=EmailCheckAnswer, responses={**NOT_MODIFIED, **errors(400)})
    @open_to_all
    def check_email(request: Request, email: Annotated[Email, Query()]) -> Response:
        """Whether an e-mail is registered."""
        return answer(request, passwords.check_email(context, request, email))

    @routes.post("/send-verification-email", response_model=MessageAnswer, responses=errors(400))
    def send_verification_email(request: Request, _body: EmailBody | None = None) -> Response:
        """Mail the caller a link that confirms the e-mail."""
        with context.writing(request) as call:
            passwords.send_verification(context, call.session, request, call.account)
        return answer(request, {}, data=False, message="A link to confirm your e-mail is on its way.")

    @routes.get("/verify-email", response_model=MessageAnswer, responses={**NOT_MODIFIED, **errors(400)})
    @open_to_all
    def verify_email(request: Request, token: Annotated[Token, Query()]) -> Response:
        """Confirm an e-mail by the token of a mail."""
        passwords.verify_email(context, request, token)
        return answer(request, {}, data=False, message="E-mail confirmed")

    @routes.post("/verify-email", response_model=MessageAnswer, responses=errors(400))
    @open_to_all
    def verify_email_by_body(request: Request, body: TokenBody) -> Response:
        """Confirm an e-mail by the token of a mail."""
        passwords.verify_email(context, request, body.token)
        return answer(request, {}, data=False, message="E-mail confirmed")
