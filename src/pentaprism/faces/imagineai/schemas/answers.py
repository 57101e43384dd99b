"""Bodies of answers."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

Detail = str
Probability = Annotated[float, Field(ge=0, le=1)]


class ErrorAnswer(BaseModel):
    """What went wrong."""

    detail: str


class FieldProblem(BaseModel):
    """A problem of one field."""

    type: str
    loc: list[str | int]
    msg: str
    input: Any = None
    ctx: dict[str, Any] | None = None


class ValidationAnswer(BaseModel):
    """A text, or the problems of single fields."""

    detail: str | list[FieldProblem]


class User(BaseModel):
    """An account."""

    id: UUID
    email: str
    full_name: str | None
    is_active: bool
    created_at: datetime


class TokenPair(BaseModel):
    """Tokens of a session."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"]


class Image(BaseModel):
    """An image of a product."""

    id: UUID
    s3_key: str
    original_filename: str
    content_type: str
    file_size_bytes: int
    width: int | None
    height: int | None
    is_primary: bool
    upload_status: Literal["pending", "uploaded", "failed"]
    created_at: datetime
    url: str | None
    thumbnail_url: str | None


class Product(BaseModel):
    """A product with its images."""

    id: UUID
    user_id: UUID
    title: str
    description: str | None
    category: str | None
    subcategory: str | None
    ai_description: str | None
    status: Literal["draft", "processing", "active", "archived"]
    metadata_: dict[str, Any]
    images: list[Image]
    created_at: datetime
    updated_at: datetime


class Products(BaseModel):
    """A page of products."""

    items: list[Product]
    total: int
    page: int
    page_size: int
    pages: int


class Attribute(BaseModel):
    """An attribute of what an image shows."""

    id: UUID
    attribute_name: str
    attribute_value: str
    confidence: Probability
    source: Literal["image", "text", "user"]


class Box(BaseModel):
    """Pixels of the upright full-size image."""

    x: int
    y: int
    width: int
    height: int


class NormalizedBox(BaseModel):
    """Fractions of the upright image."""

    x: float
    y: float
    width: float
    height: float


class Defect(BaseModel):
    """A defect."""

    id: UUID
    defect_type: str
    severity: Literal["low", "medium", "high"]
    confidence: Probability
    bounding_box: Box
    description: str | None
    bounding_box_normalized: NormalizedBox
    user_verdict: Literal["confirmed", "rejected"] | None


class Analysis(BaseModel):
    """What is known of an image."""

    id: UUID
    product_image_id: UUID
    model_version: str
    classification_label: str | None
    classification_confidence: float | None
    classification_scores: dict[str, float]
    description_text: str | None
    description_model: str | None
    processing_time_ms: int | None
    status: Literal["pending", "processing", "completed", "failed"]
    error_message: str | None
    extracted_attributes: list[Attribute]
    detected_defects: list[Defect]
    created_at: datetime
    updated_at: datetime
    category: str | None
    category_confidence: float | None
    subcategory: str | None
    engines: dict[str, Any] | None
    quality: dict[str, Any] | None
    user_label: str | None


class Presigned(BaseModel):
    """Where to put the bytes."""

    upload_url: str
    image_id: UUID
    s3_key: str
    expires_in: int


class Started(BaseModel):
    """An image whose processing has begun."""

    image_id: UUID
    job_id: UUID
    status: str
    message: str


class Retried(BaseModel):
    """An analysis that begins anew."""

    job_id: UUID
    status: str
    message: str


class Step(BaseModel):
    """A step of the pipeline for one image."""

    id: UUID
    step_name: str
    status: Literal["pending", "running", "completed", "failed", "skipped"]
    started_at: datetime | None
    completed_at: datetime | None
    duration_ms: int | None
    error_message: str | None
    result_data: dict[str, Any]
    product_image_id: UUID | None


class Job(BaseModel):
    """A processing job."""

    id: UUID
    user_id: UUID
    job_type: Literal["single", "batch"]
    status: Literal["queued", "processing", "completed", "failed", "cancelled"]
    total_images: int
    processed_images: int
    failed_images: int
    celery_task_id: str
    started_at: datetime
    completed_at: datetime | None
    error_message: str | None
    steps: list[Step]
    created_at: datetime
    updated_at: datetime
    product_id: UUID | None
    progress: int
    position: int | None = Field(None, description="Place in the queue, from 1, of a job that waits; only with position=true")


class Jobs(BaseModel):
    """Some of the jobs."""

    items: list[Job]
    total: int


class AcceptedFile(BaseModel):
    """A file that was stored."""

    filename: str
    image_id: UUID


class RejectedFile(BaseModel):
    """A file that was not."""

    filename: str
    detail: str


class MultiUpload(BaseModel):
    """What became of several files."""

    job: Job
    accepted: list[AcceptedFile]
    rejected: list[RejectedFile]


class Stats(BaseModel):
    """Figures of the account."""

    total_products: int
    total_images: int
    completed_analyses: int
    total_defects: int
    active_jobs: int
    avg_processing_time_ms: int | None


class RecentJob(BaseModel):
    """A job in short."""

    id: UUID
    job_type: str
    status: str
    total_images: int
    processed_images: int
    created_at: datetime
    completed_at: datetime | None


class CategoryCount(BaseModel):
    """How many products a category has."""

    category: str
    count: int


class ApiKey(BaseModel):
    """An API key without its text."""

    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    expires_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime


class CreatedKey(ApiKey):
    """An API key, the only time with its text."""

    key: str


class Webhook(BaseModel):
    """A webhook without its secret."""

    id: UUID
    url: str
    events: list[str]
    description: str | None
    is_active: bool
    consecutive_failures: int
    created_at: datetime
    updated_at: datetime


class CreatedWebhook(Webhook):
    """A webhook with its secret."""

    secret: str


class Delivery(BaseModel):
    """An event on its way to a webhook."""

    id: UUID
    webhook_id: UUID
    event: str
    status: Literal["pending", "delivered", "failed"]
    attempts: int
    response_status: int | None
    error: str | None
    created_at: datetime
    next_attempt_at: datetime | None
    delivered_at: datetime | None


class Health(BaseModel):
    """The process answers."""

    status: Literal["healthy"]


class Ready(BaseModel):
    """Whether the parts work."""

    status: Literal["ready", "not_ready"]
    checks: dict[str, str]
    backends: dict[str, str]
