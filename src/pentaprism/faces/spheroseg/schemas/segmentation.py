"""Segmentation as the OpenAPI document describes it."""

from typing import Any, Literal

from pentaprism.faces.spheroseg.schemas.documents import Document, Envelope, ImageStatus, PixelSizeShown


class Point(Document):
    """A vertex in pixels, origin at the top-left corner of the image."""

    x: float
    y: float


class Polygon(Document):
    """An object (``external``) or a hole (``internal``)."""

    id: str
    type: Literal["external", "internal"]
    parentId: str | None
    depth: int
    points: list[Point]
    area: float | None


class Results(Document):
    """What was found."""

    cell_count: int
    polygons: list[Polygon]
    features: dict[str, Any] | None
    confidence_score: float | None


class ModelUsed(Document):
    """Which model was asked for and which ran."""

    requested: str
    used: str | None
    version: str | None
    fallback: bool
    reason: str | None


class Failure(Document):
    """Why a run failed."""

    code: Literal["SEGMENTATION_FAILED"]
    message: str | None


class SegmentationAnswer(Envelope):
    """Segmentation."""

    id: str | None
    image_id: str
    imageId: str
    project_id: str
    status: ImageStatus
    progress: int
    created_at: str | None
    completed_at: str | None
    processing_time: float | None
    results: Results | None
    polygons: list[Polygon]
    taskId: str | None
    version: int | None
    source: Literal["model", "manual", "restore", "import"] | None
    stale: bool
    queued_at: str | None
    started_at: str | None
    updated_at: str | None
    queue_time: float | None
    queue_position: int | None
    attempt: int | None
    imageWidth: int
    imageHeight: int
    pixel_size_um: PixelSizeShown | None
    page: int
    parameters: dict[str, Any]
    model: ModelUsed | None
    warnings: list[str]
    error: Failure | None


class ImageInQueue(Document):
    """An image whose run waits or is under way."""

    id: str
    name: str
    projectId: str
    taskId: str


class QueueKeys(Document):
    """Queue."""

    pending: int
    processing: int
    queueLength: int
    activeTasksCount: int
    pendingTasks: list[str]
    queuedTasks: list[str]
    runningTasks: list[str]
    processingImages: list[ImageInQueue]
    queuedImages: list[ImageInQueue]
    completedToday: int | None
    averageProcessingTime: float | None
    estimatedWaitTime: float | None
    systemLoad: float | None
    mlServiceStatus: Literal["online", "degraded", "offline"]
    lastUpdated: str
    timestamp: str


class QueueAnswer(QueueKeys, Envelope):
    """Queue in its envelope."""


class TriggerAnswer(Envelope):
    """A queued run."""

    taskId: str
    imageId: str
    status: ImageStatus
    priority: int
    parameters: dict[str, Any]
    model: str
    alreadyQueued: bool
    warnings: list[str]
    queueStatus: QueueKeys


class FailedImage(Document):
    """An image that was not queued."""

    id: str
    imageId: str
    reason: str
    error: str


class BatchAnswer(Envelope):
    """What became of the images of a batch."""

    triggered: list[str]
    taskIds: dict[str, str]
    failed: list[FailedImage]
    failedImages: list[FailedImage]
    totalImages: int
    queuedImages: int
    queueStatus: QueueKeys


class VersionItem(Document):
    """A stored version."""

    id: str
    version: int
    source: Literal["model", "manual", "restore", "import"]
    model: dict[str, Any] | None
    parameters: dict[str, Any]
    cell_count: int
    created_at: str
    created_by: str | None
    current: bool


class VersionsAnswer(Envelope):
    """The kept versions, the newest first."""

    versions: list[VersionItem]
    total: int
    currentVersion: int | None


class StatusAnswer(Envelope):
    """Where an image's segmentation is."""

    imageId: str
    status: ImageStatus
    progress: int
    error: str | None


class TaskAnswer(Envelope):
    """A cancelled run."""

    imageId: str
    status: ImageStatus


class ModelItem(Document):
    """A model that can be asked for."""

    id: str
    name: str
    available: bool


class ModelsAnswer(Envelope):
    """The models that can be asked for."""

    models: list[ModelItem]


class ExportAnswer(Envelope):
    """An export made in the background."""

    id: str
    projectId: str
    status: Literal["queued", "processing", "completed", "failed", "cancelled"]
    progress: int
    formats: list[str]
    size: int | None
    downloadUrl: str | None
    error: str | None


class StatisticsAnswer(Envelope):
    """Numbers of a project."""

    project_id: str
    images: dict[str, int]
    total_objects: int
    storage_bytes: int
    summary: dict[str, dict[str, float | None]]
    by_day: list[dict[str, Any]]


TRIGGER_BODY: dict[str, Any] = {
    "requestBody": {
        "required": False,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "model": {"type": "string", "default": "auto"},
                        "priority": {"type": "integer", "minimum": 0, "maximum": 10, "default": 1},
                        "parameters": {
                            "type": "object",
                            "properties": {
                                "threshold": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "default": 0.5},
                                "min_size": {"type": "number", "minimum": 0, "default": 100},
                                "min_hole_size": {"type": "number", "minimum": 0, "default": 50},
                                "split_touching": {"type": "boolean", "default": True},
                                "fill_holes": {"type": "boolean", "default": False},
                                "exclude_border": {"type": "boolean", "default": False},
                                "polarity": {"enum": ["auto", "dark", "bright"], "default": "auto"},
                                "page": {"type": "integer", "minimum": 0},
                                "projection": {"enum": ["none", "max", "mean"], "default": "none"},
                                "channel": {"anyOf": [{"type": "integer", "minimum": 0}, {"const": "auto"}], "default": "auto"},
                            },
                        },
                    },
                }
            }
        },
    }
}
BATCH_BODY: dict[str, Any] = {
    "requestBody": {
        "required": False,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "imageIds": {"type": ["array", "null"], "items": {"type": "string"}, "minItems": 1, "maxItems": 1000},
                        **TRIGGER_BODY["requestBody"]["content"]["application/json"]["schema"]["properties"],
                    },
                }
            }
        },
    }
}
EDIT_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "polygons": {"type": "array", "maxItems": 20_000, "items": {"type": "object"}},
                        "result_data": {"type": "object"},
                        "results": {"type": "object"},
                        "status": {"const": "completed"},
                    },
                }
            }
        },
    }
}
