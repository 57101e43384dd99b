"""Registering, logging in and refreshing: doors to the accounts of the platform."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request

from pentaprism.core.accounts.tables import Account
from pentaprism.core.accounts.token_rules import TokenPair
from pentaprism.core.errors import InvalidCredentials, NotAuthenticated, TooManyRequests
from pentaprism.faces.snapasset.context import Snapasset
from pentaprism.faces.snapasset.errors import BadRequest
from pentaprism.faces.snapasset.naming import FACE
from pentaprism.faces.snapasset.service.checks import is_blank, is_text
from pentaprism.web.auth import client_address


def register(context: Snapasset, body: Mapping[str, Any]) -> dict[str, Any]:
    """A new account, signed in. Raises InvalidInput, EmailTaken, NotAllowed."""
    email, password = texts(body, "email", "password")
    accounts = context.platform.accounts
    accounts.check_password(password)
    hashed = accounts.passwords.hash(password)
    with context.platform.database.write() as session:
        account = accounts.register(session, email, password, name=email.partition("@")[0][:255], hashed=hashed)
        return signed_in(context, account, issue(context, session, account))


def login(context: Snapasset, request: Request, body: Mapping[str, Any]) -> dict[str, Any]:
    """A session for the right e-mail and password. Failures count by address and e-mail. Raises InvalidCredentials, TooManyRequests."""
    email, password = texts(body, "email", "password")
    limits, key = context.platform.limits, (FACE, client_address(request), email.lower()[:320])
    try:
        limits.check(context.logins, *key)
        with context.platform.database.read() as session:
            proof = context.platform.accounts.authenticate(session, email, password)
    except InvalidCredentials:
        limits.hit(context.logins, *key)
        raise
    except TooManyRequests:
        context.rates.show(request, limits.peek(context.logins, *key))
        raise
    limits.clear(context.logins, *key)
    with context.platform.database.write() as session:
        account = context.platform.accounts.proven(session, proof)
        return signed_in(context, account, issue(context, session, account))


def refresh(context: Snapasset, body: Mapping[str, Any], arrived_at: datetime) -> dict[str, Any]:
    """The next pair of a session. Raises NotAuthenticated."""
    (token,) = texts(body, "refresh_token")
    pair = context.platform.tokens.refresh(token, context.tokens, face=FACE, arrived_at=arrived_at)
    with context.platform.database.read() as session:
        identity = context.platform.tokens.verify(session, pair.access)
        if identity.account.disabled_at is not None:
            raise NotAuthenticated(reason="revoked")
        return signed_in(context, identity.account, pair)


def issue(context: Snapasset, session: Session, account: Account) -> TokenPair:
    """A fresh session of the account."""
    return context.platform.tokens.issue(session, account, face=FACE, rules=context.tokens)


def signed_in(context: Snapasset, account: Account, pair: TokenPair) -> dict[str, Any]:
    """Tokens and user."""
    ends = context.platform.clock() + timedelta(seconds=pair.expires_in)
    return {
        "access_token": pair.access,
        "token_type": "bearer",
        "expires_in": pair.expires_in,
        "expires_at": int(ends.timestamp()),
        "refresh_token": pair.refresh,
        "user": {"id": account.id, "email": account.email, "role": account.role},
    }


def texts(body: Mapping[str, Any], *names: str) -> list[str]:
    """The texts of a body under ``names``. Raises BadRequest."""
    missing = [name for name in names if is_blank(body.get(name))]
    if missing:
        noun = "field" if len(missing) == 1 else "fields"
        raise BadRequest(f"Missing required {noun}: {', '.join(missing)}", required=list(names))
    for name in names:
        if not is_text(body[name]) or len(body[name]) > 8192:
            raise BadRequest(f"{name} must be a string")
    return [body[name] for name in names]
