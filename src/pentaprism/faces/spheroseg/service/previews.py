"""Pictures for the eye: previews of stored images, kept once made, and of files that are only looked at."""

import secrets
from pathlib import Path
from typing import NoReturn

from sqlalchemy.orm import Session

from pentaprism.core.blobs.tables import Blob
from pentaprism.core.errors import InvalidInput, NotFound
from pentaprism.faces.spheroseg.context import FACE, Spheroseg
from pentaprism.faces.spheroseg.errors import UnsupportedFormat
from pentaprism.faces.spheroseg.service.inspection import Refused, checked_preview, cut_out, lay_open, render_preview
from pentaprism.faces.spheroseg.service.removal import preview_holder
from pentaprism.faces.spheroseg.tables import Image

KEPT_SIDES = frozenset({256, 512, 1024, 2048})
SECONDS = 60.0

Region = tuple[int, int, int, int]


def preview_key(image: Image, side: int, page: int) -> str:
    """Where the preview of a page lies in the store."""
    return f"{FACE}/previews/{image.id}/{page}-{side}.png"


def kept_preview(session: Session, key: str) -> bool:
    """Whether this preview was made before."""
    row = session.get(Blob, key)
    return row is not None and row.state == "kept"


def check_page(image: Image, page: int) -> None:
    """Raise InvalidInput for a page that the image does not have."""
    pages = int(image.details.get("pages", 1))
    if not 0 <= page < pages:
        raise InvalidInput(f"The page must be 0..{pages - 1}", field="page")


def make_preview(context: Spheroseg, image: Image, owner_id: str, side: int, page: int) -> bytes:
    """PNG of one page; usual sizes are kept for the next time. Raises UnsupportedFormat, InvalidInput."""
    path = context.platform.blobs.local_path(image.blob_key)
    picture = _made(context.platform.compute.call(render_preview, str(path), side, page, timeout=SECONDS))
    if side in KEPT_SIDES:
        blobs = context.platform.blobs
        staged = blobs.stage(picture, account_id=owner_id, face=FACE, purpose="cache", content_type="image/png", suffix=".png")
        try:
            with context.platform.database.write() as session:
                if session.get(Image, image.id) is not None:
                    blobs.keep(session, staged, preview_holder(image.id), key=preview_key(image, side, page))
        finally:
            blobs.discard(staged)
    return picture


def read_region(text: str, image: Image) -> Region:
    """``left,top,width,height`` in pixels, inside the image. Raises InvalidInput."""
    parts = text.split(",")
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) <= 6 for part in parts):
        raise InvalidInput("region must be left,top,width,height in whole pixels.", field="region")
    left, top, width, height = (int(part) for part in parts)
    if min(width, height) < 1 or left + width > image.width or top + height > image.height:
        raise InvalidInput(f"region must lie in the image of {image.width} x {image.height} pixels.", field="region")
    return left, top, width, height


def make_region(context: Spheroseg, image: Image, owner_id: str, side: int, page: int, region: Region) -> bytes:
    """PNG of a window of one page at full sharpness. The page is decoded once and kept laid open; after that only the window
    is read. Raises UnsupportedFormat, InvalidInput."""
    opened = _opened(context, image, owner_id, page)
    return _made(context.platform.compute.call(cut_out, str(opened), region, side, timeout=SECONDS))


def _opened(context: Spheroseg, image: Image, owner_id: str, page: int) -> Path:
    key, blobs = f"{FACE}/previews/{image.id}/{page}-open.npy", context.platform.blobs
    with context.platform.database.read() as session:
        if kept_preview(session, key):
            return blobs.local_path(key)
    target = blobs.rules.staging / f"{secrets.token_hex(16)}.npy"
    try:
        refused = context.platform.compute.call(lay_open, str(blobs.local_path(image.blob_key)), str(target), page, timeout=SECONDS)
        if refused is not None:
            _refuse(refused)
        content_type = "application/octet-stream"
        staged = blobs.stage_file(target, account_id=owner_id, face=FACE, purpose="cache", content_type=content_type, suffix=".npy")
        with context.platform.database.write() as session:
            if session.get(Image, image.id) is None:
                raise NotFound("This image does not exist.")
            blobs.keep(session, staged, preview_holder(image.id), key=key)
    finally:
        target.unlink(missing_ok=True)
    return blobs.local_path(key)


def preview_of_file(context: Spheroseg, path: str) -> bytes:
    """PNG of a file that is not stored. Raises UnsupportedFormat."""
    settings = context.settings
    return _made(
        context.platform.compute.call(checked_preview, path, settings.max_side, settings.max_pixels, settings.preview_side, timeout=SECONDS)
    )


def _made(result: bytes | Refused) -> bytes:
    if isinstance(result, Refused):
        _refuse(result)
    return result


def _refuse(refused: Refused) -> NoReturn:
    if refused.reason in {"page", "region"}:
        raise InvalidInput(refused.message, field=refused.reason)
    raise UnsupportedFormat(refused.message, refused.reason)
