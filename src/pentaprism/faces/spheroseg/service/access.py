"""Access to bytes: by bearer token, by a signed address, or by the cookie of the web client."""

from sqlalchemy.orm import Session
from starlette.requests import Request

from pentaprism.core.accounts.tables import Account
from pentaprism.core.errors import NotAuthenticated
from pentaprism.core.ids import is_id
from pentaprism.faces.spheroseg.context import Spheroseg
from pentaprism.faces.spheroseg.links import signature_fits
from pentaprism.web.auth import AuthRules, face_path, find_credential

COOKIE_RULES = AuthRules(cookie="auth_token", cookie_paths=lambda _path: True, key_as_bearer=True)


def reader(context: Spheroseg, session: Session, request: Request) -> Account:
    """Who asks for bytes. Raises NotAuthenticated, TooManyRequests.

    A fitting signature is enough; whether its account may still see the image is for the caller to check.
    """
    signed = signer(context, session, request)
    if signed is not None:
        context.count(request, signed.id, context.rules.bytes)
        return signed
    credential = find_credential(request, COOKIE_RULES)
    if credential is None:
        context.count_anonymous(request)
        raise NotAuthenticated(reason="invalid" if "sig" in request.query_params else "missing")
    try:
        identity = context.authenticator.verify(session, credential)
    except NotAuthenticated:
        context.count_anonymous(request)
        raise
    context.count(request, identity.account.id, context.rules.bytes)
    return identity.account


def signer(context: Spheroseg, session: Session, request: Request) -> Account | None:
    """The account for which this address was signed; None without a fitting signature."""
    query = request.query_params
    if "sig" not in query or not is_id(query.get("uid", "")):
        return None
    account = session.get(Account, query["uid"])
    if account is None or account.disabled_at is not None:
        return None
    fits = signature_fits(context.signer, face_path(request), query, account, context.platform.clock().timestamp())
    return account if fits else None
