"""Analyses: reading, trying again."""

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.blobs.tables import Blob
from pentaprism.core.database.chunks import chunks
from pentaprism.core.errors import Conflict
from pentaprism.faces.imagineai.context import Imagineai
from pentaprism.faces.imagineai.documents import Document, analysis_document
from pentaprism.faces.imagineai.names import NO_BYTES
from pentaprism.faces.imagineai.service.access import analysis_of, image_of, product_of
from pentaprism.faces.imagineai.service.queue import start_single
from pentaprism.faces.imagineai.tables import Analysis, Attribute, Defect, ProductImage


def read(session: Session, account_id: str, image_id: str) -> Document:
    """The analysis of an image. Raises NotFound."""
    analysis = analysis_of(session, account_id, image_id)
    return documents(session, [analysis])[0]


def of_product(session: Session, account_id: str, product_id: str) -> list[Document]:
    """The analyses of a product in the order of its images. Raises NotFound."""
    product_of(session, account_id, product_id)
    order = (ProductImage.is_primary.desc(), ProductImage.created_at, ProductImage.id)
    query = select(Analysis).join(ProductImage, ProductImage.id == Analysis.image_id).where(Analysis.product_id == product_id)
    return documents(session, session.scalars(query.order_by(*order)).all())


def documents(session: Session, analyses: Sequence[Analysis]) -> list[Document]:
    """Analyses with their attributes and defects."""
    ids = [analysis.id for analysis in analyses]
    images = {image.id: image for part in chunks([one.image_id for one in analyses]) for image in _images(session, part)}
    attributes: dict[str, list[Attribute]] = {}
    defects: dict[str, list[Defect]] = {}
    for part in chunks(ids):
        found = session.scalars(select(Attribute).where(Attribute.analysis_id.in_(part)).order_by(Attribute.analysis_id))
        attributes.update((key, list(group)) for key, group in groupby(found, key=lambda row: row.analysis_id))
        marked = session.scalars(select(Defect).where(Defect.analysis_id.in_(part)).order_by(Defect.analysis_id))
        defects.update((key, list(group)) for key, group in groupby(marked, key=lambda row: row.analysis_id))
    return [analysis_document(one, images[one.image_id], attributes.get(one.id, []), defects.get(one.id, [])) for one in analyses]


def _images(session: Session, ids: Sequence[str]) -> Sequence[ProductImage]:
    return session.scalars(select(ProductImage).where(ProductImage.id.in_(ids))).all()


def retry(context: Imagineai, account_id: str, image_id: str) -> Document:
    """Analyse an image again, after the run that may be under way. Raises NotFound, Conflict."""
    with context.platform.database.write() as session:
        image = image_of(session, account_id, image_id)
        product = product_of(session, account_id, image.product_id, lock=True)
        if image.upload_status != "uploaded":
            row = session.get(Blob, image.s3_key)
            if row is None or not row.sha256:
                raise Conflict(NO_BYTES)
        run = start_single(context, session, product, image)
        return {"job_id": run.id, "status": "queued", "message": "Analysis retry started"}
