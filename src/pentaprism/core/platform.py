"""The platform: every core service, built once per process by the composition root and handed to the faces."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pentaprism.core.clock import Clock, now
from pentaprism.core.signing import Signer

if TYPE_CHECKING:
    from pentaprism.core.accounts.api_keys import ApiKeys
    from pentaprism.core.accounts.mail import Mail
    from pentaprism.core.accounts.service import Accounts
    from pentaprism.core.accounts.tokens import Tokens
    from pentaprism.core.blobs.uploads import Blobs
    from pentaprism.core.database.engine import Database
    from pentaprism.core.events.bus import EventBus
    from pentaprism.core.jobs.kinds import JobKind
    from pentaprism.core.jobs.queue import Jobs
    from pentaprism.core.limits.limiter import Limiter
    from pentaprism.core.models.registry import Models
    from pentaprism.core.workers.compute import Compute


@dataclass(frozen=True, slots=True)
class Platform:
    """What faces, workers and the command line work with. ``public_url`` is the address clients see, None to take the request's."""

    secret: bytes
    database: "Database"
    accounts: "Accounts"
    tokens: "Tokens"
    api_keys: "ApiKeys"
    mail: "Mail"
    blobs: "Blobs"
    jobs: "Jobs"
    events: "EventBus"
    limits: "Limiter"
    models: "Models"
    compute: "Compute"
    kinds: "Mapping[str, JobKind]"
    public_url: str | None = None
    clock: Clock = now
    on_close: list[Callable[[], None]] = field(default_factory=list)

    def signer(self, purpose: str) -> Signer:
        """Signs links for one purpose with a key of its own."""
        return Signer(self.secret, purpose)

    def close(self) -> None:
        """Stop everything in the reverse order of its start."""
        while self.on_close:
            self.on_close.pop()()
