"""Finding what belongs to the caller; whatever does not is not there."""

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.database.chunks import chunks
from pentaprism.core.errors import NotFound
from pentaprism.faces.imagineai.tables import Analysis, ProcessingJob, Product, ProductImage


def product_of(session: Session, account_id: str, product_id: str, *, lock: bool = False) -> Product:
    """The product. Raises NotFound."""
    product = session.get(Product, product_id, with_for_update=lock or None)
    if product is None or product.account_id != account_id:
        raise NotFound(f"Product '{product_id}' not found")
    return product


def image_of(session: Session, account_id: str, image_id: str, *, lock: bool = False) -> ProductImage:
    """The image. Raises NotFound."""
    image = session.get(ProductImage, image_id, with_for_update=lock or None)
    if image is None or image.account_id != account_id:
        raise NotFound(f"Image '{image_id}' not found")
    return image


def analysis_of(session: Session, account_id: str, image_id: str, *, lock: bool = False) -> Analysis:
    """The analysis of an image. Raises NotFound."""
    query = select(Analysis).where(Analysis.image_id == image_id, Analysis.account_id == account_id)
    analysis = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if analysis is None:
        raise NotFound(f"Analysis result '{image_id}' not found")
    return analysis


def run_of(session: Session, account_id: str, job_id: str, what: str) -> ProcessingJob:
    """The processing job, which messages call ``what``. Raises NotFound."""
    run = session.get(ProcessingJob, job_id)
    if run is None or run.account_id != account_id:
        raise NotFound(f"{what} '{job_id}' not found")
    return run


def images_of(session: Session, product_ids: Sequence[str]) -> dict[str, list[ProductImage]]:
    """The images of products, the oldest first, by product."""
    rows: list[ProductImage] = []
    for part in chunks(product_ids):
        query = select(ProductImage).where(ProductImage.product_id.in_(part))
        rows.extend(session.scalars(query.order_by(ProductImage.product_id, ProductImage.created_at, ProductImage.id)))
    return {key: list(group) for key, group in groupby(rows, key=lambda image: image.product_id)}
