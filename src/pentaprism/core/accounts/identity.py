"""Who a request acts as."""

from dataclasses import dataclass, field
from typing import Any

from pentaprism.core.accounts.tables import Account


@dataclass(frozen=True, slots=True)
class Identity:
    """An account and what it was recognised by: a log-in session or an API key.

    ``scopes`` is None for whoever may do everything the account may; a key has exactly its scopes.
    """

    account: Account
    session_id: str | None = None
    scopes: frozenset[str] | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    api_key_id: str | None = None
