"""Registering, logging in and out, refreshing."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from starlette.requests import Request

from pentaprism.core.accounts.identity import Identity
from pentaprism.core.accounts.tables import Account
from pentaprism.core.accounts.token_rules import TokenPair
from pentaprism.core.clock import isoformat
from pentaprism.core.errors import AccountDisabled, InvalidCredentials, InvalidInput, NotAuthenticated
from pentaprism.faces.promethium.context import FACE, Promethium
from pentaprism.faces.promethium.errors import invalid
from pentaprism.faces.promethium.schemas.requests import Login, Register
from pentaprism.faces.promethium.tables import Dataset
from pentaprism.web.auth import bearer, client_address


def tokens_document(pair: TokenPair) -> dict[str, Any]:
    """What a log-in and a refresh answer."""
    return {"access_token": pair.access, "token_type": "bearer", "expires_in": pair.expires_in}


def account_document(account: Account) -> dict[str, Any]:
    """An account."""
    return {"id": account.id, "email": account.email, "full_name": account.name, "created_at": isoformat(account.created_at)}


def login(context: Promethium, request: Request, body: Login) -> dict[str, Any]:
    """A token for the right e-mail and password; only failures count against the pair of address and e-mail."""
    platform, rule = context.platform, context.rules["login"]
    key = (FACE, client_address(request), body.name.lower())
    platform.limits.check(rule, *key)
    try:
        with platform.database.read() as session:
            proof = platform.accounts.authenticate(session, body.name, body.password)
        with platform.database.write() as session:
            account = platform.accounts.proven(session, proof)
            pair = platform.tokens.issue(session, account, face=FACE, rules=context.tokens)
    except (InvalidCredentials, AccountDisabled):
        platform.limits.hit(rule, *key)
        raise
    platform.limits.clear(rule, *key)
    return tokens_document(pair)


def refresh(context: Promethium, request: Request, arrived_at: datetime) -> dict[str, Any]:
    """The next token of the log-in. Raises NotAuthenticated."""
    token = bearer(request)
    if token is None:
        raise NotAuthenticated(reason="invalid" if request.headers.get("authorization") else "missing")
    return tokens_document(context.platform.tokens.refresh(token, context.tokens, face=FACE, arrived_at=arrived_at))


def logout(context: Promethium, identity: Identity) -> None:
    """End the caller's log-in with all its tokens. Raises NotAuthenticated for an API key, which belongs to none."""
    if identity.session_id is None:
        raise NotAuthenticated(reason="invalid")
    with context.platform.database.write() as session:
        context.platform.tokens.revoke(session, identity.session_id, "logout")


def register(context: Promethium, body: Register) -> dict[str, Any]:
    """A new account. Raises InvalidRequest, EmailTaken, NotAllowed."""
    names = [name for name in (body.email, body.username) if name is not None]
    if not names:
        raise invalid(("email", "Field required"))
    if len({name.strip().lower() for name in names}) > 1:
        raise invalid(("username", "Differs from email"))
    accounts = context.platform.accounts
    hashed = accounts.passwords.hash(body.password) if accounts.rules.registration_open else None
    try:
        with context.platform.database.write() as session:
            account = accounts.register(session, names[0], body.password, name=body.full_name, hashed=hashed)
    except InvalidInput as error:
        raise invalid((error.field or "email", error.message)) from error
    return account_document(account)


def me(context: Promethium, identity: Identity) -> dict[str, Any]:
    """The caller with its use of storage."""
    platform, account = context.platform, identity.account
    with platform.database.read() as session:
        used = platform.blobs.usage(session, account.id, FACE, "original")
        datasets = session.scalar(select(func.count()).where(Dataset.account_id == account.id)) or 0
    storage = {"used_bytes": used, "quota_bytes": context.settings.storage_limit_bytes, "datasets": datasets}
    return {**account_document(account), "storage": storage}
