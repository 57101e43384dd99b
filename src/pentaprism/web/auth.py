"""Who sends a request: a bearer token, an API key or a cookie becomes an identity of the core."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi.security.utils import get_authorization_scheme_param
from sqlalchemy.orm import Session
from starlette.requests import HTTPConnection, Request

from pentaprism.core.errors import NotAllowed, NotAuthenticated

if TYPE_CHECKING:
    from pentaprism.core.accounts.identity import Identity
    from pentaprism.core.accounts.token_rules import TokenRules
    from pentaprism.core.platform import Platform

KEY_PREFIX = "pp_"
IDENTITY = "identity"


@dataclass(frozen=True, slots=True)
class AuthRules:
    """Which credentials a face reads, and in which order.

    ``scope`` is what an API key needs to be used on this face. ``key_first`` reads the API key header before the bearer
    token, otherwise it counts only where no Authorization header is. ``key_as_bearer`` lets an API key stand as the bearer
    value. ``cookie`` names a cookie that counts as a bearer token on GET and HEAD requests of the paths for which
    ``cookie_paths`` is true, and only there: elsewhere it would invite forged requests.
    ``token_rules`` matter for faces whose tokens are single ones.
    """

    scope: str | None = None
    key_header: str | None = "X-API-Key"
    key_first: bool = False
    key_as_bearer: bool = False
    cookie: str | None = None
    cookie_paths: Callable[[str], bool] | None = None
    token_rules: "TokenRules | None" = None


@dataclass(frozen=True, slots=True)
class Credential:
    """What was sent: ``kind`` is bearer, key or cookie."""

    kind: str
    value: str


class Authenticator:
    """Finds the identity behind a request, once per request.

    ``required`` and ``optional`` can be used as FastAPI dependencies or called with the request.
    """

    def __init__(self, platform: "Platform", rules: AuthRules | None = None) -> None:
        self.platform = platform
        self.rules = rules or AuthRules()

    def optional(self, request: Request) -> "Identity | None":
        """The identity behind ``request``, None when no credential was sent; a bad one raises NotAuthenticated."""
        return self.identify(request)

    def required(self, request: Request) -> "Identity":
        """The identity behind ``request``; raises NotAuthenticated when there is none."""
        identity = self.identify(request)
        if identity is None:
            raise NotAuthenticated(reason="missing")
        return identity

    def identify(self, connection: HTTPConnection) -> "Identity | None":
        """As ``optional``, for sockets too; the result is kept with the connection. Reads the database: call it in a thread."""
        state = connection.scope.setdefault("state", {})
        if IDENTITY not in state:
            credential = find_credential(connection, self.rules)
            if credential is None:
                return None
            with self.platform.database.read() as session:
                remember(connection, self.verify(session, credential))
        found: Identity = state[IDENTITY]
        return found

    def verify(self, session: Session, credential: Credential) -> "Identity":
        """The identity that ``credential`` proves; raises NotAuthenticated, or NotAllowed for a key without the face's scope."""
        is_key = credential.kind == "key" or (self.rules.key_as_bearer and credential.value.startswith(KEY_PREFIX))
        if not is_key:
            return self.platform.tokens.verify(session, credential.value, rules=self.rules.token_rules)
        identity = self.platform.api_keys.verify(session, credential.value)
        require_scope(identity, self.rules.scope)
        return identity


def require_scope(identity: "Identity", scope: str | None) -> None:
    """Raise NotAllowed if the identity is bound to scopes that do not hold ``scope`` (or a finer ``scope:...``)."""
    if scope is None or identity.scopes is None:
        return
    if scope not in identity.scopes and not any(item.startswith(f"{scope}:") for item in identity.scopes):
        raise NotAllowed(f"API key lacks scope {scope}")


def remember(connection: HTTPConnection, identity: "Identity") -> None:
    """Attach ``identity`` to the connection: later look-ups, limits and the access log take it from there."""
    state = connection.scope.setdefault("state", {})
    state[IDENTITY] = identity
    state["account_id"] = identity.account.id


def account_id(connection: HTTPConnection) -> str | None:
    """The account that the connection was found to belong to, if any."""
    found: str | None = connection.scope.get("state", {}).get("account_id")
    return found


def find_credential(connection: HTTPConnection, rules: AuthRules) -> Credential | None:
    """The credential that counts, or None. An Authorization header of another scheme than Bearer is an invalid one."""
    key = connection.headers.get(rules.key_header) if rules.key_header else None
    if key and rules.key_first:
        return Credential("key", key.strip())
    if connection.headers.get("authorization", "").strip():
        return Credential("bearer", bearer(connection) or "")
    if key:
        return Credential("key", key.strip())
    if rules.cookie and connection.scope.get("method") in {"GET", "HEAD"}:
        allowed = rules.cookie_paths is None or rules.cookie_paths(face_path(connection))
        value = connection.cookies.get(rules.cookie)
        if value and allowed:
            return Credential("cookie", value)
    return None


def bearer(connection: HTTPConnection) -> str | None:
    """The token of an ``Authorization: Bearer`` header."""
    scheme, value = get_authorization_scheme_param(connection.headers.get("authorization"))
    return value.strip() or None if scheme.lower() == "bearer" else None


def face_path(connection: HTTPConnection) -> str:
    """Path inside the face, without the prefix it is mounted under."""
    path: str = connection.scope["path"]
    root: str = connection.scope.get("root_path", "")
    return path[len(root) :] if root and path.startswith(root) else path


def client_address(connection: HTTPConnection) -> str:
    """Address of the client; forwarded headers have been applied already where the sender is a trusted proxy."""
    client = connection.scope.get("client")
    return str(client[0]) if client else "unknown"
