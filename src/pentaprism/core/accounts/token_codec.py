"""Writing and reading JSON Web Tokens (RFC 7519, RFC 7515) of one algorithm."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jwt
from jwt.types import Options

from pentaprism.core.errors import NotAuthenticated
from pentaprism.core.signing import derive

PLAIN = {character: f"\\u{ord(character):04x}" for character in ">?~\x7f"}
LONGEST_TOKEN = 8192
REMEMBERED = 4096
OPTIONS: Options = {
    "require": ["sub", "sid", "jti", "type", "iat", "exp"],
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_aud": False,
}


class TokenCodec:
    """HS256 with a key derived from the server secret, or RS256 where a key pair is given; every other algorithm is refused."""

    def __init__(self, secret: bytes, private_key_pem: str | None = None, public_key_pem: str | None = None) -> None:
        if (private_key_pem is None) != (public_key_pem is None):
            raise ValueError("RS256 needs both the private and the public key")
        self.algorithm = "HS256" if private_key_pem is None else "RS256"
        self._signing_key: str | bytes = private_key_pem or derive(secret, "tokens")
        self._verifying_key: str | bytes = public_key_pem or self._signing_key
        # A client sends the same token with each request, and whether a signature fits never changes.
        self._verified = lru_cache(maxsize=REMEMBERED)(self._verify)

    def encode(self, claims: Mapping[str, Any]) -> str:
        """A signed token of ``claims``; the same claims give the same token."""
        return jwt.api_jws.encode(plain_payload(claims), self._signing_key, self.algorithm)

    def decode(self, token: str) -> dict[str, Any]:
        """The claims of a token of ours, whatever its age; raises NotAuthenticated (``invalid``)."""
        if len(token) > LONGEST_TOKEN:
            raise NotAuthenticated("Invalid token", reason="invalid")
        return dict(self._verified(token))

    def _verify(self, token: str) -> dict[str, Any]:
        try:
            claims = jwt.decode(token, self._verifying_key, algorithms=[self.algorithm], options=OPTIONS)
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise NotAuthenticated("Invalid token", reason="invalid") from error
        if not (_texts(claims, "sub", "sid", "jti", "type") and _numbers(claims, "iat", "exp")):
            raise NotAuthenticated("Invalid token", reason="invalid")
        return claims


def plain_payload(claims: Mapping[str, Any]) -> bytes:
    """ASCII JSON whose base64url text is plain base64 as well: without ``-``, ``_`` and padding.

    Six bits of value 62 or 63 can come only from the characters ``> ? ~`` and 0x7F at the end of a group of three bytes;
    they stand only inside strings, where they are written as ``\\u00XX``. Trailing spaces fill up the last group.
    """
    text = json.dumps(claims, ensure_ascii=True, separators=(",", ":"))
    for character, escape in PLAIN.items():
        text = text.replace(character, escape)
    return (text + " " * (-len(text) % 3)).encode("ascii")


def _texts(claims: Mapping[str, Any], *names: str) -> bool:
    return all(isinstance(claims[name], str) for name in names)


def _numbers(claims: Mapping[str, Any], *names: str) -> bool:
    return all(isinstance(claims[name], int) and not isinstance(claims[name], bool) for name in names)
