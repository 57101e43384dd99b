"""Stored images: making one the primary, deleting one."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pentaprism.core.errors import Conflict
from pentaprism.faces.imagineai.context import Imagineai, Links
from pentaprism.faces.imagineai.documents import Document, image_document
from pentaprism.faces.imagineai.names import image_holder, thumbnail_holder
from pentaprism.faces.imagineai.service import lifecycle
from pentaprism.faces.imagineai.service.access import image_of, product_of
from pentaprism.faces.imagineai.tables import ProductImage


def make_primary(context: Imagineai, session: Session, account_id: str, image_id: str, links: Links) -> Document:
    """Move the mark to this image; the product's fields follow. Raises NotFound, Conflict."""
    image = image_of(session, account_id, image_id)
    product_of(session, account_id, image.product_id, lock=True)
    if image.upload_status != "uploaded":
        raise Conflict(f"Image '{image_id}' is not uploaded yet")
    _mark(session, image)
    lifecycle.refilled(session, image.product_id, context.settings.category_threshold)
    return image_document(image, links)


def remove(context: Imagineai, session: Session, account_id: str, image_id: str) -> None:
    """Delete an image with its analysis and bytes; the oldest remaining one becomes primary. Raises NotFound, Conflict."""
    image = image_of(session, account_id, image_id, lock=True)
    if lifecycle.open_run_of(session, image.id) is not None:
        raise Conflict(f"Image '{image_id}' is being processed")
    product_of(session, account_id, image.product_id, lock=True)
    product_id, was_primary = image.product_id, image.is_primary
    context.platform.blobs.release(session, image.s3_key, image_holder(image.id), thumbnail_holder(image.id))
    session.delete(image)
    session.flush()
    if was_primary:
        others = select(ProductImage).where(ProductImage.product_id == product_id, ProductImage.upload_status == "uploaded")
        oldest = session.scalars(others.order_by(ProductImage.created_at, ProductImage.id).limit(1)).one_or_none()
        if oldest is not None:
            _mark(session, oldest)
    lifecycle.refilled(session, product_id, context.settings.category_threshold)
    context.background.free(session)


def _mark(session: Session, image: ProductImage) -> None:
    others = update(ProductImage).where(ProductImage.product_id == image.product_id, ProductImage.id != image.id)
    session.execute(others.values(is_primary=False).execution_options(synchronize_session=False))
    image.is_primary = True
    session.flush()
