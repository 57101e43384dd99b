"""What the analyses of a product's images say of the product itself."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.faces.imagineai.tables import Analysis, Product, ProductImage


def fill(session: Session, product: Product, threshold: float) -> None:
    """Fill the fields that the user has not set from the deciding analysis; ``metadata_.ai`` tells which and from what."""
    session.flush()
    analysis = deciding(session, product.id)
    if analysis is None:
        details = {key: value for key, value in product.details.items() if key != "ai"}
        product.details = details
        return
    applied = []
    for name, value in wanted(analysis, threshold).items():
        if name not in product.owned and value is not None:
            setattr(product, name, value)
            applied.append(name)
    if "category" in applied and "subcategory" not in applied and "subcategory" not in product.owned:
        product.subcategory = None
    product.details = {**product.details, "ai": summary(analysis, applied)}


def deciding(session: Session, product_id: str) -> Analysis | None:
    """The analysis of the primary image, else the completed one that is surest of its category."""
    found = select(Analysis, ProductImage.is_primary).join(ProductImage, ProductImage.id == Analysis.image_id)
    rows = session.execute(found.where(Analysis.product_id == product_id, Analysis.model_version.is_not(None))).all()
    primary = next((analysis for analysis, is_primary in rows if is_primary), None)
    if primary is not None:
        return primary
    completed = [analysis for analysis, _ in rows if analysis.status == "completed"]
    return max(completed, key=lambda analysis: (analysis.category_confidence or 0.0, analysis.id), default=None)


def wanted(analysis: Analysis, threshold: float) -> dict[str, str | None]:
    """What the analysis would put into the fields."""
    sure = analysis.category not in {None, "other"} and (analysis.category_confidence or 0.0) >= threshold
    return {
        "category": analysis.category if sure else None,
        "subcategory": analysis.subcategory if sure else None,
        "ai_description": analysis.description_text,
    }


def summary(analysis: Analysis, applied: list[str]) -> dict[str, Any]:
    """``metadata_.ai``."""
    return {
        "category": analysis.category,
        "category_confidence": analysis.category_confidence,
        "subcategory": analysis.subcategory,
        "label": analysis.classification_label,
        "image_id": analysis.image_id,
        "model_version": analysis.model_version,
        "applied": applied,
    }
