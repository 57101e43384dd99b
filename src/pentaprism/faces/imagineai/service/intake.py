"""Bytes that came by a presigned address become an image: in the server at their confirmation, in a worker for a batch."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from pentaprism.core.blobs.tables import Blob
from pentaprism.core.errors import Conflict, NotFound, TooLarge
from pentaprism.faces.imagineai.faults import Refused, too_large
from pentaprism.faces.imagineai.ground import Ground
from pentaprism.faces.imagineai.names import FACE, NO_BYTES, image_holder
from pentaprism.faces.imagineai.service import lifecycle
from pentaprism.faces.imagineai.service.inspection import FileRules, Inspected, Refusal, accepted
from pentaprism.faces.imagineai.tables import ProductImage

INCOMING = "incoming/"

Look = Callable[[str], Inspected | Refusal]


def file_rules(ground: Ground) -> FileRules:
    """What an image file may be, by the settings."""
    settings = ground.settings
    return FileRules(settings.file_limit_bytes, settings.max_side, settings.max_pixels)


@dataclass(frozen=True, slots=True)
class Checked:
    """Bytes that may become an image: what they are, which ones were looked at, and which version of the stored file they were."""

    found: Inspected
    sha256: str
    size: int
    version: str = ""


def check_bytes(ground: Ground, image: ProductImage, look: Look) -> Checked:
    """Have ``look`` check the bytes of an announced image. Raises Conflict where there are none, Refused."""
    blobs = ground.platform.blobs
    fetch_incoming(ground, image)
    with ground.platform.database.read() as session:
        row = session.get(Blob, image.s3_key)
    if row is None or not row.sha256:
        raise Conflict(NO_BYTES)
    try:
        version = blobs.stat(image.s3_key).version
        path = blobs.local_path(image.s3_key)
        with path.open("rb") as file:
            sha256, size = hashlib.file_digest(file, "sha256").hexdigest(), file.tell()
        verdict = look(str(path))
    except (NotFound, FileNotFoundError) as error:
        # Another confirmation has refused and removed them meanwhile.
        raise Conflict(NO_BYTES) from error
    try:
        found = accepted(verdict)
    except Refused:
        refuse(ground, image.id, sha256)
        raise
    return Checked(found, sha256, size, version)


def fetch_incoming(ground: Ground, image: ProductImage) -> None:
    """Where clients put straight into the store: take what lies there now, so that a later PUT changes nothing."""
    blobs = ground.platform.blobs
    incoming = INCOMING + image.s3_key
    if blobs.sign(incoming, method="PUT", expires_in=timedelta(seconds=60)) is None:
        return
    try:
        limit = ground.settings.file_limit_bytes
        staged = blobs.stage(blobs.read(incoming), account_id=image.account_id, face=FACE, content_type=image.content_type, limit=limit)
    except NotFound:
        return
    except TooLarge as error:
        blobs.store.delete(incoming)
        raise Refused(too_large(ground.settings.file_limit_bytes)) from error
    try:
        with ground.platform.database.write() as session:
            blobs.receive(session, image.s3_key, staged)
    except NotFound as error:
        raise Conflict(NO_BYTES) from error
    finally:
        blobs.discard(staged)
    blobs.store.delete(incoming)


def refuse(ground: Ground, image_id: str, sha256: str) -> None:
    """Drop bytes that are no good; the image has failed until better ones come."""
    with ground.platform.database.write() as session:
        image = session.get(ProductImage, image_id, with_for_update=True)
        row = session.get(Blob, image.s3_key) if image is not None else None
        if image is not None and row is not None and row.sha256 == sha256 and image.upload_status != "uploaded":
            image.upload_status = "failed"
            ground.platform.blobs.refuse(session, image.s3_key)


def take_over(ground: Ground, session: Session, image: ProductImage, checked: Checked) -> bool:
    """Make an announced image a stored one; False when other bytes have come since they were looked at. Raises Conflict.

    Whoever stores bytes under the image's key holds its row, so that none can come between these comparisons and the commit.
    """
    row = session.get(Blob, image.s3_key, with_for_update=True, populate_existing=True)
    if row is None or not row.sha256:
        raise Conflict(NO_BYTES)
    try:
        version = ground.platform.blobs.stat(image.s3_key).version
    except NotFound as error:
        raise Conflict(NO_BYTES) from error
    if (row.sha256, version) != (checked.sha256, checked.version):
        return False
    ground.platform.blobs.confirm(session, image.s3_key, image_holder(image.id))
    stored(ground, session, image, checked)
    return True


def stored(ground: Ground, session: Session, image: ProductImage, checked: Checked) -> None:
    """Write down what is known of a stored image."""
    found = checked.found
    image.content_type, image.width, image.height = found.content_type, found.width, found.height
    image.file_size_bytes, image.sha256 = checked.size, checked.sha256
    image.upload_status, image.uploaded_at = "uploaded", ground.platform.clock()
    lifecycle.make_primary_if_first(session, image)
