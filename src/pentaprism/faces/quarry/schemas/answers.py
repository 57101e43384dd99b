"""The bodies of answers, for the OpenAPI document."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

PLACE = Field(None, description="Place in the queue, from 1, of a job that waits; only with position=true")


class Answer(BaseModel):
    """An answer with exactly these keys."""

    model_config = ConfigDict(protected_namespaces=())


class ErrorAnswer(Answer):
    """What every refusal looks like."""

    success: bool
    message: str
    error_code: str
    details: dict[str, Any]
    timestamp: str


class EngineKeys(Answer):
    """What ran."""

    name: str
    version: str
    kind: str
    weights_sha256: str | None


class FallbackKeys(Answer):
    """Why something else ran than was asked for."""

    requested: str
    used: str
    reason: str
    message: str


class InfoKeys(Answer):
    """What every segmentation body holds."""

    job_id: str | None
    task_id: str | None
    model_type: str
    engine: EngineKeys | None
    fallback: FallbackKeys | None
    image_id: str | None
    image_width: int | None
    image_height: int | None
    truncated: bool
    warnings: list[str]
    processing_time_ms: int | None


class BoxKeys(Answer):
    """The tight box of a mask: width is xmax - x."""

    x: int
    y: int
    width: int
    height: int


class MaskS(Answer):
    """A mask of ``/segment/single``."""

    mask_index: int
    mask_data: Any
    confidence: float
    bbox: BoxKeys
    area: int
    stability_score: float
    prompt_index: int | None


class MaskA(Answer):
    """A mask of ``/segment/auto`` and ``/segment/box``."""

    segmentation: Any
    area: int
    bbox: list[int]
    predicted_iou: float
    point_coords: list[list[float]]
    stability_score: float
    crop_box: list[int]
    mask_index: int
    prompt_index: int | None


class SingleAnswer(InfoKeys):
    """A job on one image with its masks."""

    status: str
    total_masks: int | None
    masks: list[MaskS]
    created_at: str
    updated_at: str
    progress: float
    error_code: str | None
    error_message: str | None


class AutoAnswer(InfoKeys):
    """Masks of an image."""

    total_masks: int
    masks: list[MaskA]
    effective_parameters: dict[str, Any] | None


class ObjectKeys(Answer):
    """An extracted object."""

    name: str
    path: str
    url: str
    mask_index: int
    area: int
    bbox: list[int]
    width: int
    height: int
    predicted_iou: float


class DriveFile(Answer):
    """A file on Google Drive."""

    file_id: str
    web_view: str


class ExtractAnswer(InfoKeys):
    """Extracted objects."""

    saved: list[str]
    skipped: int
    drive_files: list[dict[str, Any]]
    objects: list[ObjectKeys]
    skipped_reasons: dict[str, int]
    drive_errors: list[dict[str, Any]]
    effective_parameters: dict[str, Any] | None


class TaskAnswer(Answer):
    """An accepted task."""

    task_id: str
    job_id: str
    status: str
    status_url: str
    image_id: str


class BatchStarted(Answer):
    """An accepted batch."""

    batch_job_id: str
    task_id: str
    status: str
    total_images: int
    created_at: str
    jobs: list[dict[str, Any]]


class BatchAnswer(Answer):
    """A batch with its jobs."""

    batch_job_id: str
    status: str
    total_images: int
    completed_images: int
    failed_images: int
    created_at: str
    updated_at: str
    jobs: list[dict[str, Any]]
    task_id: str
    progress: float
    cancelled: bool


class JobKeys(Answer):
    """A job."""

    job_id: str
    status: str
    model_type: str | None
    total_masks: int | None
    created_at: str
    updated_at: str
    task_id: str
    kind: str
    batch_job_id: str | None
    index: int | None
    progress: float
    total_images: int
    processed_images: int
    failed_images: int
    error_code: str | None
    error_message: str | None
    cancelled: bool
    engine: EngineKeys | None
    fallback: FallbackKeys | None
    started_at: str | None
    finished_at: str | None
    position: int | None = PLACE


class StatusKeys(Answer):
    """How a job is doing."""

    job_id: str
    status: str
    created_at: str
    updated_at: str
    progress: float
    total_images: int
    processed_images: int
    task_id: str
    failed_images: int
    error_code: str | None
    error_message: str | None
    cancelled: bool
    position: int | None = PLACE


class Envelope(Answer):
    """What stands around data."""

    success: bool
    message: str
    timestamp: str


class JobsAnswer(Envelope):
    """A page of jobs."""

    data: list[JobKeys]
    total: int
    page: int
    page_size: int
    total_pages: int


class JobAnswer(Envelope, JobKeys):
    """A job, in ``data`` and beside it."""

    data: JobKeys


class StatusAnswer(Envelope):
    """The status of a job."""

    data: StatusKeys


class ModelKeys(Answer):
    """A model."""

    name: str
    description: str
    size_mb: int
    cached: bool
    loaded: bool
    memory_usage_mb: int
    default: bool
    kind: str
    licence: str | None
    sha256: str | None
    source_url: str | None
    processes: int
    usable: bool
    last_used_at: str | None


class ModelsAnswer(Envelope):
    """Every model."""

    data: list[ModelKeys]


class ModelAnswer(Envelope):
    """One model."""

    data: ModelKeys


class LoadedKeys(Answer):
    """A loaded model."""

    name: str
    loaded: bool
    memory_usage_mb: int
    load_time_ms: int


class LoadedAnswer(Envelope):
    """The model is loaded."""

    data: LoadedKeys


class DownloadKeys(Answer):
    """A download under way."""

    name: str
    bytes: int
    total_bytes: int
    status: str


class DownloadAnswer(Envelope):
    """The download is under way, or done."""

    data: DownloadKeys


class DriveStatus(Answer):
    """What Google Drive can do here."""

    enabled: bool
    authenticated: bool
    folder_access: bool


class HandleAnswer(Answer):
    """A stored image."""

    image_id: str
    width: int
    height: int
    expires_at: str
    embeddings: list[str]


class EmbedAnswer(InfoKeys):
    """A stored image whose embedding is ready."""

    width: int
    height: int
    embedding_cached: bool
    expires_at: str


class HealthAnswer(Answer):
    """How the service is."""

    status: str
    service: str
    version: str
    details: dict[str, Any]
