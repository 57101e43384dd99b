"""Registering, logging in and out, renewing tokens."""

import jwt
from sqlalchemy.orm import Session
from starlette.requests import Request

from pentaprism.core.accounts.identity import Identity
from pentaprism.core.accounts.tables import Account
from pentaprism.core.accounts.token_rules import TokenPair
from pentaprism.core.errors import AccountDisabled, EmailTaken, InvalidCredentials, NotAuthenticated
from pentaprism.faces.imagineai.context import Imagineai, caller
from pentaprism.faces.imagineai.documents import Document, user_document
from pentaprism.faces.imagineai.names import FACE
from pentaprism.faces.imagineai.schemas.requests import Login, Register


def register(context: Imagineai, body: Register) -> Document:
    """A new account. Raises EmailTaken."""
    accounts = context.platform.accounts
    accounts.check_password(body.password)
    hashed = accounts.passwords.hash(body.password)
    try:
        with context.platform.database.write() as session:
            account = accounts.register(session, body.email, body.password, name=body.full_name, keep_local_case=True, hashed=hashed)
            return user_document(account)
    except EmailTaken as error:
        raise EmailTaken("A user with this email already exists") from error


def login(context: Imagineai, body: Login) -> Document:
    """A session for the right e-mail and password. Raises NotAuthenticated."""
    accounts = context.platform.accounts
    try:
        with context.platform.database.read() as session:
            proof = accounts.authenticate(session, body.email, body.password)
        with context.platform.database.write() as session:
            account = accounts.proven(session, proof)
            return pair_document(context.platform.tokens.issue(session, account, face=FACE, rules=context.tokens))
    except InvalidCredentials as error:
        raise refusal("Invalid email or password") from error
    except AccountDisabled as error:
        raise refusal("Account is disabled") from error


def refresh(context: Imagineai, token: str) -> Document:
    """The next pair of a session; the old refresh token is used up. Raises NotAuthenticated."""
    try:
        return pair_document(context.platform.tokens.refresh(token, context.tokens, face=FACE))
    except NotAuthenticated as error:
        with context.platform.database.read() as session:
            raise refusal(_reason(context, session, token, error)) from error


def logout(context: Imagineai, request: Request) -> None:
    """End the session of the presented access token."""
    identity: Identity = request.scope["state"]["identity"]
    if identity.session_id is not None:
        with context.platform.database.write() as session:
            context.platform.tokens.revoke(session, identity.session_id)


def me(context: Imagineai, request: Request) -> Document:
    """The caller."""
    with context.platform.database.read() as session:
        return user_document(session.get_one(Account, caller(request)))


def pair_document(pair: TokenPair) -> Document:
    """TokenPair."""
    return {"access_token": pair.access, "refresh_token": pair.refresh, "token_type": "bearer"}


def refusal(text: str) -> NotAuthenticated:
    """A 401 that says ``text``."""
    return NotAuthenticated(text, reason="told")


def _reason(context: Imagineai, session: Session, token: str, error: NotAuthenticated) -> str:
    """Which of the three texts fits a refresh token that was refused."""
    if error.reason == "invalid":
        return "Invalid token type" if _is_access(context, session, token) else "Invalid refresh token"
    # The signature has been checked by whoever refused the token for another reason.
    claims = jwt.decode(token, options={"verify_signature": False, "verify_exp": False}) if error.reason != "missing" else {}
    account = session.get(Account, str(claims.get("sub")))
    if claims and (account is None or account.disabled_at is not None):
        return "User not found or disabled"
    return "Invalid refresh token"


def _is_access(context: Imagineai, session: Session, token: str) -> bool:
    try:
        context.platform.tokens.verify(session, token)
    except NotAuthenticated as error:
        return error.reason in {"expired", "revoked"}
    return True
