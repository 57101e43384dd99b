"""The sections of the settings tree. Every field has a default that works and a description; the reference is made of them."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SECRET: dict[str, Any] = {"secret": True}
MEBIBYTE = 1_048_576


def plain(*names: str, secret: bool = False) -> dict[str, Any]:
    """Marks a field that can also be set by environment variables of these names, without the prefix."""
    return {"env": list(names), **(SECRET if secret else {})}


class Section(BaseModel):
    """A group of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ServerSettings(Section):
    """Where and how the server listens."""

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 for all.")
    port: int = Field(8000, ge=0, le=65535, description="Port of the gateway; 0 takes a free one.")
    native_ports: bool = Field(False, description="Also serve each face at the root of its own port.")
    face_ports: dict[str, int] = Field(
        default_factory=dict,
        description="Face to port, where a face's own port shall be another than the usual one, e.g. `spheroseg=5101`.",
    )
    hosts: dict[str, str] = Field(
        default_factory=dict,
        description="Host name to face: requests for the name get the face at the root, e.g. `cells.example.org=spheroseg`.",
    )
    trusted_proxies: tuple[str, ...] = Field(
        (), description="Addresses or networks of proxies whose X-Forwarded-For, -Proto, -Host and -Prefix headers count; `*` for all."
    )
    metrics: bool = Field(True, description="Serve /metrics on the gateway.")
    metrics_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Serve /metrics on a port of its own, and no longer on the gateway.",
        json_schema_extra=plain("METRICS_PORT"),
    )
    drain_seconds: float = Field(5.0, ge=0, description="How long a stopping server waits for open requests.")
    keep_alive_seconds: int = Field(75, ge=1, description="How long an idle connection is kept open.")
    threads: int = Field(40, ge=4, le=512, description="Threads that answer requests.")


class DatabaseSettings(Section):
    """Where rows are kept."""

    url: str | None = Field(
        None,
        description="SQLite or PostgreSQL URL; empty: a SQLite file in the data directory.",
        json_schema_extra=plain("DATABASE_URL", secret=True),
    )
    pool_size: int = Field(20, ge=1, description="Connections of one process that stay open; as many again when busy.")
    upgrade: bool = Field(True, description="Create and upgrade the tables at the start of the server.")


class StorageSettings(Section):
    """Where bytes are kept."""

    url: str | None = Field(
        None,
        description="A folder (path or file:// URL), s3://bucket/prefix (?endpoint=, &region=), memory://; empty: in the data directory.",
        json_schema_extra=plain("STORAGE_URL", "UPLOAD_DIR", secret=True),
    )
    staged_seconds: int = Field(3_600, ge=60, description="After this time an upload that was never finished is removed.")
    orphan_seconds: int = Field(1_800, ge=60, description="Stored files older than this without a row are removed.")
    orphan_interval_seconds: int = Field(1_500, ge=1, description="Pause between two searches for stored files without a row.")
    collect_seconds: float = Field(60.0, gt=0, description="Pause between two runs of the storage clean-up.")


class AccountSettings(Section):
    """Accounts of all faces."""

    registration_open: bool = Field(True, description="Whether anybody may register; otherwise accounts are made on the command line.")
    minimum_password: int = Field(8, ge=8, description="Shortest password in characters.")
    maximum_password: int = Field(128, ge=64, description="Longest password in characters.")
    token_private_key: str | None = Field(
        None, description="File with an RSA private key (PEM): tokens are then signed with RS256 in place of HS256."
    )
    token_public_key: str | None = Field(None, description="File with the RSA public key (PEM) that belongs to it.")


class MailSettings(Section):
    """Outgoing mail."""

    smtp_url: str | None = Field(
        None,
        description="smtp://user:password@host:587 (STARTTLS where offered) or smtps://; empty: mails stay in the outbox.",
        json_schema_extra=SECRET,
    )
    sender: str = Field("Pentaprism <no-reply@localhost>", description="Sender of mails.")


class LimitSettings(Section):
    """Rate limits of all faces."""

    enabled: bool = Field(True, description="Off: no rate limit of any face applies (for contract tests).")
    store_url: str | None = Field(
        None, description="Where counters are kept: memory:// or redis://...; empty: redis.url, else memory.", json_schema_extra=SECRET
    )


class RedisSettings(Section):
    """A Redis server, for installations of several processes."""

    url: str | None = Field(
        None,
        description="redis://... for events and rate limits; empty: that of the broker, or both stay in memory.",
        json_schema_extra=plain("REDIS_URL", secret=True),
    )


class CelerySettings(Section):
    """A Celery broker, for workers on other machines."""

    broker_url: str | None = Field(
        None,
        description="Broker of `pentaprism worker`, e.g. redis://...; empty: worker processes of the server.",
        json_schema_extra=plain("CELERY_BROKER_URL", secret=True),
    )


class WorkerSettings(Section):
    """The worker processes of the server."""

    processes: int | None = Field(None, ge=0, description="Worker processes; empty: one for each two processors, at least 2; 0: none.")
    reserved: int = Field(0, ge=0, description="Further worker processes for interactive jobs alone.")
    memory_mb: int = Field(4096, ge=256, description="A worker above this resident memory is replaced, and its job fails.")
    threads: int | None = Field(
        None, ge=1, description="Threads of the numerical libraries in a worker; empty: its share of the processors."
    )
    grace_seconds: float = Field(10.0, ge=0, description="How long a cancelled job may go on before its worker is killed.")
    preload: bool = Field(True, description="Load the handlers' modules when a worker starts, not with its first job.")


class ComputeSettings(Section):
    """Helper processes that decode images for requests."""

    processes: int = Field(1, ge=1, le=32, description="Helper processes.")
    memory_mb: int = Field(8192, ge=512, description="Address space of a helper process; a file that needs more is refused.")


class ModelSettings(Section):
    """Model files."""

    cache_dir: str = Field(
        "models", description="Folder of downloaded models, relative to the data directory.", json_schema_extra=plain("MODEL_CACHE_DIR")
    )
    memory_mb: int = Field(4096, ge=64, description="Loaded models of one process above this are dropped, the longest unused first.")


class JobSettings(Section):
    """The keeping of jobs."""

    sweep_seconds: float = Field(5.0, gt=0, description="Pause between two looks for lost, overdue and expired jobs.")


class LogSettings(Section):
    """Log lines."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least important level that is written.", json_schema_extra=plain("LOG_LEVEL")
    )
    style: Literal["json", "text"] = Field("json", description="json: one object a line; text: for people.")
