"""Registering, logging in and out, refreshing."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request

from pentaprism.core.accounts.tables import Account
from pentaprism.core.accounts.token_rules import TokenPair
from pentaprism.core.errors import NotAuthenticated
from pentaprism.faces.spheroseg.context import FACE, Spheroseg
from pentaprism.faces.spheroseg.schemas.requests import Login, Register
from pentaprism.faces.spheroseg.serialise import tokens_document, user_document
from pentaprism.faces.spheroseg.service.shares import claim_pending
from pentaprism.faces.spheroseg.tables import Profile
from pentaprism.web.auth import bearer, client_address


def claims(account: Account) -> Mapping[str, Any]:
    """What tokens of this face say beyond the platform's own claims."""
    return {"userId": account.id, "email": account.email}


def issue(context: Spheroseg, session: Session, account: Account, *, remember: bool = False) -> TokenPair:
    """A fresh session of the account."""
    return context.platform.tokens.issue(session, account, face=FACE, rules=context.tokens, remember=remember, claims=claims(account))


def signed_in(context: Spheroseg, session: Session, request: Request, account: Account, pair: TokenPair) -> dict[str, Any]:
    """User and Tokens."""
    profile = session.get(Profile, account.id)
    return {"user": user_document(account, profile, context.links(account, context.base(request))), **tokens_document(pair)}


def register(context: Spheroseg, request: Request, body: Register) -> dict[str, Any]:
    """A new account, signed in. Shares that wait for its e-mail become its own. Raises InvalidInput, EmailTaken."""
    context.count_anonymous(request)
    context.rates.hit(request, context.rules.registration, client_address(request))
    name = body.full_name or body.email.partition("@")[0]
    accounts = context.platform.accounts
    accounts.check_password(body.password)
    hashed = accounts.passwords.hash(body.password)
    with context.platform.database.write() as session:
        account = accounts.register(session, body.email, body.password, name=name, hashed=hashed)
        session.add(Profile(account_id=account.id, settings={}, preferred_language=body.preferred_language or "en"))
        session.flush()
        claim_pending(session, account)
        return signed_in(context, session, request, account, issue(context, session, account))


def login(context: Spheroseg, request: Request, body: Login) -> dict[str, Any]:
    """A session for the right e-mail and password. Failures are counted by e-mail and address; a success forgets them."""
    context.count_anonymous(request)
    rates, rules, address = context.rates, context.rules, client_address(request)
    email = body.email.lower()
    rates.hit_all(request, [(rules.login_address, (address,)), (rules.login_account, (email, address))])
    with context.platform.database.read() as session:
        proof = context.platform.accounts.authenticate(session, email, body.password)
    context.platform.limits.clear(rules.login_account, FACE, email, address)
    context.platform.limits.clear(rules.login_address, FACE, address)
    with context.platform.database.write() as session:
        account = context.platform.accounts.proven(session, proof)
        claim_pending(session, account)
        return signed_in(context, session, request, account, issue(context, session, account, remember=body.remember_me))


def refresh(context: Spheroseg, request: Request, token: str, arrived_at: datetime) -> dict[str, Any]:
    """The next pair of a session. A token that keeps failing meets TooManyRequests, because some clients try again on 401 for ever."""
    try:
        pair = context.platform.tokens.refresh(token, context.tokens, face=FACE, claims_for=claims, arrived_at=arrived_at)
    except NotAuthenticated:
        context.rates.hit(request, context.rules.refresh_failure, hashlib.sha256(token.encode(errors="replace")).hexdigest())
        context.count_anonymous(request)
        raise
    with context.platform.database.read() as session:
        identity = context.platform.tokens.verify(session, pair.access)
        context.count(request, identity.account.id)
        return signed_in(context, session, request, identity.account, pair)


def logout(context: Spheroseg, request: Request, refresh_token: str | None) -> None:
    """End the sessions of the bearer and of the refresh token, where they are alive; never fails because of either."""
    if bearer(request) is None:
        context.count_anonymous(request)
    with context.platform.database.write() as session:
        for token, kind in ((bearer(request), "access"), (refresh_token, "refresh")):
            session_id = session_of(context, session, token, kind) if token else None
            if session_id is not None:
                context.platform.tokens.revoke(session, session_id, "logout")


def session_of(context: Spheroseg, session: Session, token: str, kind: str) -> str | None:
    """The session that a token belongs to, None for a token that is not valid."""
    try:
        return context.platform.tokens.verify(session, token, kind=kind).session_id
    except NotAuthenticated:
        return None
