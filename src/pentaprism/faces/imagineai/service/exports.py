"""Products and analyses as files, written while they are read."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.database.chunks import chunks
from pentaprism.engines.products.vocabulary import ATTRIBUTE_NAMES
from pentaprism.faces.imagineai.context import Imagineai, Links
from pentaprism.faces.imagineai.documents import Document
from pentaprism.faces.imagineai.service import analyses
from pentaprism.faces.imagineai.service.products import ProductFilter, documents, newest_first
from pentaprism.faces.imagineai.tables import Analysis, Product, ProductImage

Format = Literal["csv", "json"]
Load = Callable[[Session, Sequence[str]], list[Document]]

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
PRODUCT_COLUMNS = (
    "id",
    "title",
    "description",
    "category",
    "subcategory",
    "ai_description",
    "status",
    "image_count",
    "primary_image_id",
    "created_at",
    "updated_at",
)
ANALYSIS_COLUMNS = (
    "product_id",
    "product_title",
    "image_id",
    "original_filename",
    "status",
    "model_version",
    "classification_label",
    "classification_confidence",
    "category",
    "category_confidence",
    "subcategory",
    "user_label",
    *ATTRIBUTE_NAMES,
    "defects_count",
    "defects",
    "description_text",
    "description_model",
    "processing_time_ms",
    "error_message",
    "created_at",
    "updated_at",
)


def products(context: Imagineai, account_id: str, wanted: ProductFilter, kind: Format, links: Links) -> Iterator[bytes]:
    """All products that fit, the newest first."""
    with context.platform.database.read() as session:
        ids = list(session.scalars(newest_first(account_id, wanted).with_only_columns(Product.id)))

    def load(session: Session, part: Sequence[str]) -> list[Document]:
        rows = {row.id: row for row in session.scalars(select(Product).where(Product.id.in_(part)))}
        return documents(session, [rows[one] for one in part if one in rows], links)

    return written(context, ids, load, kind, PRODUCT_COLUMNS, product_row)


def analyses_of(context: Imagineai, account_id: str, wanted: ProductFilter, product_id: str | None, kind: Format) -> Iterator[bytes]:
    """The analyses of all products that fit."""
    query = select(Analysis.id).join(Product, Product.id == Analysis.product_id).where(*wanted.conditions(account_id))
    if product_id is not None:
        query = query.where(Analysis.product_id == product_id)
    with context.platform.database.read() as session:
        ids = list(session.scalars(query.order_by(Product.created_at.desc(), Product.id.desc(), Analysis.created_at, Analysis.id)))
    return written(context, ids, load_analyses, kind, ANALYSIS_COLUMNS, analysis_row)


def load_analyses(session: Session, part: Sequence[str]) -> list[Document]:
    """Analyses with the names of their product and file."""
    rows = {row.id: row for row in session.scalars(select(Analysis).where(Analysis.id.in_(part)))}
    ordered = [rows[one] for one in part if one in rows]
    named = select(ProductImage.id, ProductImage.original_filename, Product.id, Product.title).join(
        Product, Product.id == ProductImage.product_id
    )
    names = {row[0]: row for row in session.execute(named.where(ProductImage.id.in_([row.image_id for row in ordered])))}
    found = []
    for document in analyses.documents(session, ordered):
        image_id, filename, product_id, title = names[document["product_image_id"]]
        found.append({"product_id": product_id, "product_title": title, "image_id": image_id, "original_filename": filename, **document})
    return found


def written(
    context: Imagineai, ids: Sequence[str], load: Load, kind: Format, columns: Sequence[str], row: Callable[[Document], Mapping[str, Any]]
) -> Iterator[bytes]:
    """The documents of ``ids`` as CSV (RFC 4180) or as a JSON list, some hundreds at a time."""
    if kind == "csv":
        yield line(columns)
    else:
        yield b"["
    first = True
    for part in chunks(ids):
        with context.platform.database.read() as session:
            found = load(session, part)
        for document in found:
            if kind == "csv":
                cells = row(document)
                yield line([cells[name] for name in columns])
            else:
                yield (b"" if first else b",\n") + json.dumps(document, ensure_ascii=False).encode()
            first = False
    if kind == "json":
        yield b"]\n"


def product_row(document: Document) -> Mapping[str, Any]:
    """A product as cells."""
    primary = next((image["id"] for image in document["images"] if image["is_primary"]), None)
    return {**document, "image_count": len(document["images"]), "primary_image_id": primary}


def analysis_row(document: Document) -> Mapping[str, Any]:
    """An analysis as cells."""
    values = {one["attribute_name"]: one["attribute_value"] for one in document["extracted_attributes"]}
    defects = [
        {key: one[key] for key in ("defect_type", "severity", "confidence", "bounding_box", "user_verdict")}
        for one in document["detected_defects"]
    ]
    return {
        **dict.fromkeys(ATTRIBUTE_NAMES),
        **values,
        **document,
        "defects_count": len(defects),
        "defects": json.dumps(defects, separators=(",", ":")),
    }


def line(cells: Sequence[Any]) -> bytes:
    """One record; cells that a spreadsheet would run as a formula get an apostrophe."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow([_cell(cell) for cell in cells])
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return "" if value is None else value
