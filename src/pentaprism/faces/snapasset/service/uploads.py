"""Images that people bring along."""

from pathlib import PurePosixPath
from typing import Any

from sqlalchemy.orm import Session

from pentaprism.core.accounts.tables import Account
from pentaprism.core.errors import NotAuthenticated, NotFound, TooLarge, Unprocessable
from pentaprism.core.ids import new_id
from pentaprism.faces.snapasset.context import Caller, Snapasset
from pentaprism.faces.snapasset.errors import UploadRefused
from pentaprism.faces.snapasset.generation.sources import release_unused
from pentaprism.faces.snapasset.links import Links
from pentaprism.faces.snapasset.naming import FACE, source_holder
from pentaprism.faces.snapasset.service.inspection import Inspected, Refused, inspect
from pentaprism.faces.snapasset.tables import UploadedImage
from pentaprism.web.uploads import FormFile, FormRules

FIELD = "image"
INSPECTION_SECONDS = 60.0
REASONS = {
    "format": "Unsupported image type",
    "empty": "No image file provided",
    "dimensions": "Image has too many pixels",
}


def form_rules(context: Snapasset) -> FormRules:
    """Limits of an upload."""
    return FormRules(file_fields=frozenset({FIELD}), max_files=1, file_bytes=context.settings.upload_limit_bytes)


def store(context: Snapasset, caller: Caller, files: list[FormFile], links: Links) -> dict[str, Any]:
    """Check and keep the file of an upload. Raises UploadRefused."""
    if not files or (files[0].size == 0 and not files[0].filename):
        raise UploadRefused("No image file provided")
    file = files[0]
    if isinstance(file.error, TooLarge):
        raise UploadRefused(f"Image is larger than {context.settings.upload_limit_bytes // 1_048_576} MB")
    if file.error is not None:
        raise file.error
    if file.staged is None:
        raise UploadRefused("No image file provided")
    found = _look(context, str(file.staged.path))
    blobs, upload_id, moment = context.platform.blobs, new_id(), context.platform.clock()
    with context.platform.database.write() as session:
        if session.get(Account, caller.account_id) is None:
            raise NotAuthenticated(reason="revoked")
        key = f"{FACE}/uploads/{upload_id[-2:]}/{upload_id}"
        blob = blobs.keep(session, file.staged, source_holder(key), key=key)
        upload = UploadedImage(
            id=upload_id,
            account_id=caller.account_id,
            name=clean_name(file.filename),
            blob_key=key,
            size=blob.size,
            sha256=blob.sha256,
            mime_type=found.mime_type,
            format=found.format,
            width=found.width,
            height=found.height,
            created_at=moment,
            used_at=moment,
        )
        session.add(upload)
    return {
        "success": True,
        "message": "Image uploaded successfully",
        "file": {"name": upload.name, "size": upload.size, "mimeType": upload.mime_type},
        "image": {
            "id": upload.id,
            "width": upload.width,
            "height": upload.height,
            "format": upload.format,
            "size": upload.size,
            "url": links.upload(upload.id),
        },
    }


def find(session: Session, caller: Caller | None, upload_id: str) -> UploadedImage:
    """The upload, if ``caller`` may have it (None: whoever has a link). Raises NotFound."""
    upload = session.get(UploadedImage, upload_id.lower()) if len(upload_id) == 36 else None
    foreign = upload is not None and caller is not None and upload.account_id != caller.account_id and not caller.is_admin
    if upload is None or foreign or upload.deleted_at is not None:
        raise NotFound("Image not found")
    return upload


def delete(context: Snapasset, caller: Caller, upload_id: str) -> dict[str, Any]:
    """Remove an upload; its bytes stay while an unfinished job needs them. Raises NotFound."""
    with context.platform.database.write() as session:
        upload = find(session, caller, upload_id)
        upload.deleted_at = context.platform.clock()
        release_unused(session, [upload.blob_key])
    return {"id": upload_id, "status": "deleted"}


def clean_name(filename: str) -> str:
    """The last part of a file name, without control characters, at most 255 characters with its suffix."""
    text = filename.encode("utf-8", "replace").decode().replace("\\", "/").rpartition("/")[2]
    text = "".join(character for character in text if character.isprintable()).strip() or "image"
    suffix = PurePosixPath(text).suffix[:16]
    return text if len(text) <= 255 else text[: 255 - len(suffix)] + suffix


def _look(context: Snapasset, path: str) -> Inspected:
    settings = context.settings
    try:
        arguments = (path, settings.upload_max_side, settings.upload_max_pixels)
        found: Inspected | Refused = context.platform.compute.call(inspect, *arguments, timeout=INSPECTION_SECONDS)
    except Unprocessable as error:
        raise UploadRefused("Image cannot be decoded") from error
    if isinstance(found, Refused):
        raise UploadRefused(REASONS.get(found.reason, "Image cannot be decoded"))
    if min(found.width, found.height) < settings.upload_min_side:
        raise UploadRefused(f"Image sides must have at least {settings.upload_min_side} pixels")
    return found
