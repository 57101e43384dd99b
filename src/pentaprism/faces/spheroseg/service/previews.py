"""Pictures for the eye: previews of stored images, kept once made, and of files that are only looked at."""

from sqlalchemy.orm import Session

from pentaprism.core.blobs.tables import Blob
from pentaprism.core.errors import InvalidInput
from pentaprism.faces.spheroseg.context import FACE, Spheroseg
from pentaprism.faces.spheroseg.errors import UnsupportedFormat
from pentaprism.faces.spheroseg.service.inspection import Refused, checked_preview, render_preview
from pentaprism.faces.spheroseg.service.removal import preview_holder
from pentaprism.faces.spheroseg.tables import Image

KEPT_SIDES = frozenset({256, 512, 1024, 2048})
SECONDS = 60.0


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


def preview_of_file(context: Spheroseg, path: str) -> bytes:
    """PNG of a file that is not stored. Raises UnsupportedFormat."""
    settings = context.settings
    return _made(
        context.platform.compute.call(checked_preview, path, settings.max_side, settings.max_pixels, settings.preview_side, timeout=SECONDS)
    )


def _made(result: bytes | Refused) -> bytes:
    if isinstance(result, Refused):
        if result.reason == "page":
            raise InvalidInput(result.message, field="page")
        raise UnsupportedFormat(result.message, result.reason)
    return result
