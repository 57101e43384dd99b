"""Stored uploads under their handles."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from pentaprism.core.accounts.turns import take_turn
from pentaprism.core.blobs.keys import content_key
from pentaprism.core.blobs.staging import StagedBlob
from pentaprism.core.clock import isoformat
from pentaprism.core.jobs.tables import Job
from pentaprism.core.platform import Platform
from pentaprism.faces.quarry.context import Quarry
from pentaprism.faces.quarry.errors import ImageNotFound
from pentaprism.faces.quarry.kinds import FACE
from pentaprism.faces.quarry.service.inspection import Facts, bounds_of, fitting, inspect
from pentaprism.faces.quarry.tables import Embedding, Image

MIME = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "BMP": "image/bmp", "TIFF": "image/tiff"}
PREFIX = "img-"
DIGITS = 32


def handle_of(sha256: str) -> str:
    """The handle of a file."""
    return PREFIX + sha256[:DIGITS]


def subject_of(account_id: str, image_id: str) -> str:
    """What jobs on an image have as their subject."""
    return f"quarry-image:{account_id}:{image_id}"


def first_frame(pages: int) -> list[str]:
    """The warning that belongs to a file of several frames."""
    return [f"The file has {pages} frames; only the first was used."] if pages > 1 else []


def find(session: Session, context: Quarry, account_id: str, image_id: str) -> Image:
    """The image behind a handle. Raises ImageNotFound."""
    image = session.get(Image, (account_id, image_id))
    if image is None or not image.open or image.expires_at <= context.platform.clock():
        raise ImageNotFound(image_id)
    return image


def facts_of(context: Quarry, account_id: str, staged: StagedBlob, *, tiles: bool = False) -> Facts:
    """What an upload is; a file that this account has stored already is not looked at again. Raises ImageRejected."""
    bounds = bounds_of(context.settings, tiles=tiles)
    with context.platform.database.read() as session:
        known = session.get(Image, (account_id, handle_of(staged.sha256)))
    if known is not None and known.sha256 == staged.sha256 and known.width > 0:
        return fitting(facts_in(known), bounds)
    return inspect(context.platform, str(staged.path), bounds)


def stored_facts(context: Quarry, account_id: str, image_id: str, *, tiles: bool = False) -> Facts:
    """What the image behind a handle is. Raises ImageNotFound; ImageRejected for one that is too large unless searched in tiles."""
    with context.platform.database.read() as session:
        image = find(session, context, account_id, image_id)
    return fitting(facts_in(image), bounds_of(context.settings, tiles=tiles))


def facts_in(image: Image) -> Facts:
    """The facts of a stored image."""
    return Facts(image.format, image.width, image.height, image.pages)


def keep(session: Session, context: Quarry, account_id: str, staged: StagedBlob, facts: Facts) -> Image:
    """Store an upload, or use the equal one that is there. Raises QuotaExceeded."""
    image_id = handle_of(staged.sha256)
    expires = context.platform.clock() + timedelta(hours=context.settings.image_hours)
    # The same file may be sent twice at once.
    take_turn(session, account_id)
    image = session.get(Image, (account_id, image_id), with_for_update=True, populate_existing=True)
    if image is not None:
        image.open, image.expires_at = True, expires
        context.platform.blobs.discard(staged)
        return image
    key = content_key(FACE, account_id, staged.sha256)
    quota = context.settings.storage_limit_bytes
    context.platform.blobs.keep(session, staged, subject_of(account_id, image_id), key=key, quota=quota)
    image = Image(
        account_id=account_id,
        image_id=image_id,
        sha256=staged.sha256,
        blob_key=key,
        size=staged.size,
        format=facts.format,
        width=facts.width,
        height=facts.height,
        pages=facts.pages,
        expires_at=expires,
    )
    session.add(image)
    session.flush()
    return image


def use(session: Session, context: Quarry, image: Image) -> None:
    """Keep an image that is used for as long again."""
    image.expires_at = context.platform.clock() + timedelta(hours=context.settings.image_hours)
    session.flush()


def close(session: Session, context: Quarry, account_id: str, image_id: str) -> None:
    """Delete a handle: embeddings at once, bytes when no job needs them. Raises ImageNotFound."""
    image = find(session, context, account_id, image_id)
    image.open = False
    forget_embeddings(session, context.platform, *kept_of(account_id, image.sha256))
    session.flush()
    remove_unneeded(session, context.platform, [image])


def forget_embeddings(session: Session, platform: Platform, *which: ColumnElement[bool]) -> None:
    """Remove what engines have kept of images; ``which`` are conditions on the rows of Embedding."""
    keys = [key for key in session.scalars(select(Embedding.blob_key).where(*which)) if key]
    session.execute(delete(Embedding).where(*which).execution_options(synchronize_session=False))
    if keys:
        platform.blobs.release(session, *keys)


def kept_of(account_id: str, sha256: str) -> tuple[ColumnElement[bool], ...]:
    """Conditions on the rows of Embedding that belong to one file of one account."""
    return (Embedding.account_id == account_id, Embedding.sha256 == sha256)


def remove_unneeded(session: Session, platform: Platform, images: list[Image]) -> int:
    """Remove those of ``images`` that no job refers to; how many."""
    removed = 0
    for image in images:
        subject = subject_of(image.account_id, image.image_id)
        if session.scalar(select(Job.id).where(Job.subject == subject).limit(1)) is not None:
            continue
        forget_embeddings(session, platform, *kept_of(image.account_id, image.sha256))
        platform.blobs.release(session, image.blob_key)
        session.delete(image)
        removed += 1
    session.flush()
    return removed


def sweep(platform: Platform) -> int:
    """Remove images whose time is over and that no job needs; how many."""
    with platform.database.read() as session:
        over = session.execute(select(Image.account_id, Image.image_id).where(Image.expires_at <= platform.clock()).limit(500)).all()
    if not over:
        return 0
    with platform.database.write() as session:
        images = [session.get(Image, (account_id, image_id), with_for_update=True) for account_id, image_id in over]
        moment = platform.clock()
        return remove_unneeded(session, platform, [image for image in images if image is not None and image.expires_at <= moment])


def describe(session: Session, image: Image) -> dict[str, object]:
    """The handle as clients see it."""
    query = select(Embedding.model).where(
        Embedding.account_id == image.account_id, Embedding.sha256 == image.sha256, Embedding.blob_key.is_not(None)
    )
    return {
        "image_id": image.image_id,
        "width": image.width,
        "height": image.height,
        "expires_at": isoformat(image.expires_at),
        "embeddings": sorted(set(session.scalars(query))),
    }


def path_of(platform: Platform, image: Image) -> Path:
    """The stored bytes as a file."""
    return platform.blobs.local_path(image.blob_key)
