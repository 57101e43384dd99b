"""Products: listing, making, changing, deleting."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.orm import Session

from pentaprism.core.jobs.states import ACTIVE
from pentaprism.core.jobs.tables import Job
from pentaprism.core.pages import Page
from pentaprism.faces.imagineai.context import Imagineai, Links
from pentaprism.faces.imagineai.documents import Document, product_document
from pentaprism.faces.imagineai.errors import field_problem
from pentaprism.faces.imagineai.names import OPEN_JOBS, Category, ProductStatus, image_holder, thumbnail_holder
from pentaprism.faces.imagineai.schemas.requests import CreateProduct, UpdateProduct
from pentaprism.faces.imagineai.service import search
from pentaprism.faces.imagineai.service.access import images_of, product_of
from pentaprism.faces.imagineai.tables import ProcessingJob, Product
from pentaprism.faces.imagineai.webhooks.events import emit

KEPT_BY_USER = ("category", "subcategory", "ai_description")


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """Which products of a list are wanted."""

    category: Category | None = None
    status: ProductStatus | None = None
    search: str | None = None

    def conditions(self, account_id: str) -> list[ColumnElement[bool]]:
        """The same in SQL."""
        found: list[ColumnElement[bool]] = []
        if self.category is not None:
            found.append(Product.category == self.category.value)
        if self.status is not None:
            found.append(Product.status == self.status.value)
        if self.search and self.search.strip():
            # Words know their account too; asked for twice, the database would look through all products of the account.
            return [search.matches(account_id, self.search), *found]
        return [Product.account_id == account_id, *found]


def newest_first(account_id: str, wanted: ProductFilter) -> Select[Product]:
    """The products in the order of lists."""
    return select(Product).where(*wanted.conditions(account_id)).order_by(Product.created_at.desc(), Product.id.desc())


def list_products(session: Session, account_id: str, wanted: ProductFilter, page: int, size: int) -> Page[Product]:
    """A page of the account's products."""
    total = session.scalar(select(func.count()).select_from(Product).where(*wanted.conditions(account_id))) or 0
    offset = (page - 1) * size
    rows = session.scalars(newest_first(account_id, wanted).limit(size).offset(offset)).all() if offset < total else []
    return Page(rows, total, size, offset)


def documents(session: Session, products: Sequence[Product], links: Links) -> list[Document]:
    """Products with their images."""
    images = images_of(session, [product.id for product in products])
    return [product_document(product, images.get(product.id, []), links) for product in products]


def create(session: Session, account_id: str, body: CreateProduct, links: Links) -> Document:
    """A new product."""
    product = Product(account_id=account_id, title=body.title, description=body.description, owned=[], details={})
    if body.category is not None:
        product.category, product.owned = body.category.value, ["category"]
    session.add(product)
    search.index(session, product)
    document = product_document(product, [], links)
    emit(session, account_id, "product.created", {"product_id": product.id, "title": product.title})
    return document


def update(session: Session, account_id: str, product_id: str, body: UpdateProduct, links: Links) -> Document:
    """Change what ``body`` names. Raises NotFound, InvalidRequest."""
    product = product_of(session, account_id, product_id, lock=True)
    given = body.model_fields_set & set(UpdateProduct.model_fields)
    if body.subcategory is not None and not body.subcategory.strip():
        raise field_problem("string_too_short", "body", "subcategory", "The subcategory must not be blank", body.subcategory)
    for name in sorted(given):
        value = getattr(body, name)
        setattr(product, name, value.value if isinstance(value, Category) else value)
    for name in KEPT_BY_USER:
        if name in given:
            owned = set(product.owned) - {name}
            product.owned = sorted(owned | {name} if getattr(product, name) is not None else owned)
    if "status" in given:
        product.status_owned = True
    if given & {"title", "description"}:
        search.index(session, product)
    if given:
        emit(session, account_id, "product.updated", {"product_id": product.id, "changed": sorted(given)})
    session.flush()
    return documents(session, [product], links)[0]


def remove(context: Imagineai, session: Session, account_id: str, product_id: str) -> None:
    """Delete a product with its images, analyses and bytes; its jobs stay as history. Raises NotFound."""
    product_of(session, account_id, product_id)
    cancel_jobs(context, session, product_id)
    product = product_of(session, account_id, product_id, lock=True)
    for image in images_of(session, [product_id]).get(product_id, []):
        context.platform.blobs.release(session, image.s3_key, image_holder(image.id), thumbnail_holder(image.id))
    session.execute(delete(Product).where(Product.id == product.id).execution_options(synchronize_session=False))
    session.expunge(product)
    context.background.free(session)


def cancel_jobs(context: Imagineai, session: Session, product_id: str) -> None:
    """Cancel whatever works on a product."""
    jobs = select(Job).join(ProcessingJob, ProcessingJob.id == Job.id)
    active = jobs.where(ProcessingJob.product_id == product_id, ProcessingJob.status.in_(OPEN_JOBS), Job.status.in_(ACTIVE))
    context.platform.jobs.cancel_all(session, session.scalars(active).all())
