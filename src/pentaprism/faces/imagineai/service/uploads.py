"""Images on their way: announced, put, confirmed, or sent through the API."""

import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath
from urllib.parse import quote, urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.blobs.staging import StagedBlob
from pentaprism.core.errors import Conflict, LinkInvalid, NotFound
from pentaprism.core.ids import new_id
from pentaprism.faces.imagineai.context import API, Imagineai
from pentaprism.faces.imagineai.documents import Document
from pentaprism.faces.imagineai.errors import field_problem
from pentaprism.faces.imagineai.faults import Refused
from pentaprism.faces.imagineai.names import CONTENT_TYPES, FACE, NO_BYTES, image_holder
from pentaprism.faces.imagineai.schemas.requests import Presign
from pentaprism.faces.imagineai.service.access import image_of, product_of
from pentaprism.faces.imagineai.service.inspection import SECONDS, Inspected, Refusal, accepted, inspect, not_allowed
from pentaprism.faces.imagineai.service.intake import INCOMING, Checked, check_bytes, file_rules, stored, take_over
from pentaprism.faces.imagineai.service.queue import start_single
from pentaprism.faces.imagineai.tables import ProcessingJob, Product, ProductImage

SUFFIXES = {"image/gif": ".gif", "image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
LONGEST_NAME = 100
TRIES = 5


@dataclass(frozen=True, slots=True)
class Ticket:
    """The query of a signed PUT."""

    key: str
    content_type: str
    max_bytes: int
    expires: int
    signature: str


def key_for(account_id: str, product_id: str, filename: str, content_type: str) -> str:
    """Where an image lies in the store; nothing of the client's name can lead elsewhere."""
    base = PurePosixPath(filename.replace("\\", "/")).name
    stem = UNSAFE.sub("_", base.rpartition(".")[0] or base).strip("._") or "image"
    suffix = SUFFIXES[content_type]
    return f"products/{account_id}/{product_id}/{secrets.token_hex(6)}_{stem[: LONGEST_NAME - len(suffix)]}{suffix}"


# -- announced


def presign(context: Imagineai, account_id: str, body: Presign, base: str) -> Document:
    """Announce an image. Raises NotFound, Refused, InvalidRequest."""
    settings, product_id = context.settings, str(body.product_id)
    if body.content_type not in CONTENT_TYPES:
        raise Refused(not_allowed(body.content_type))
    if body.file_size_bytes > settings.file_limit_bytes:
        message = f"Input should be less than or equal to {settings.file_limit_bytes}"
        raise field_problem("less_than_equal", "body", "file_size_bytes", message, body.file_size_bytes)
    lifetime = timedelta(seconds=settings.upload_seconds)
    with context.platform.database.write() as session:
        product_of(session, account_id, product_id)
        image = ProductImage(
            id=new_id(),
            account_id=account_id,
            product_id=product_id,
            s3_key=key_for(account_id, product_id, body.filename, body.content_type),
            original_filename=body.filename,
            content_type=body.content_type,
            file_size_bytes=body.file_size_bytes,
            upload_expires_at=context.platform.clock() + lifetime,
        )
        session.add(image)
        context.platform.blobs.expect(
            session,
            account_id=account_id,
            face=FACE,
            size=body.file_size_bytes,
            content_type=body.content_type,
            lifetime=timedelta(seconds=settings.pending_seconds),
            key=image.s3_key,
        )
    url = context.platform.blobs.sign(
        INCOMING + image.s3_key, method="PUT", expires_in=lifetime, content_type=body.content_type, size=body.file_size_bytes
    )
    return {
        "upload_url": url or own_address(context, base, image),
        "image_id": image.id,
        "s3_key": image.s3_key,
        "expires_in": settings.upload_seconds,
    }


def own_address(context: Imagineai, base: str, image: ProductImage) -> str:
    """Where the bytes of an announced image can be put on this server."""
    expires = int(context.platform.clock().timestamp()) + context.settings.upload_seconds
    limit = context.settings.file_limit_bytes
    signature = _signature(context, image.s3_key, image.content_type, limit, expires)
    query = urlencode({"content_type": image.content_type, "max_bytes": limit, "expires": expires, "signature": signature})
    return f"{base}{API}/uploads/objects/{quote(image.s3_key)}?{query}"


def _signature(context: Imagineai, key: str, content_type: str, max_bytes: int, expires: int) -> str:
    return context.uploads_signer.sign("PUT", key, content_type, str(max_bytes), str(expires))


def admit_put(context: Imagineai, ticket: Ticket, content_type: str) -> str:
    """The account whose image may be put. Raises LinkInvalid, Conflict."""
    parts = ("PUT", ticket.key, ticket.content_type, str(ticket.max_bytes), str(ticket.expires))
    if not context.uploads_signer.matches(ticket.signature, *parts):
        raise LinkInvalid("Upload link is invalid")
    if ticket.expires < context.platform.clock().timestamp():
        raise LinkInvalid("Upload link has expired")
    if content_type.strip().lower() != ticket.content_type:
        raise LinkInvalid("Content-Type does not match the upload link")
    with context.platform.database.read() as session:
        return _announced(session, ticket.key).account_id


def receive(context: Imagineai, ticket: Ticket, staged: StagedBlob) -> None:
    """Take the bytes that were put. Raises LinkInvalid, Conflict."""
    with context.platform.database.write() as session:
        image = _announced(session, ticket.key)
        try:
            context.platform.blobs.receive(session, ticket.key, staged)
        except NotFound as error:
            raise LinkInvalid("Upload link has expired") from error
        image.upload_status = "pending"


def _announced(session: Session, key: str) -> ProductImage:
    image = session.scalars(select(ProductImage).where(ProductImage.s3_key == key).with_for_update()).one_or_none()
    if image is None:
        raise LinkInvalid("Upload link is invalid")
    if image.upload_status == "uploaded":
        raise Conflict("Upload already confirmed")
    return image


# -- confirmed


def confirm(context: Imagineai, account_id: str, image_id: str) -> Document:
    """Check what was put and begin its analysis; once confirmed, later calls answer the same job.

    Raises NotFound, Conflict without bytes, Refused for bytes that are no good: these go.
    """
    for _ in range(TRIES):
        with context.platform.database.read() as session:
            image = image_of(session, account_id, image_id)
            if image.upload_status == "uploaded":
                return _confirmed(session, image)
        checked = check_bytes(context, image, lambda path: looked(context, path))
        with context.platform.database.write() as session:
            image = image_of(session, account_id, image_id, lock=True)
            if image.upload_status == "uploaded":
                return _confirmed(session, image)
            product = product_of(session, account_id, image.product_id, lock=True)
            if not take_over(context, session, image, checked):
                continue
            run = start_single(context, session, product, image)
            image.job_id = run.id
            return started(image.id, run.id, "queued", "Image processing started")
    raise Conflict(NO_BYTES)


def _confirmed(session: Session, image: ProductImage) -> Document:
    run = session.get(ProcessingJob, image.job_id) if image.job_id else None
    return started(image.id, image.job_id or image.id, run.status if run else "completed", "Upload already confirmed")


def started(image_id: str, job_id: str, status: str, message: str) -> Document:
    """Started."""
    return {"image_id": image_id, "job_id": job_id, "status": status, "message": message}


# -- sent through the API


def check_staged(context: Imagineai, staged: StagedBlob) -> Checked:
    """Look at a file that came with a form. Raises Refused."""
    return Checked(accepted(looked(context, str(staged.path))), staged.sha256, staged.size)


def looked(context: Imagineai, path: str) -> Inspected | Refusal:
    """The check of a file, made by the helper process."""
    return context.platform.compute.call(inspect, path, file_rules(context), timeout=SECONDS)


def store_staged(
    context: Imagineai, session: Session, product: Product, staged: StagedBlob, checked: Checked, filename: str
) -> ProductImage:
    """A stored image from a file that came with a form."""
    image = ProductImage(
        id=new_id(),
        account_id=product.account_id,
        product_id=product.id,
        s3_key=key_for(product.account_id, product.id, filename, checked.found.content_type),
        original_filename=filename or "image",
        created_at=context.platform.clock(),
    )
    stored(context, session, image, checked)
    context.platform.blobs.keep(session, staged, image_holder(image.id), key=image.s3_key)
    session.add(image)
    session.flush()
    return image


def direct(context: Imagineai, account_id: str, product_id: str, staged: StagedBlob, filename: str) -> Document:
    """Store one file and begin its analysis. Raises NotFound, Refused."""
    checked = check_staged(context, staged)
    with context.platform.database.write() as session:
        product = product_of(session, account_id, product_id, lock=True)
        image = store_staged(context, session, product, staged, checked, filename)
        run = start_single(context, session, product, image)
        image.job_id = run.id
        return started(image.id, run.id, "queued", "Image uploaded and processing started")
