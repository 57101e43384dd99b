"""Answers as the OpenAPI document describes them. Routes send ready JSON; tests hold it against these models."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

ImageStatus = Literal["without_segmentation", "queued", "processing", "completed", "failed"]


class Document(BaseModel):
    """A JSON object that may get further keys."""

    model_config = ConfigDict(extra="allow")


class Envelope(Document):
    """What stands beside a resource's keys."""

    success: Literal[True]
    message: str
    timestamp: str


class Problem(Document):
    """One thing that is wrong with a request."""

    path: str
    message: str


class ErrorAnswer(Document):
    """Every error of this API."""

    success: Literal[False]
    error: str
    code: str
    message: str
    statusCode: int
    details: dict[str, Any]
    errors: list[Problem]
    timestamp: str
    requestId: str


class Pagination(Document):
    """Where a page stands in its list."""

    total: int
    limit: int
    offset: int
    page: int
    totalPages: int
    hasMore: bool


class ListEnvelope(Envelope):
    """What stands beside the items of a list."""

    total: int
    limit: int
    offset: int
    pagination: Pagination


class ProfileShown(Document):
    """What a user tells about itself."""

    username: str | None
    full_name: str | None
    title: str | None
    organization: str | None
    bio: str | None
    location: str | None
    avatar_url: str | None


class User(ProfileShown):
    """User."""

    id: str
    email: str | None
    name: str | None
    firstName: str
    lastName: str
    created_at: str
    createdAt: str
    updated_at: str
    updatedAt: str
    role: str
    isEmailVerified: bool
    preferred_language: str
    theme_preference: str | None
    profile: ProfileShown


class TokenKeys(Document):
    """Tokens."""

    accessToken: str
    refreshToken: str
    expiresIn: int
    tokenType: Literal["Bearer"]


class PixelSizeShown(Document):
    """Calibration in µm and where it comes from."""

    x: float
    y: float
    source: Literal["image", "ome", "imagej", "tiff", "project"]


class Project(Document):
    """Project."""

    id: str
    title: str
    name: str
    description: str
    tags: list[str]
    public: bool
    user_id: str
    userId: str
    owner_name: str | None
    is_owner: bool
    permission: Literal["owner", "edit", "view"]
    created_at: str
    createdAt: str
    updated_at: str
    updatedAt: str
    image_count: int
    imageCount: int
    thumbnail_url: str | None
    pixel_size_um: PixelSizeShown | None


class Metadata(Document):
    """What an image file says of itself."""

    bit_depth: int | None
    channels: int | None
    pages: int
    axes: str | None
    extension_mismatch: bool


class Image(Document):
    """Image."""

    id: str
    project_id: str
    projectId: str
    name: str
    originalName: str
    size: int
    file_size: int
    width: int
    height: int
    format: Literal["JPEG", "PNG", "TIFF", "BMP"]
    mimeType: str
    storage_path: str
    storage_filename: str
    thumbnail_path: str
    url: str
    thumbnail_url: str
    thumbnailUrl: str
    preview_url: str
    status: ImageStatus
    segmentationStatus: ImageStatus
    segmentation_status: ImageStatus
    segmentation_id: str | None
    page: int
    pixel_size_um: PixelSizeShown | None
    metadata: Metadata
    created_at: str
    createdAt: str
    updated_at: str
    updatedAt: str


class FailedFile(Document):
    """A file of an upload that was not stored."""

    index: int
    name: str
    filename: str
    size: int
    error: str
    code: str
    message: str


class Summary(Document):
    """How many of a request's items worked."""

    total: int
    successful: int
    failed: int


class Share(Document):
    """A share of a project."""

    id: str
    projectId: str
    email: str
    permission: Literal["view", "edit"]
    user_name: str | None
    is_pending: bool
    isPending: bool
    created_at: str
