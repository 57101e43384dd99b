"""Who a request acts as."""

from dataclasses import dataclass, field
from typing import Any

from pentaprism.core.accounts.tables import Account
from pentaprism.core.errors import NotAllowed


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

    def has(self, scope: str) -> bool:
        """Whether ``scope`` is open to this identity."""
        return self.scopes is None or scope in self.scopes

    def require(self, scope: str) -> None:
        """Raise NotAllowed unless ``scope`` is open to this identity."""
        if not self.has(scope):
            raise NotAllowed(f"API key lacks scope {scope}")
