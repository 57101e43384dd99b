"""The words of the face: states, steps, kinds of jobs, events."""

from enum import StrEnum

FACE = "imagineai"
ANALYSE_KIND = "imagineai.analyse"
BATCH_KIND = "imagineai.batch"

STEPS = ("preprocess", "classify", "extract_attributes", "detect_defects", "generate_description")
CONTENT_TYPES = ("image/gif", "image/jpeg", "image/png", "image/webp")
UNDECLARED = frozenset({"", "application/octet-stream", "image/jpg"})
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")

OPEN_JOBS = ("queued", "processing")
ENDED_JOBS = ("completed", "failed", "cancelled")
OPEN_STEPS = ("pending", "running")
CANCELLED = "Processing cancelled"
NO_BYTES = "Image not found in storage. Please upload first."

WEBHOOK_EVENTS = (
    "job.completed",
    "job.failed",
    "analysis.completed",
    "analysis.failed",
    "batch.completed",
    "product.created",
    "product.updated",
)


class Category(StrEnum):
    """Categories of products."""

    ELECTRONICS = "electronics"
    CLOTHING = "clothing"
    FOOTWEAR = "footwear"
    FURNITURE = "furniture"
    JEWELRY = "jewelry"
    TOYS = "toys"
    SPORTS = "sports"
    HOME_GARDEN = "home_garden"
    AUTOMOTIVE = "automotive"
    BOOKS = "books"
    OTHER = "other"


class ProductStatus(StrEnum):
    """States of products."""

    DRAFT = "draft"
    PROCESSING = "processing"
    ACTIVE = "active"
    ARCHIVED = "archived"


class JobStatus(StrEnum):
    """States of processing jobs."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


def account_topic(account_id: str) -> str:
    """Where listeners of an account hear that something of it has changed."""
    return f"account:{account_id}"


def image_holder(image_id: str) -> str:
    """What keeps the bytes of an image."""
    return f"imagineai-image:{image_id}"


def thumbnail_holder(image_id: str) -> str:
    """What keeps the thumbnails of an image."""
    return f"imagineai-thumbnail:{image_id}"


def image_subject(image_id: str) -> str:
    """What jobs of an image carry as their subject; they run one after the other."""
    return f"imagineai-image:{image_id}"


def megabytes(count: int) -> int:
    """Bytes in the megabytes that messages speak of."""
    return count // 1_000_000
