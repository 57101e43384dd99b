"""Taking in images: each file is checked by its bytes and stored on its own, in the order sent."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request

from pentaprism.core.accounts.tables import Account
from pentaprism.core.blobs.staging import StagedBlob
from pentaprism.core.errors import InvalidInput, NotAuthenticated, PlatformError
from pentaprism.core.ids import new_id
from pentaprism.faces.spheroseg.context import FACE, Spheroseg
from pentaprism.faces.spheroseg.errors import UnsupportedFormat, UploadFailed, code_of
from pentaprism.faces.spheroseg.links import Links
from pentaprism.faces.spheroseg.rights import project_for, sharers
from pentaprism.faces.spheroseg.serialise import EXTENSIONS, image_document
from pentaprism.faces.spheroseg.service.inspection import Inspected, Refused, inspect
from pentaprism.faces.spheroseg.tables import Image, Project
from pentaprism.web.uploads import FormFile, FormRules

FILE_FIELDS = frozenset({"images", "images[]", "image", "file", "files"})
SUFFIXES = {
    **dict.fromkeys(("jpg", "jpeg", "jpe", "jfif"), "JPEG"),
    "png": "PNG",
    **dict.fromkeys(("tif", "tiff", "btf", "tf2", "tf8", "lsm", "stk"), "TIFF"),
    **dict.fromkeys(("bmp", "dib"), "BMP"),
}
INSPECTION_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Target:
    """Where an upload goes: checked before its body is read."""

    account_id: str
    project_id: str
    owner_id: str
    base: str


@dataclass(frozen=True, slots=True)
class Received:
    """A file that passed its checks, with its thumbnails, none of them kept yet."""

    name: str
    staged: StagedBlob
    found: Inspected
    thumbnails: Sequence[StagedBlob]


@dataclass(slots=True)
class Outcome:
    """What became of an upload's files, in their order."""

    uploaded: list[dict[str, Any]] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)

    def body(self, total: int) -> dict[str, Any]:
        """The keys of the upload's answer for ``total`` files."""
        summary = {"total": total, "successful": total - len(self.failed), "failed": len(self.failed)}
        lists = {"uploaded": self.uploaded, "failed": self.failed}
        return {**lists, "summary": summary, "uploadedImages": self.uploaded, "failedUploads": self.failed}


def form_rules(context: Spheroseg) -> FormRules:
    """Limits of an upload."""
    settings = context.settings
    return FormRules(FILE_FIELDS, settings.files_per_upload, settings.file_limit_bytes, settings.request_limit_bytes)


def prepare(context: Spheroseg, request: Request, project_id: str) -> Target:
    """The caller's right to upload here. Raises NotAuthenticated, NotFound, NotAllowed, TooManyRequests."""
    with context.reading(request) as call:
        project, _ = project_for(call.session, call.account_id, project_id, "edit")
        context.count(request, call.account_id, context.rules.upload)
        return Target(call.account_id, project.id, project.account_id, call.links.base)


def store_all(context: Spheroseg, target: Target, files: Sequence[FormFile], *, split: bool) -> Outcome:
    """Store what can be stored. Raises InvalidInput without files, UploadFailed when none was stored."""
    if not files:
        raise InvalidInput("Send at least one file in a part named images", field="images")
    outcome = Outcome()
    for file in files:
        try:
            outcome.uploaded.extend(_store(context, target, file, split=split))
        except PlatformError as error:
            outcome.failed.append(failure(file, error))
    if not outcome.uploaded:
        codes = {item["code"] for item in outcome.failed}
        code = codes.pop() if len(codes) == 1 else UnsupportedFormat.code
        message = outcome.failed[0]["message"] if len(outcome.failed) == 1 else "No file could be stored."
        details: dict[str, Any] = next((item["details"] for item in outcome.failed if item["code"] == code), {})
        raise UploadFailed(code, message, outcome.body(len(files)), details)
    return outcome


def failure(file: FormFile, error: PlatformError) -> dict[str, Any]:
    """Why a file was not stored."""
    name, code = clean_name(file.filename), code_of(error)
    known = {"index": file.index, "name": name, "filename": name, "size": file.size}
    return {**known, "error": code, "code": code, "message": error.message, "details": error.details}


def _store(context: Spheroseg, target: Target, file: FormFile, *, split: bool) -> list[dict[str, Any]]:
    if file.error is not None:
        raise file.error
    if file.staged is None:
        raise UnsupportedFormat("This file was not received completely.", "corrupt")
    found = look_at(context, str(file.staged.path), split_pages=context.settings.split_pages_limit if split else 1)
    blobs = context.platform.blobs
    small = [
        blobs.stage(picture, account_id=target.owner_id, face=FACE, purpose="derived", content_type="image/jpeg", suffix=".jpg")
        for picture in found.thumbnails
    ]
    try:
        with context.platform.database.write() as session:
            account = session.get(Account, target.account_id)
            if account is None:
                raise NotAuthenticated(reason="revoked")
            project, _ = project_for(session, target.account_id, target.project_id, "edit")
            received = Received(clean_name(file.filename), file.staged, found, small)
            return keep(context, session, project, received, context.links(account, target.base))
    finally:
        for thumbnail in small:
            blobs.discard(thumbnail)


def look_at(context: Spheroseg, path: str, *, split_pages: int = 1) -> Inspected:
    """Check a file in the helper process. Raises UnsupportedFormat."""
    settings = context.settings
    arguments = (path, settings.max_side, settings.max_pixels, settings.thumbnail_side, split_pages)
    found: Inspected | Refused = context.platform.compute.call(inspect, *arguments, timeout=INSPECTION_SECONDS)
    if isinstance(found, Refused):
        raise UnsupportedFormat(found.message, found.reason)
    return found


def keep(context: Spheroseg, session: Session, project: Project, received: Received, links: Links) -> list[dict[str, Any]]:
    """The rows and bytes of one file in the caller's transaction: an image, or one a page. Raises QuotaExceeded."""
    blobs, found = context.platform.blobs, received.found
    image_ids = [new_id() for _ in received.thumbnails]
    suffix = EXTENSIONS[found.format]
    key = f"{FACE}/originals/{project.id}/{image_ids[0]}.{suffix}"
    original = blobs.keep(session, received.staged, holder_of(image_ids[0]), key=key, quota=context.settings.storage_limit_bytes)
    name, moment = received.name or f"image.{suffix}", context.platform.clock()
    details = {**found.details, "extension_mismatch": extension_mismatch(name, found.format)}
    heard, documents = sharers(session, project.id), []
    project.updated_at = moment
    for page, (image_id, thumbnail) in enumerate(zip(image_ids, received.thumbnails, strict=True)):
        small = blobs.keep(session, thumbnail, holder_of(image_id), key=f"{FACE}/thumbnails/{image_id}.jpg")
        image = Image(
            id=image_id,
            project_id=project.id,
            uploaded_by=links.account_id,
            name=name if len(image_ids) == 1 else page_name(name, page),
            blob_key=original.key,
            thumbnail_key=small.key,
            size=original.size,
            sha256=original.sha256,
            width=found.width,
            height=found.height,
            format=found.format,
            details=details,
            page=page,
            file_pixel_size=found.pixel_size,
            created_at=moment,
            updated_at=moment,
        )
        session.add(image)
        documents.append(image_document(image, project, status="without_segmentation", segmentation_id=None, links=links))
        context.tell(session, "image-uploaded", project.id, accounts=heard, image_id=image_id)
    session.flush()
    return documents


def holder_of(image_id: str) -> str:
    """What keeps the bytes of an image in the store."""
    return f"spheroseg-image:{image_id}"


def clean_name(filename: str) -> str:
    """The last part of a file name, without control characters, at most 255 characters with its suffix."""
    text = filename.encode("utf-8", "replace").decode().replace("\\", "/").rpartition("/")[2]
    text = "".join(character for character in text if character.isprintable()).strip()
    if len(text) <= 255:
        return text
    suffix = PurePosixPath(text).suffix[:16]
    return text[: 255 - len(suffix)] + suffix


def page_name(name: str, page: int) -> str:
    """``stack.tif`` becomes ``stack_page_1.tif`` for its first page."""
    path = PurePosixPath(name)
    suffix = path.suffix[:16]
    return f"{name[: len(name) - len(suffix)][:230]}_page_{page + 1}{suffix}"


def extension_mismatch(name: str, image_format: str) -> bool:
    """Whether the file name promises another format than the bytes hold."""
    suffix = PurePosixPath(name).suffix.lower().removeprefix(".")
    return bool(suffix) and SUFFIXES.get(suffix) != image_format
