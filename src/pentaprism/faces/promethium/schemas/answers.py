"""Shapes of answers, for the OpenAPI document; the answers themselves are built by the services."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """The keys shown are always present."""

    model_config = ConfigDict(extra="forbid")


class ErrorAnswer(Answer):
    """An error."""

    error: dict[str, Any]
    detail: str


class TokenAnswer(Answer):
    """A token."""

    access_token: str
    token_type: str
    expires_in: int


class AccountAnswer(Answer):
    """An account."""

    id: str
    email: str
    full_name: str | None
    created_at: str


class ProfileAnswer(AccountAnswer):
    """The caller."""

    storage: dict[str, int]


class CodeMessage(Answer):
    """Why something failed."""

    code: str
    message: str


class NewDataset(Answer):
    """A dataset that was just accepted."""

    id: str
    name: str
    status: str
    created_at: str


class DatasetItem(NewDataset):
    """A dataset in a list."""

    format: str
    traces: int | None
    samples: int | None
    sample_rate: float | None
    size_bytes: int
    updated_at: str
    tags: list[str]
    sample_interval_us: float | None
    error: CodeMessage | None
    source_job_id: str | None
    preview_url: str


class DatasetAnswer(DatasetItem):
    """A dataset with everything that is known of it."""

    description: str | None
    statistics: dict[str, Any] | None
    headers: dict[str, Any] | None
    layout: dict[str, Any] | None
    geometry: dict[str, Any] | None
    dead_traces: dict[str, Any] | None
    gaps: list[dict[str, Any]] | None
    warnings: list[dict[str, Any]] | None
    lineage: dict[str, Any] | None
    tiles: dict[str, Any] | None
    sha256: str
    download_url: str


class PageAnswer(Answer):
    """A page of a list."""

    total: int
    page: int
    per_page: int
    pages: int


class DatasetPage(PageAnswer):
    """A page of datasets."""

    items: list[DatasetItem]


class RowPage(PageAnswer):
    """A page of traces or models."""

    items: list[dict[str, Any]]


class GatherPage(RowPage):
    """A page of gathers."""

    gather_key: str


class NewJob(Answer):
    """A job that was just accepted."""

    id: str
    type: str
    status: str
    progress: int
    created_at: str


class JobItem(NewJob):
    """A job in a list."""

    dataset_id: str
    model_id: str
    started_at: str | None
    completed_at: str | None
    model_name: str
    dataset_name: str
    output_dataset_id: str | None
    error: CodeMessage | None
    attempts: int
    eta_seconds: int | None
    position: int | None = Field(None, description="Place in the queue, from 1, of a job that waits; only with position=true")


class LogLine(Answer):
    """A line of a log."""

    timestamp: str
    level: str
    message: str


class JobAnswer(JobItem):
    """A job with everything that is known of it."""

    parameters: dict[str, Any]
    logs: list[LogLine]
    effective_parameters: dict[str, Any]
    unused_parameters: list[str]
    warnings: list[dict[str, Any]]
    max_attempts: int
    cancel_requested_at: str | None


class JobPage(PageAnswer):
    """A page of jobs."""

    items: list[JobItem]


class CancelAnswer(Answer):
    """A cancelled job."""

    id: str
    status: str


class LogAnswer(Answer):
    """Lines of a log."""

    logs: list[LogLine]
    next_since: str | None
    truncated: bool


class ResultAnswer(Answer):
    """What a job found."""

    job_id: str
    status: str
    output_dataset_id: str | None
    metrics: dict[str, Any]
    artifacts: list[dict[str, Any]]
    type: str
    model: dict[str, Any]
    selected_model: dict[str, Any] | str | None
    fallback: dict[str, Any] | None
    filled_traces: dict[str, Any]
    warnings: list[dict[str, Any]]
    lineage: dict[str, Any]
    download_url: str


class HealthAnswer(Answer):
    """Whether the server lives."""

    status: str
    version: str


class ReadyAnswer(Answer):
    """Whether the server can work."""

    status: str
    checks: dict[str, str]
    backends: dict[str, str]


class UploadAnswer(Answer):
    """A resumable upload."""

    upload_id: str
    chunk_bytes: int
    expires_at: str


class OffsetAnswer(Answer):
    """How much of a resumable upload has come."""

    offset: int
