"""Bytes of stored images: originals and thumbnails."""

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from pentaprism.core.blobs.tables import Blob
from pentaprism.core.errors import Conflict, LinkInvalid, NotFound
from pentaprism.faces.imagineai.context import READ, Imagineai, require
from pentaprism.faces.imagineai.faults import Refused
from pentaprism.faces.imagineai.names import FACE, thumbnail_holder
from pentaprism.faces.imagineai.service.inspection import SECONDS, Refusal, render_thumbnail
from pentaprism.faces.imagineai.service.thumbnails import KEPT_SIDES, thumbnail_key
from pentaprism.faces.imagineai.tables import ProductImage
from pentaprism.web.auth import find_credential
from pentaprism.web.downloads import blob_response, bytes_response

HEADERS = {"Content-Security-Policy": "default-src 'none'"}


def image_for(context: Imagineai, request: Request, image_id: str, what: str, expires: str | None, signature: str | None) -> ProductImage:
    """The image that the request may read, by its signed query or the caller's right.

    Raises NotAuthenticated, LinkInvalid, NotFound, Conflict while there are no bytes, TooManyRequests.
    """
    with context.platform.database.read() as session:
        image = session.get(ProductImage, image_id)
        if signature is not None and find_credential(request, context.authenticator.rules) is None:
            _check_link(context, image_id, what, expires or "", signature)
            if image is None:
                raise NotFound(f"Image '{image_id}' not found")
            account_id = image.account_id
        else:
            identity = context.identify(session, request)
            require(identity, READ)
            account_id = identity.account.id
        context.rates.hit(request, context.rules["bytes"], account_id)
    if image is None or image.account_id != account_id:
        raise NotFound(f"Image '{image_id}' not found")
    if image.upload_status != "uploaded":
        raise Conflict(f"Image '{image_id}' is not uploaded yet")
    return image


def _check_link(context: Imagineai, image_id: str, what: str, expires: str, signature: str) -> None:
    alive = expires.isascii() and expires.isdecimal() and len(expires) < 16 and int(expires) >= context.platform.clock().timestamp()
    if not context.links_signer.matches(signature, image_id, what, expires) or not alive:
        raise LinkInvalid("Link is invalid or has expired")


def content(context: Imagineai, request: Request, image: ProductImage) -> Response:
    """The stored bytes, unchanged."""
    return blob_response(
        request,
        context.platform.blobs,
        image.s3_key,
        content_type=image.content_type,
        etag=image.sha256,
        filename=image.s3_key.rpartition("/")[2],
        headers=HEADERS,
    )


def thumbnail(context: Imagineai, request: Request, image: ProductImage, side: int) -> Response:
    """A small upright picture: WebP, or JPEG for who does not take that. Usual sizes are kept for the next time."""
    webp = takes_webp(request.headers.get("accept", "*/*"))
    kind, suffix = ("image/webp", "webp") if webp else ("image/jpeg", "jpg")
    etag = f"{(image.sha256 or image.id)[:32]}-{side}-{suffix}"
    headers = {**HEADERS, "Vary": "Accept"}
    key = thumbnail_key(image.id, side, suffix)
    with context.platform.database.read() as session:
        kept = is_kept(session, key)
    if kept:
        blobs = context.platform.blobs
        return blob_response(request, blobs, key, content_type=kind, etag=etag, filename=f"{side}.{suffix}", headers=headers)
    path = context.platform.blobs.local_path(image.s3_key)
    made = context.platform.compute.call(render_thumbnail, str(path), side, webp, timeout=SECONDS)
    if isinstance(made, Refusal):
        raise Refused(made.message)
    if side in KEPT_SIDES:
        keep_thumbnail(context, image, key, made, kind)
    return bytes_response(request, made, content_type=kind, etag=etag, filename=f"{side}.{suffix}", headers=headers)


def keep_thumbnail(context: Imagineai, image: ProductImage, key: str, picture: bytes, kind: str) -> None:
    """Keep a thumbnail as long as its image is there."""
    blobs = context.platform.blobs
    staged = blobs.stage(picture, account_id=image.account_id, face=FACE, purpose="cache", content_type=kind)
    try:
        with context.platform.database.write() as session:
            if session.get(ProductImage, image.id) is not None and not is_kept(session, key):
                blobs.keep(session, staged, thumbnail_holder(image.id), key=key)
    finally:
        blobs.discard(staged)


def is_kept(session: Session, key: str) -> bool:
    """Whether a blob is there."""
    row = session.get(Blob, key)
    return row is not None and row.state == "kept"


def takes_webp(accept: str) -> bool:
    """Whether an Accept header leaves room for WebP."""
    offered = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    return bool(offered & {"*/*", "image/*", "image/webp"})
