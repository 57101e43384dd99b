"""Whole answers: documents in their envelope."""

from typing import Any, Literal

from pentaprism.faces.spheroseg.schemas.documents import (
    Document,
    Envelope,
    FailedFile,
    Image,
    ListEnvelope,
    Project,
    Share,
    Summary,
    TokenKeys,
    User,
)


class MessageAnswer(Envelope):
    """Nothing but a message."""


class UserAnswer(Envelope, User):
    """A user, also under ``user``."""

    user: User
    data: Any


class SignedInKeys(TokenKeys):
    """A user with fresh tokens."""

    user: User
    tokens: TokenKeys
    token: str


class SignedInAnswer(Envelope, SignedInKeys):
    """A user with fresh tokens."""

    data: SignedInKeys


class EmailCheckAnswer(Envelope):
    """What is known of an e-mail; ``message`` says it in words."""

    exists: bool
    hasAccessRequest: bool


class Activity(Document):
    """Something that happened."""

    type: Literal["project_created", "image_uploaded", "segmentation_completed"]
    item_id: str
    item_name: str
    timestamp: str
    project_id: str
    project_name: str


class Counted(Document):
    """A number and its newest members."""

    count: int
    recent: list[Any]


class Storage(Document):
    """Bytes of originals."""

    used: int
    limit: int
    percentage: float


class UserStatisticsAnswer(Envelope):
    """What an account has."""

    totalProjects: int
    totalImages: int
    completedSegmentations: int
    storageUsedBytes: str
    storageLimitBytes: str
    storageUsedMB: float
    recentActivity: list[Activity]
    processedImages: int
    pendingImages: int
    failedImages: int
    totalCells: int
    recentProjects: list[Project]
    recentImages: list[Image]
    comparisons: dict[str, int]
    projects: Counted
    images: Counted
    segmentations: Counted
    storage: Storage
    activity: list[Activity]


class ProjectAnswer(Envelope, Project):
    """A project."""

    data: Project


class ProjectsAnswer(ListEnvelope):
    """A page of projects."""

    projects: list[Project]
    data: list[Project]


class ImageAnswer(Envelope, Image):
    """An image."""

    data: Image


class ImagesAnswer(ListEnvelope):
    """Images of a project; ``data`` repeats them where the list is paged."""

    images: list[Image]


class UploadAnswer(Envelope):
    """What became of each file."""

    uploaded: list[Image]
    failed: list[FailedFile]
    summary: Summary
    uploadedImages: list[Image]
    failedUploads: list[FailedFile]


class FailedId(Document):
    """An id of a request that was not treated."""

    id: str
    error: str
    message: str


class BatchDeleteAnswer(Envelope):
    """Which images are gone."""

    deleted: list[str]
    deletedCount: int
    failed: list[FailedId]
    summary: Summary


class SharesAnswer(Envelope):
    """Shares."""

    data: list[Share]


class ShareAnswer(Envelope):
    """A share."""

    data: Share


class Invitation(Document):
    """A link that gives a right."""

    invitationUrl: str
    token: str
    expiresAt: str
    permission: Literal["view", "edit"]


class InvitationAnswer(Envelope):
    """A link that gives a right."""

    data: Invitation


class Accepted(Document):
    """The project of an accepted invitation."""

    id: str
    title: str
    ownerName: str | None
    ownerEmail: str | None
    permission: Literal["view", "edit"]


class AcceptedAnswer(Envelope):
    """The project of an accepted invitation."""

    data: Accepted


class ObjectAnswer(Envelope):
    """An object of a form of its own."""


class UsersAnswer(ListEnvelope):
    """Accounts, for administrators."""

    users: list[Document]
    data: list[Document]
