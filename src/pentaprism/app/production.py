"""The implementations for several machines: chosen by their addresses, and loaded only then, since they need a package extra."""

from typing import TYPE_CHECKING

from pentaprism.core.blobs.store import BlobStore
from pentaprism.core.events.bus import EventBus
from pentaprism.core.limits.seats import Seats
from pentaprism.settings import Settings, SettingsError

if TYPE_CHECKING:
    from pentaprism.adapters.celery_dispatch import CeleryDispatch

EXTRA = "it needs a package extra: pip install 'pentaprism[production]'"


def redis_url(settings: Settings) -> str | None:
    """The Redis of events and limits: its own address, else that of a broker that is a Redis."""
    broker = settings.celery.broker_url
    if settings.redis.url is None and broker is not None and not broker.startswith(("redis://", "rediss://")):
        raise SettingsError("celery.broker_url is no Redis, so redis.url must name one: workers tell of their jobs through it")
    return settings.redis.url or broker


def redis_bus(url: str) -> EventBus:
    """Events through Redis. Raises SettingsError."""
    try:
        from pentaprism.adapters.redis_bus import RedisBus  # noqa: PLC0415 -- a package extra

        return RedisBus(url)
    except ImportError as error:
        raise SettingsError(f"redis.url is set, and {EXTRA}") from error
    except ValueError as error:
        raise SettingsError(f"redis.url cannot be used: {error}") from error


def redis_seats(url: str) -> Seats:
    """Counts of open connections in Redis. Raises SettingsError."""
    try:
        from pentaprism.adapters.redis_seats import RedisSeats  # noqa: PLC0415 -- a package extra

        return RedisSeats(url)
    except ImportError as error:
        raise SettingsError(f"redis.url is set, and {EXTRA}") from error


def celery_dispatch(settings: Settings) -> "CeleryDispatch":
    """Doorbells through the broker. Raises SettingsError."""
    try:
        from pentaprism.adapters.celery_dispatch import CeleryDispatch, celery_app  # noqa: PLC0415 -- a package extra
    except ImportError as error:
        raise SettingsError(f"celery.broker_url is set, and {EXTRA}") from error
    return CeleryDispatch(celery_app(broker_url(settings)), settings.workers.grace_seconds)


def object_store(settings: Settings, url: str) -> BlobStore:
    """A bucket. Raises SettingsError."""
    try:
        from pentaprism.adapters.s3_store import ObjectStore  # noqa: PLC0415 -- a package extra

        return ObjectStore.from_url(url, settings.path("cache"))
    except ImportError as error:
        raise SettingsError(f"storage.url names a bucket, and {EXTRA}") from error
    except ValueError as error:
        raise SettingsError(f"storage.url cannot be used: {error}") from error


def broker_url(settings: Settings) -> str:
    """The broker, where there is one."""
    assert settings.celery.broker_url is not None
    return settings.celery.broker_url
