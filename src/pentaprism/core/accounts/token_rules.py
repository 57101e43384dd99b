"""How long tokens live, and what an issue of tokens consists of."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TokenRules:
    """Lives of tokens in seconds.

    A refresh token that comes again within ``grace_seconds`` of its rotation does not end the session: it is refused,
    or, with ``grace_repeats``, answered with the pair of that rotation. With ``single`` a session has no refresh token:
    its access token renews itself, for ``late_seconds`` even after it has expired, and opens nothing any more when
    ``grace_seconds`` have passed since its rotation. That holds for sessions begun on ``face`` (empty: on any); tokens of other faces'
    sessions are ordinary ones.
    """

    access_seconds: int = 900
    refresh_seconds: int = 604_800
    remember_seconds: int = 2_592_000
    family_seconds: int = 7_776_000
    grace_seconds: float = 0
    grace_repeats: bool = False
    single: bool = False
    late_seconds: int = 0
    face: str = ""


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a log-in or a refresh answers. In a session of single tokens ``refresh`` is the access token itself."""

    access: str
    refresh: str
    expires_in: int
    session_id: str
    refresh_expires_at: datetime
