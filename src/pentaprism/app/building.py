"""From settings to a platform: which implementation stands behind each port, and what runs in the background."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote, urlsplit

import pentaprism
from pentaprism.app import production
from pentaprism.app.background import add_background
from pentaprism.app.faces import NATIVE_PORTS, all_kinds, before_account_goes
from pentaprism.app.parts import add_checks, add_gauges
from pentaprism.core.accounts.api_keys import ApiKeys
from pentaprism.core.accounts.mail import Mail, MailRules
from pentaprism.core.accounts.passwords import Passwords
from pentaprism.core.accounts.service import AccountRules, Accounts
from pentaprism.core.accounts.tokens import Tokens
from pentaprism.core.blobs.local import LocalStore
from pentaprism.core.blobs.memory import MemoryStore
from pentaprism.core.blobs.store import BlobStore
from pentaprism.core.blobs.uploads import Blobs, StorageRules
from pentaprism.core.database.engine import Database
from pentaprism.core.events.bus import EventBus
from pentaprism.core.events.event import Event
from pentaprism.core.events.memory import MemoryBus
from pentaprism.core.jobs.kinds import JobKind
from pentaprism.core.jobs.queue import Jobs
from pentaprism.core.limits.limiter import Limiter
from pentaprism.core.limits.seats import MemorySeats, Seats
from pentaprism.core.models.registry import ModelRules, Models
from pentaprism.core.platform import Platform
from pentaprism.core.workers.compute import Compute
from pentaprism.core.workers.pool import WorkerPool
from pentaprism.core.workers.relay import RelayBus, RelayDispatch
from pentaprism.core.workers.rules import WorkerRules
from pentaprism.settings import Settings, SettingsError

if TYPE_CHECKING:
    from pentaprism.adapters.celery_dispatch import CeleryDispatch

Role = Literal["server", "worker", "cli"]
Publish = Callable[[Iterable[Event]], None]
QUEUES = ("interactive", "batch", "gpu")
WORKER_BUILD = "pentaprism.app:build_worker_platform"


class Silence:
    """The dispatch of a process without workers: the row waits until a server's workers see it."""

    def ring(self, job_id: str, queue: str, priority: int) -> None:
        """Nobody is here to hear."""

    def cancel(self, job_id: str) -> None:
        """The row says cancelled; the worker that runs the job learns it from there."""


def build_platform(
    settings: Settings,
    role: Role = "server",
    publish: Publish | None = None,
    dispatch: "CeleryDispatch | None" = None,
    queues: tuple[str, ...] = QUEUES,
) -> Platform:
    """Every core service, none of them running yet. ``publish`` is a worker's way to the server, ``dispatch`` the broker of a
    process that has one already, ``queues`` what its own workers serve. Raises SettingsError."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    secret = settings.secret_bytes()
    kinds = job_kinds(settings)
    database = open_database(settings)
    pool = worker_pool(settings, queues) if role == "server" and has_own_workers(settings) else None
    events = _events(settings, publish)
    broker = dispatch
    if broker is None and publish is None and settings.celery.broker_url is not None:
        broker = production.celery_dispatch(settings)
    jobs = Jobs(broker or pool or (RelayDispatch(publish) if publish is not None else Silence()), events, kinds)
    platform = Platform(
        secret=secret,
        database=database,
        accounts=Accounts(Passwords(), _account_rules(settings), events=events, on_delete=[jobs.cancel_account]),
        tokens=_tokens(settings, secret, database, events),
        api_keys=ApiKeys(),
        mail=Mail(MailRules(smtp_url=settings.mail.smtp_url, sender=settings.mail.sender)),
        blobs=Blobs(open_store(settings), database, _storage_rules(settings)),
        jobs=jobs,
        events=events,
        limits=Limiter(
            enabled=settings.limits.enabled, store_url=settings.limits.store_url or production.redis_url(settings) or "memory://"
        ),
        models=build_models(settings),
        seats=_seats(settings),
        compute=Compute(settings.compute.processes, memory_mb=settings.compute.memory_mb),
        kinds=kinds,
        public_url=settings.public_url,
        development=settings.mode == "development",
        data_dir=settings.data_dir,
        face_settings={name: getattr(settings, name) for name in NATIVE_PORTS},
        workers=pool,
    )
    platform.on_close.extend([database.dispose, platform.seats.close, events.close, platform.health.close, platform.compute.close])
    if broker is not None:
        platform.on_close.append(broker.close)
    if role == "cli":
        platform.accounts.on_delete.append(partial(before_account_goes, platform, settings))
    if role == "server":
        add_background(platform, settings)
        add_checks(platform, broker)
        add_gauges(platform)
    return platform


def _account_rules(settings: Settings) -> AccountRules:
    return AccountRules(
        registration_open=settings.accounts.registration_open,
        minimum_password=settings.accounts.minimum_password,
        maximum_password=settings.accounts.maximum_password,
    )


def _tokens(settings: Settings, secret: bytes, database: Database, events: EventBus) -> Tokens:
    return Tokens(
        secret,
        database,
        events,
        private_key_pem=_key(settings, settings.accounts.token_private_key),
        public_key_pem=_key(settings, settings.accounts.token_public_key),
    )


def build_worker_platform(settings_json: str, publish: Publish) -> Platform:
    """The platform inside a worker process; ``publish`` carries events to the server."""
    return build_platform(Settings.model_validate_json(settings_json), "worker", publish)


def job_kinds(settings: Settings) -> dict[str, JobKind]:
    """The job kinds of all faces by name, as ``settings`` have them."""
    return {kind.name: kind for kind in all_kinds(settings)}


def has_own_workers(settings: Settings) -> bool:
    """Whether a server runs worker processes itself; with a broker they are elsewhere."""
    return settings.celery.broker_url is None and settings.worker_processes > 0


def worker_pool(settings: Settings, queues: tuple[str, ...] = QUEUES) -> WorkerPool:
    """The worker processes of a server, not yet started."""
    rules = WorkerRules(
        processes=settings.worker_processes,
        reserved=settings.workers.reserved,
        queues=queues,
        memory_mb=settings.workers.memory_mb,
        grace_seconds=settings.workers.grace_seconds,
        threads=settings.workers.threads,
        preload=settings.workers.preload,
    )
    return WorkerPool(rules, WORKER_BUILD, settings.model_dump_json())


def open_database(settings: Settings) -> Database:
    """Where rows are kept. Raises SettingsError."""
    try:
        return Database(settings.database_url, pool_size=settings.database.pool_size)
    except ValueError as error:
        raise SettingsError(str(error)) from error


def _seats(settings: Settings) -> Seats:
    url = production.redis_url(settings)
    return MemorySeats() if url is None else production.redis_seats(url)


def _events(settings: Settings, publish: Publish | None) -> EventBus:
    if publish is not None:
        return RelayBus(publish)
    url = production.redis_url(settings)
    return MemoryBus() if url is None else production.redis_bus(url)


def open_store(settings: Settings) -> BlobStore:
    """Where bytes are kept. Raises SettingsError."""
    folder = storage_folder(settings)
    if settings.storage.url is not None and urlsplit(settings.storage.url).scheme == "s3":
        return production.object_store(settings, settings.storage.url)
    return MemoryStore() if folder is None else LocalStore(folder)


def storage_folder(settings: Settings) -> Path | None:
    """Where the bytes lie on this machine; None for a bucket or a store in memory. Raises SettingsError for a store that is not known."""
    url = settings.storage.url
    if url is None:
        return settings.path("blobs")
    parts = urlsplit(url)
    if parts.scheme in {"memory", "s3"}:
        return None
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    if parts.scheme in {"", "c", "d"}:
        return settings.path(url)
    raise SettingsError(f"storage.url names {parts.scheme}://, which this installation cannot use")


def _storage_rules(settings: Settings) -> StorageRules:
    folder = storage_folder(settings)
    staging = settings.path("staging") if folder is None else folder.with_name(f"{folder.name}-staging")
    return StorageRules(
        staging=staging,
        staged_seconds=settings.storage.staged_seconds,
        orphan_seconds=settings.storage.orphan_seconds,
        orphan_interval_seconds=settings.storage.orphan_interval_seconds,
    )


def build_models(settings: Settings) -> Models:
    """The model registry: cards that stand in the model folder of the installation, and those shipped with the engines.

    A card of the installation takes the place of the shipped one of that name: an operator's mirror, or weights of his own.
    """
    cache = settings.path(settings.models.cache_dir)
    shipped = sorted(Path(pentaprism.__file__).parent.glob("engines/*/weights"))
    return Models([cache, *shipped], cache, ModelRules(memory_mb=settings.models.memory_mb))


def _key(settings: Settings, name: str | None) -> str | None:
    if name is None:
        return None
    try:
        return settings.path(name).read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the key file {name} cannot be read") from error
