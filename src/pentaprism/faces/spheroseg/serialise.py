"""The documents of the face that several operations share, one function each."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pentaprism.core.accounts.tables import Account
from pentaprism.core.accounts.token_rules import TokenPair
from pentaprism.core.clock import isoformat
from pentaprism.core.jobs.states import JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.spheroseg.links import Links
from pentaprism.faces.spheroseg.tables import Image, Profile, Project

ImageStatus = Literal["without_segmentation", "queued", "processing", "completed", "failed"]

EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "TIFF": "tiff", "BMP": "bmp"}
MIME_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "TIFF": "image/tiff", "BMP": "image/bmp"}
JOB_WORDS: dict[str, ImageStatus] = {JobState.QUEUED: "queued", JobState.RETRYING: "queued", JobState.RUNNING: "processing"}
PROFILE_KEYS = ("username", "full_name", "title", "organization", "bio", "location", "avatar_url")


def stamp(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds, or null."""
    return None if moment is None else isoformat(moment)


def status_of(job_status: str | None, failed: bool, has_version: bool) -> ImageStatus:
    """Word for an image whose newest job has ``job_status`` (None: no such row)."""
    word = JOB_WORDS.get(job_status or "")
    if word is not None:
        return word
    if failed:
        return "failed"
    return "completed" if has_version else "without_segmentation"


def image_status(image: Image, job: Job | None) -> ImageStatus:
    """Word for ``image``, given the row that its ``job_id`` names."""
    return status_of(None if job is None else job.status, image.failure is not None, image.current_version is not None)


def pixel_size(image: Image, project: Project) -> dict[str, Any] | None:
    """Calibration that holds for the image, ``{"x", "y", "source"}`` in µm: its own, its file's, its project's."""
    if image.own_pixel_size:
        return {"x": image.own_pixel_size["x"], "y": image.own_pixel_size["y"], "source": "image"}
    if image.file_pixel_size:
        return image.file_pixel_size
    return project_pixel_size(project)


def project_pixel_size(project: Project) -> dict[str, Any] | None:
    """Calibration of the project as ``{"x", "y", "source"}`` in µm, or null."""
    return {"x": project.pixel_size["x"], "y": project.pixel_size["y"], "source": "project"} if project.pixel_size else None


def storage_path(project_id: str, image_id: str, image_format: str) -> str:
    """Path of the original below the face's root."""
    return f"/uploads/{project_id}/{image_id}.{EXTENSIONS[image_format]}"


def thumbnail_path(image_id: str) -> str:
    """Path of the thumbnail below the face's root."""
    return f"/thumbnails/{image_id}_thumb.jpg"


def user_document(account: Account, profile: Profile | None, links: Links) -> dict[str, Any]:
    """User: the account with its profile on this face."""
    email = account.email or ""
    name = account.name or email.partition("@")[0]
    first, _, last = name.partition(" ")
    created, updated = stamp(account.created_at), stamp(max(account.updated_at, profile.updated_at) if profile else account.updated_at)
    avatar = links.signed(f"/avatars/{account.id}.png") if profile and profile.avatar_key else None
    shown: dict[str, Any] = {
        "username": (profile.username if profile else None) or email.partition("@")[0],
        "full_name": name,
        "title": profile.title if profile else None,
        "organization": profile.organization if profile else None,
        "bio": profile.bio if profile else None,
        "location": profile.location if profile else None,
        "avatar_url": avatar,
    }
    return {
        "id": account.id,
        "email": account.email,
        "name": name,
        "firstName": first,
        "lastName": last,
        "created_at": created,
        "createdAt": created,
        "updated_at": updated,
        "updatedAt": updated,
        "role": account.role,
        "isEmailVerified": account.email_verified_at is not None,
        "preferred_language": profile.preferred_language if profile else "en",
        "theme_preference": profile.theme_preference if profile else None,
        **shown,
        "profile": shown,
    }


def tokens_document(pair: TokenPair) -> dict[str, Any]:
    """Tokens: under ``tokens``, the same keys at the top, and ``token``."""
    keys = {"accessToken": pair.access, "refreshToken": pair.refresh, "expiresIn": pair.expires_in, "tokenType": "Bearer"}
    return {"tokens": keys, **keys, "token": pair.access}


def project_document(
    project: Project, *, owner_name: str | None, permission: str, image_count: int, newest_image_id: str | None, links: Links
) -> dict[str, Any]:
    """Project as the account of ``links`` sees it."""
    created, updated = stamp(project.created_at), stamp(project.updated_at)
    return {
        "id": project.id,
        "title": project.title,
        "name": project.title,
        "description": project.description,
        "tags": project.tags,
        "public": project.public,
        "user_id": project.account_id,
        "userId": project.account_id,
        "owner_name": owner_name,
        "is_owner": permission == "owner",
        "permission": permission,
        "created_at": created,
        "createdAt": created,
        "updated_at": updated,
        "updatedAt": updated,
        "image_count": image_count,
        "imageCount": image_count,
        "thumbnail_url": links.signed(thumbnail_path(newest_image_id)) if newest_image_id else None,
        "pixel_size_um": project_pixel_size(project),
    }


def image_document(image: Image, project: Project, *, status: str, segmentation_id: str | None, links: Links) -> dict[str, Any]:
    """Image as the account of ``links`` sees it; ``status`` is :func:`image_status`."""
    created, updated = stamp(image.created_at), stamp(image.updated_at)
    path, thumbnail = storage_path(image.project_id, image.id, image.format), thumbnail_path(image.id)
    thumbnail_url = links.signed(thumbnail)
    return {
        "id": image.id,
        "project_id": image.project_id,
        "projectId": image.project_id,
        "name": image.name,
        "originalName": image.name,
        "size": image.size,
        "file_size": image.size,
        "width": image.width,
        "height": image.height,
        "format": image.format,
        "mimeType": MIME_TYPES[image.format],
        "storage_path": path,
        "storage_filename": path.rpartition("/")[2],
        "thumbnail_path": thumbnail,
        "url": links.signed(path),
        "thumbnail_url": thumbnail_url,
        "thumbnailUrl": thumbnail_url,
        "preview_url": links.signed(f"/api/images/{image.id}/preview"),
        "status": status,
        "segmentationStatus": status,
        "segmentation_status": status,
        "segmentation_id": segmentation_id,
        "page": image.page,
        "pixel_size_um": pixel_size(image, project),
        "metadata": metadata_document(image.details),
        "created_at": created,
        "createdAt": created,
        "updated_at": updated,
        "updatedAt": updated,
    }


def metadata_document(details: Mapping[str, Any]) -> dict[str, Any]:
    """What the file says of itself."""
    return {
        "bit_depth": details.get("bit_depth"),
        "channels": details.get("channels"),
        "pages": details.get("pages", 1),
        "axes": details.get("axes"),
        "extension_mismatch": bool(details.get("extension_mismatch", False)),
    }
