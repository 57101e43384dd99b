"""Tokens of a Supabase project, verified here: by its shared secret (HS256) or its published keys (ES256, RS256).

Supabase signs JSON Web Tokens (RFC 7519) with the issuer ``<url>/auth/v1`` and publishes a key set (RFC 7517) below it.
"""

import logging
import threading
import uuid
from collections.abc import Mapping
from typing import Any

import httpx
import jwt
from jwt.types import Options

from pentaprism.core.clock import monotonic
from pentaprism.core.errors import NotAuthenticated
from pentaprism.faces.snapasset.errors import NotNow
from pentaprism.faces.snapasset.settings import SnapassetSettings

log = logging.getLogger(__name__)

AUDIENCE = "authenticated"
PUBLIC_ALGORITHMS = {"ES256": "EC", "RS256": "RSA"}
FETCH_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 1.0
LARGEST_KEY_SET = 1_000_000
LONGEST_TOKEN = 8192
UNVERIFIED: Options = {"verify_signature": False}
DEMANDED: Options = {"require": ["exp", "sub", "aud", "iss"]}


class KeySet:
    """The project's public keys, fetched when they are needed and kept for a while."""

    def __init__(self, url: str, *, keep_seconds: float, pause_seconds: float) -> None:
        self._url = url
        self._keep = keep_seconds
        self._pause = pause_seconds
        self._keys: dict[str, dict[str, Any]] | None = None
        self._fetched_at = self._tried_at = -1e12
        self._lock = threading.Lock()

    def key(self, key_id: str | None, kind: str) -> Any:
        """The public key of that id and kind (EC, RSA). Raises NotAuthenticated, and NotNow while there are no keys at all."""
        with self._lock:
            if self._is_due(key_id):
                self._fetch()
            if self._keys is None:
                raise NotNow("Authentication service unavailable")
            found = self._keys.get(key_id or "")
        if found is None or found.get("kty") != kind:
            raise NotAuthenticated("Invalid token", reason="invalid")
        try:
            return jwt.PyJWK.from_dict(found).key
        except jwt.PyJWTError as error:
            raise NotAuthenticated("Invalid token", reason="invalid") from error

    def _is_due(self, key_id: str | None) -> bool:
        """Whether to fetch: a project that does not answer is asked from time to time only, so that no request waits for it in vain."""
        moment = monotonic()
        if self._keys is None:
            return moment - self._tried_at >= FIRST_PAUSE_SECONDS
        wanted = moment - self._fetched_at > self._keep or key_id not in self._keys
        return wanted and moment - self._tried_at >= self._pause

    def _fetch(self) -> None:
        self._tried_at = monotonic()
        try:
            answer = httpx.get(self._url, timeout=FETCH_SECONDS, follow_redirects=False)
            answer.raise_for_status()
            if len(answer.content) > LARGEST_KEY_SET:
                raise ValueError("the key set is too large")  # noqa: TRY301 - one place tells of every failure
            keys = answer.json()["keys"]
            self._keys = {str(key.get("kid", "")): dict(key) for key in keys if isinstance(key, Mapping)}
            self._fetched_at = monotonic()
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            # Keys that are here already stay in use: a project that cannot be reached must not lock its users out.
            log.warning("the public keys of %s cannot be fetched: %s", self._url, error)


class SupabaseTokens:
    """Verifies tokens of one project."""

    def __init__(self, settings: SnapassetSettings) -> None:
        if settings.supabase_url is None:
            raise ValueError("no project is configured")
        self.issuer = f"{settings.supabase_url.rstrip('/')}/auth/v1"
        self._secret = settings.supabase_jwt_secret
        self._leeway = settings.token_leeway_seconds
        self._keys = KeySet(
            f"{self.issuer}/.well-known/jwks.json", keep_seconds=settings.jwks_seconds, pause_seconds=settings.jwks_refetch_seconds
        )

    def is_ours(self, token: str) -> bool:
        """Whether the token says that it is one of this project's; nothing of it is proven by that."""
        if len(token) > LONGEST_TOKEN:
            return False
        try:
            claims = jwt.decode(token, options=UNVERIFIED)
        except (jwt.PyJWTError, ValueError, RecursionError):
            return False
        return claims.get("iss") == self.issuer

    def claims(self, token: str) -> dict[str, Any]:
        """The claims of a signed-in user's token. Raises NotAuthenticated, NotNow."""
        try:
            header = jwt.get_unverified_header(token)
            algorithm = str(header.get("alg"))
            key = self._key_for(algorithm, header.get("kid"))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=AUDIENCE,
                issuer=self.issuer,
                leeway=self._leeway,
                options=DEMANDED,
            )
        except jwt.ExpiredSignatureError as error:
            raise NotAuthenticated("The token has expired", reason="expired") from error
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise NotAuthenticated("Invalid token", reason="invalid") from error
        if claims.get("role") != AUDIENCE or not _is_uuid(claims.get("sub")):
            raise NotAuthenticated("Invalid token", reason="invalid")
        return claims

    def _key_for(self, algorithm: str, key_id: Any) -> Any:
        if algorithm == "HS256" and self._secret:
            return self._secret
        if algorithm in PUBLIC_ALGORITHMS and (key_id is None or isinstance(key_id, str)):
            return self._keys.key(key_id, PUBLIC_ALGORITHMS[algorithm])
        raise NotAuthenticated("Invalid token", reason="invalid")


def is_admin(claims: Mapping[str, Any]) -> bool:
    """Whether the project calls the user an administrator; what users can change themselves does not count."""
    metadata = claims.get("app_metadata")
    return isinstance(metadata, Mapping) and metadata.get("role") == "admin"


def _is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(value) == 36 and bool(uuid.UUID(value))
    except ValueError:
        return False
