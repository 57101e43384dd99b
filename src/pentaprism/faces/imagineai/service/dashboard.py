"""Figures of an account."""

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from pentaprism.faces.imagineai.documents import Document, recent_document
from pentaprism.faces.imagineai.names import OPEN_JOBS
from pentaprism.faces.imagineai.service.lifecycle import uploaded_count
from pentaprism.faces.imagineai.tables import Analysis, Defect, ProcessingJob, Product

RECENT = 10


def stats(session: Session, account_id: str) -> Document:
    """The six figures."""
    completed = (Analysis.account_id == account_id, Analysis.status == "completed")
    not_rejected = or_(Defect.user_verdict.is_(None), Defect.user_verdict != "rejected")
    average = session.scalar(select(func.avg(Analysis.processing_time_ms)).where(*completed))
    return {
        "total_products": _count(session, Product, Product.account_id == account_id),
        "total_images": uploaded_count(session, account_id),
        "completed_analyses": _count(session, Analysis, *completed),
        "total_defects": _count(session, Defect, Defect.account_id == account_id, not_rejected),
        "active_jobs": _count(session, ProcessingJob, ProcessingJob.account_id == account_id, ProcessingJob.status.in_(OPEN_JOBS)),
        "avg_processing_time_ms": None if average is None else round(float(average)),
    }


def recent(session: Session, account_id: str) -> list[Document]:
    """The last jobs in short."""
    query = select(ProcessingJob).where(ProcessingJob.account_id == account_id)
    newest = query.order_by(ProcessingJob.created_at.desc(), ProcessingJob.id.desc()).limit(RECENT)
    return [recent_document(run) for run in session.scalars(newest)]


def categories(session: Session, account_id: str) -> list[Document]:
    """How many products each category has."""
    counted = select(Product.category, func.count().label("number")).where(Product.account_id == account_id, Product.category.is_not(None))
    rows = session.execute(counted.group_by(Product.category)).all()
    return [{"category": name, "count": number} for name, number in sorted(rows, key=lambda row: (-row[1], row[0]))]


def _count(session: Session, table: type, *where: object) -> int:
    return session.scalar(select(func.count()).select_from(table).where(*where)) or 0  # type: ignore[arg-type]
