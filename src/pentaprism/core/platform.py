"""The platform: every core service, built once per process by the composition root and handed to the faces."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentaprism.core.clock import Clock, now
from pentaprism.core.limits.seats import MemorySeats, Seats
from pentaprism.core.observability.health import Health
from pentaprism.core.observability.metrics import Metrics
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
    from pentaprism.core.workers.pool import WorkerPool


@dataclass(frozen=True, slots=True)
class Platform:
    """What faces, workers and the command line work with.

    ``public_url`` is the address clients see, None to take the request's. ``development`` is true unless the installation is
    in production mode. ``data_dir`` is the folder below which relative paths of settings lie, ``face_settings`` the section of
    each face by its name, so that handlers in workers know it too. ``workers`` are the server's worker processes where it has its
    own. ``on_start`` are begun once the server listens, in a thread; ``on_close`` at the end, the last one first. ``on_beat`` is
    called in a worker process with each of its heartbeats, every few seconds; a handler adds to it what it wants to look after.
    """

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
    seats: Seats = field(default_factory=MemorySeats)
    public_url: str | None = None
    development: bool = True
    data_dir: Path = Path()
    face_settings: Mapping[str, Any] = field(default_factory=dict)
    clock: Clock = now
    metrics: Metrics = field(default_factory=Metrics)
    health: Health = field(default_factory=Health)
    workers: "WorkerPool | None" = None
    on_start: list[Callable[[], None]] = field(default_factory=list)
    on_close: list[Callable[[], None]] = field(default_factory=list)
    on_beat: list[Callable[[], None]] = field(default_factory=list)

    def signer(self, purpose: str) -> Signer:
        """Signs links for one purpose with a key of its own."""
        return Signer(self.secret, purpose)

    def start(self) -> None:
        """Start what works in the background."""
        while self.on_start:
            self.on_start.pop(0)()

    def close(self) -> None:
        """Stop everything in the reverse order of its start."""
        while self.on_close:
            self.on_close.pop()()
