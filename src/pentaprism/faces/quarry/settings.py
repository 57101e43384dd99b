"""Settings of the quarry face; the environment names of its reference are plain names of these."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

MODELS = ("vit_h", "vit_l", "vit_b", "vit_t", "embedded")
"""Names that ``model_type`` takes, in the order of the list of models."""

ModelName = Literal["vit_h", "vit_l", "vit_b", "vit_t", "embedded"]
MEBIBYTE = 1_048_576


def env(*names: str, secret: bool = False) -> dict[str, Any]:
    """Marks a field that environment variables of these names set, too."""
    return {"env": list(names), **({"secret": True} if secret else {})}


class QuarrySettings(BaseModel):
    """Settings of the quarry face."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    public_url: str | None = Field(None, description="Address of the face's root as clients see it; empty: taken from each request.")
    host: str | None = Field(
        None, description="Address to listen on when the face is served alone; empty: `server.host`.", json_schema_extra=env("HOST")
    )
    port: int = Field(8000, ge=0, le=65535, description="Port when the face is served alone.", json_schema_extra=env("PORT"))
    version: str = Field("0.1.0", description="Version that the face's health tells.")
    cors_origins: tuple[str, ...] = Field(
        ("*",), description="Web origins whose pages may use the face; `*` for all.", json_schema_extra=env("CORS_ORIGINS")
    )
    enable_metrics: bool = Field(
        False,
        description="Serve /metrics on `server.metrics_port`, or on port 9090 where none is set.",
        json_schema_extra=env("ENABLE_METRICS"),
    )

    api_keys: tuple[str, ...] = Field(
        (),
        description="Keys for X-API-Key, each an account of its own; without any the face is open.",
        json_schema_extra=env("API_KEYS", secret=True),
    )
    require_auth: bool = Field(False, description="Ask for a credential although no key is configured.")
    allow_download: bool = Field(False, description="Let callers of an open face download model weights.")

    default_model: ModelName = Field(
        "vit_h", description="Model of requests that name none.", json_schema_extra=env("DEFAULT_MODEL", "DEFAULT_MODEL_TYPE")
    )
    fallback: Literal["embedded", "best", "error"] = Field(
        "embedded",
        description="What answers for a model whose weights are missing: the embedded engine, the largest model here, or an error.",
    )
    auto_download: bool = Field(False, description="Download missing weights when a request asks for them.")
    model_memory_mb: int | None = Field(None, ge=64, description="Memory of loaded models in a process; empty: half of the machine's.")
    model_idle_seconds: int = Field(1800, ge=1, description="A loaded model that nobody used for so long is dropped.")

    results_dir: str = Field(
        "results", description="Folder of extracted objects, relative to the data directory.", json_schema_extra=env("RESULTS_DIR")
    )
    celery_result_backend: str | None = Field(
        None, description="Accepted and unused: results lie in the database.", json_schema_extra=env("CELERY_RESULT_BACKEND", secret=True)
    )
    max_image_bytes: int = Field(50 * MEBIBYTE, ge=1, description="Largest image file.", json_schema_extra=env("MAX_IMAGE_SIZE"))
    max_side: int = Field(4096, ge=1, description="Longest side of an image in pixels.", json_schema_extra=env("MAX_IMAGE_DIMENSION"))
    tiled_side: int = Field(16_384, ge=1, description="Longest side in pixels of an image that is asked for in tiles.")
    tiled_pixels: int = Field(100_000_000, ge=1, description="Most pixels of an image that is asked for in tiles.")
    max_batch: int = Field(100, ge=1, description="Most images of a batch.", json_schema_extra=env("MAX_BATCH_SIZE"))
    batch_bytes: int = Field(100 * MEBIBYTE, ge=1, description="Largest body of a batch request.")
    batch_at_once: int = Field(4, ge=1, description="Images of one batch that are worked on at a time.")
    storage_limit_bytes: int = Field(10 * 1024 * MEBIBYTE, ge=0, description="Bytes of uploads an account may own.")

    rate_per_minute: int = Field(60, ge=1, description="Requests a minute.", json_schema_extra=env("RATE_LIMIT_PER_MINUTE"))
    rate_per_hour: int = Field(1000, ge=1, description="Requests an hour.", json_schema_extra=env("RATE_LIMIT_PER_HOUR"))
    light_per_minute: int = Field(600, ge=1, description="Polls, fetched results and clicks a minute.")
    unfinished_jobs: int = Field(100, ge=1, description="Most unfinished jobs of an account; a batch is one.")
    interactive_waiting: int = Field(64, ge=1, description="Synchronous requests that may wait for a worker.")

    wait_seconds: float = Field(180.0, gt=0, description="How long a synchronous request waits for its result.")
    busy_seconds: float = Field(30.0, gt=0, description="How long loading or unloading waits for a busy model.")
    hard_seconds: int = Field(
        600, ge=1, description="Time limit of one image; its process is then killed.", json_schema_extra=env("CELERY_TASK_TIME_LIMIT")
    )
    soft_seconds: int = Field(
        540, ge=1, description="Time limit of one image at which it stops itself.", json_schema_extra=env("CELERY_TASK_SOFT_TIME_LIMIT")
    )
    auto_seconds_sync: float = Field(120.0, gt=0, description="Seconds of work of a synchronous automatic run.")
    auto_seconds_async: float = Field(480.0, gt=0, description="Seconds of work of an asynchronous automatic run.")
    points_sync: int = Field(1024, ge=1, description="Most points of a synchronous automatic run of a SAM model on a CPU.")
    points_async: int = Field(8192, ge=1, description="Most points of an asynchronous automatic run of a SAM model on a CPU.")
    crops_sync: int = Field(0, ge=0, le=4, description="Most crop layers of a synchronous automatic run of a SAM model on a CPU.")
    max_objects: int = Field(200, ge=1, description="Most objects that one extraction saves.")

    job_days: float = Field(7.0, gt=0, description="Days a finished job is kept.")
    click_hours: float = Field(24.0, gt=0, description="Hours a finished prompt on a stored image is kept.")
    image_hours: float = Field(24.0, gt=0, description="Hours an upload is kept after its last use.")
    link_hours: float = Field(24.0, gt=0, description="Hours a signed link is valid.")
    embedding_memory_mb: int = Field(512, ge=1, description="Memory for embeddings in a process.")
    embedding_storage_mb: int = Field(4096, ge=1, description="Storage for embeddings.")
    svg_bytes: int = Field(8 * MEBIBYTE, ge=10_000, description="Size above which the outlines of a visualization are simplified further.")

    drive_enabled: bool = Field(False, description="Use Google Drive.", json_schema_extra=env("GOOGLE_DRIVE_ENABLED"))
    drive_account: str | None = Field(
        None,
        description="Service account for Google Drive: a JSON file or its text.",
        json_schema_extra=env("GOOGLE_SERVICE_ACCOUNT_JSON", secret=True),
    )
    drive_folder: str | None = Field(None, description="Folder of Google Drive for uploads.", json_schema_extra=env("DRIVE_FOLDER_ID"))
    drive_folders: tuple[str, ...] = Field((), description="Folders of Google Drive that requests may name; empty: all.")
    drive_api: str | None = Field(None, description="Address of the Drive API, where another server than Google's speaks its protocol.")
    drive_seconds: float = Field(60.0, gt=0, description="Time limit of one call of Google Drive.")

    @field_validator("api_keys")
    @classmethod
    def _without_blanks(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(key.strip() for key in keys if key.strip())

    @field_validator("max_image_bytes", "max_side", "max_batch", "rate_per_minute", "rate_per_hour", mode="before")
    @classmethod
    def _underscores(cls, value: object) -> object:
        return value.replace("_", "") if isinstance(value, str) else value
