"""Writing what the engine found, all in the transaction that ends an image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from pentaprism.faces.imagineai.tables import Analysis, Attribute, Defect

if TYPE_CHECKING:
    from pentaprism.engines import products

Box = tuple[int, int, int, int]
SAME_BOX = 0.5
MOST_CORRECTIONS = 500


@dataclass(slots=True)
class Found:
    """Everything that the steps have found."""

    quality: "products.Quality"
    classification: "products.Classification"
    attributes: "Sequence[products.Attribute]"
    defects: "Sequence[products.Defect]"
    description: "products.Description"
    engines: Mapping[str, Any]
    model_version: str


def write(session: Session, analysis: Analysis, found: Found, milliseconds: int) -> None:
    """Replace the former result; what the user said stays."""
    seen = found.classification
    analysis.model_version = found.model_version
    analysis.classification_label, analysis.classification_confidence = seen.label, seen.confidence
    analysis.classification_scores = dict(seen.scores)
    analysis.category, analysis.category_confidence, analysis.subcategory = seen.category, seen.category_confidence, seen.subcategory
    analysis.embedding = seen.embedding
    analysis.description_text, analysis.description_model = found.description.text, found.description.model
    analysis.engines, analysis.quality = dict(found.engines), found.quality.to_dict()
    analysis.processing_time_ms = milliseconds
    analysis.status, analysis.error_message = "completed", None
    for table in (Attribute, Defect):
        session.execute(delete(table).where(table.analysis_id == analysis.id).execution_options(synchronize_session=False))
    session.add_all(attribute_rows(analysis, found.attributes))
    session.add_all(defect_rows(analysis, found.defects))
    session.flush()


def attribute_rows(analysis: Analysis, found: "Sequence[products.Attribute]") -> list[Attribute]:
    """One row per name."""
    by_name = {one.name: one for one in found}
    return [
        Attribute(
            analysis_id=analysis.id,
            position=place,
            name=one.name,
            value=one.value[:80],
            confidence=round(one.confidence, 4),
            source=one.source,
        )
        for place, one in enumerate(by_name.values())
    ]


def defect_rows(analysis: Analysis, found: "Sequence[products.Defect]") -> list[Defect]:
    """The defects with the verdicts that the user gave on the same ones before; confirmed ones stay although they are not seen again."""
    said = [dict(one) for one in analysis.corrections.get("defects", [])]
    rows = [
        Defect(
            analysis_id=analysis.id,
            account_id=analysis.account_id,
            position=place,
            defect_type=one.defect_type,
            severity=one.severity,
            confidence=round(one.confidence, 4),
            x=one.box[0],
            y=one.box[1],
            width=one.box[2],
            height=one.box[3],
            description=one.description,
        )
        for place, one in enumerate(found)
    ]
    for row in rows:
        match = next((one for one in said if one["type"] == row.defect_type and overlap(tuple(one["box"]), box_of(row)) >= SAME_BOX), None)
        if match is not None:
            said.remove(match)
            row.user_verdict = match["verdict"]
    kept = [one for one in said if one["verdict"] == "confirmed"]
    return rows + [_confirmed(analysis, one, len(rows) + place) for place, one in enumerate(kept)]


def _confirmed(analysis: Analysis, said: Mapping[str, Any], place: int) -> Defect:
    x, y, width, height = said["box"]
    return Defect(
        analysis_id=analysis.id,
        account_id=analysis.account_id,
        position=place,
        defect_type=said["type"],
        severity=said["severity"],
        confidence=said["confidence"],
        x=x,
        y=y,
        width=width,
        height=height,
        description=said["description"],
        user_verdict="confirmed",
    )


def box_of(row: Defect) -> Box:
    """x, y, width and height."""
    return row.x, row.y, row.width, row.height


def overlap(one: Sequence[int], other: Sequence[int]) -> float:
    """Intersection over union of two boxes."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


def corrections_of(session: Session, account_id: str) -> list[tuple[bytes, str]]:
    """The account's own corrected images: embedding and label, else category, the newest first."""
    query = select(Analysis.embedding, Analysis.user_label, Analysis.user_category).where(
        Analysis.account_id == account_id,
        or_(Analysis.user_label.is_not(None), Analysis.user_category.is_not(None)),
        Analysis.embedding.is_not(None),
    )
    rows = session.execute(query.order_by(Analysis.updated_at.desc()).limit(MOST_CORRECTIONS))
    return [(vector, label or category or "other") for vector, label, category in rows if vector is not None]
