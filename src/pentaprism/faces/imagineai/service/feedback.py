"""What users say of analyses. Machine values stay where they are; the user's stand above them and survive every run."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pentaprism.core.clock import now
from pentaprism.core.ids import new_id
from pentaprism.engines.products.vocabulary import ATTRIBUTE_NAMES, ATTRIBUTES, LABELS, category_of, subcategory_of
from pentaprism.faces.imagineai.documents import Document
from pentaprism.faces.imagineai.schemas.requests import Feedback
from pentaprism.faces.imagineai.service.access import analysis_of, product_of
from pentaprism.faces.imagineai.service.analyses import documents
from pentaprism.faces.imagineai.service.results import SAME_BOX, box_of, overlap
from pentaprism.faces.imagineai.tables import Analysis, Defect, Product
from pentaprism.faces.imagineai.webhooks.events import emit
from pentaprism.web.errors import InvalidRequest, Problem


def give(session: Session, account_id: str, image_id: str, body: Feedback) -> Document:
    """Take the user's corrections. Raises NotFound, InvalidRequest."""
    analysis = analysis_of(session, account_id, image_id, lock=True)
    product = product_of(session, account_id, analysis.product_id, lock=True)
    given = body.model_fields_set
    defects = {row.id: row for row in session.scalars(select(Defect).where(Defect.analysis_id == analysis.id))}
    check(body, defects)
    corrections: dict[str, Any] = {"attributes": {}, "defects": [], **analysis.corrections}
    if given & {"label", "category"}:
        _classify(analysis, product, body)
    if body.attributes is not None:
        said = {name: {"id": new_id(), "value": value} for name, value in body.attributes.items()}
        corrections["attributes"] = {**corrections["attributes"], **said}
    for verdict in body.defects or []:
        _judge(corrections, defects[str(verdict.id)], verdict.verdict)
    if "note" in given:
        corrections["note"] = body.note
    analysis.corrections, analysis.updated_at = corrections, now()
    emit(session, account_id, "product.updated", {"product_id": product.id, "changed": ["feedback"]})
    session.flush()
    return documents(session, [analysis])[0]


def check(body: Feedback, defects: dict[str, Defect]) -> None:
    """Raise InvalidRequest for words outside the vocabulary and for defects of other images."""
    problems = []
    if body.label is not None and body.label not in LABELS:
        problems.append(Problem(("body", "label"), "Unknown label", "enum", body.label))
    elif body.label is not None and body.category is not None and category_of(body.label) != body.category.value:
        problems.append(Problem(("body", "category"), "The label belongs to another category", "value_error", body.category.value))
    for name, value in (body.attributes or {}).items():
        if name not in ATTRIBUTE_NAMES:
            problems.append(Problem(("body", "attributes", name), "Unknown attribute", "enum", name))
        elif value is not None and name in ATTRIBUTES and value not in ATTRIBUTES[name]:
            problems.append(Problem(("body", "attributes", name), "Unknown value", "enum", value))
    for place, verdict in enumerate(body.defects or []):
        if str(verdict.id) not in defects:
            problems.append(Problem(("body", "defects", place, "id"), "No such defect in this analysis", "value_error", str(verdict.id)))
    if problems:
        raise InvalidRequest(problems)


def _classify(analysis: Analysis, product: Product, body: Feedback) -> None:
    """The label or the category is the user's now, and so are those of the product; without either the machine has its way again."""
    category = body.category.value if body.category is not None else category_of(body.label) if body.label is not None else None
    if "label" in body.model_fields_set:
        analysis.user_label = body.label
    elif analysis.user_label is not None and category_of(analysis.user_label) != category:
        analysis.user_label = None
    analysis.user_category = category
    if category is None:
        return
    product.category = category
    product.subcategory = subcategory_of(analysis.user_label) if analysis.user_label else None
    product.owned = sorted({*product.owned, "category", "subcategory"})


def _judge(corrections: dict[str, Any], defect: Defect, verdict: str) -> None:
    box = box_of(defect)
    rest = [one for one in corrections["defects"] if one["type"] != defect.defect_type or overlap(one["box"], box) < SAME_BOX]
    said = {
        "type": defect.defect_type,
        "box": list(box),
        "verdict": verdict,
        "severity": defect.severity,
        "confidence": defect.confidence,
        "description": defect.description,
    }
    corrections["defects"] = [*rest, said]
    defect.user_verdict = verdict
