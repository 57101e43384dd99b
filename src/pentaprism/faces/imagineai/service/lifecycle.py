"""How products, images and jobs follow each other: queuing, counting, ending."""

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pentaprism.core.clock import now
from pentaprism.faces.imagineai.names import CANCELLED, OPEN_JOBS, OPEN_STEPS
from pentaprism.faces.imagineai.service import progress
from pentaprism.faces.imagineai.service.product_fields import fill
from pentaprism.faces.imagineai.tables import Analysis, ProcessingJob, ProcessingStep, Product, ProductImage
from pentaprism.faces.imagineai.webhooks.events import emit


def product_queued(product: Product) -> None:
    """A job of the product has been queued."""
    if product.status_owned or product.status in {"archived", "processing"}:
        return
    product.former_status, product.status = product.status, "processing"


def product_settled(session: Session, product_id: str | None) -> None:
    """A job of the product has ended; with the last one the product leaves ``processing``."""
    if product_id is None:
        return
    product = session.get(Product, product_id, with_for_update=True)
    if product is None or product.status != "processing" or product.status_owned:
        return
    session.flush()
    unfinished = select(ProcessingJob.id).where(ProcessingJob.product_id == product_id, ProcessingJob.status.in_(OPEN_JOBS))
    if session.scalar(unfinished.limit(1)) is not None:
        return
    analysed = select(Analysis.id).where(Analysis.product_id == product_id, Analysis.status == "completed")
    product.status = "active" if session.scalar(analysed.limit(1)) is not None else product.former_status or "draft"
    product.former_status = None


def make_primary_if_first(session: Session, image: ProductImage) -> None:
    """The first uploaded image of a product is its primary one."""
    other = select(ProductImage.id).where(ProductImage.product_id == image.product_id, ProductImage.is_primary.is_(True))
    image.is_primary = session.scalar(other.limit(1)) is None


def analysis_queued(session: Session, image: ProductImage) -> Analysis:
    """The analysis of the image, made if there is none, waiting for its next run."""
    analysis = session.scalars(select(Analysis).where(Analysis.image_id == image.id)).one_or_none()
    if analysis is None:
        analysis = Analysis(account_id=image.account_id, product_id=image.product_id, image_id=image.id)
        analysis.classification_scores, analysis.corrections = {}, {}
        session.add(analysis)
    analysis.status = "pending" if analysis.model_version is None else "processing"
    analysis.error_message = None
    return analysis


def image_failed(session: Session, run: ProcessingJob, image_id: str, image_index: int, message: str) -> None:
    """The last attempt at an image has failed."""
    progress.fail(session, run.id, image_index, message)
    analysis = _analysis(session, image_id)
    if analysis is not None:
        analysis.status, analysis.error_message = "failed", message
        data = {"image_id": image_id, "product_id": analysis.product_id, "job_id": run.id, "error": message}
        emit(session, run.account_id, "analysis.failed", data)
    run.failed_images = ProcessingJob.failed_images + 1
    session.flush()
    session.refresh(run)


def image_cancelled(session: Session, run: ProcessingJob, image_id: str, image_index: int) -> None:
    """An image was cancelled: what was known of it before holds again."""
    progress.skip(session, run.id, image_index)
    analysis = _analysis(session, image_id)
    waiting = select(ProcessingStep.id).where(ProcessingStep.image_id == image_id, ProcessingStep.status.in_(OPEN_STEPS))
    if analysis is None or session.scalar(waiting.limit(1)) is not None:
        return
    if analysis.model_version is not None:
        analysis.status, analysis.error_message = "completed", None
    else:
        analysis.status, analysis.error_message = "failed", CANCELLED


def image_done(session: Session, run_id: str) -> None:
    """An image of the job has its result."""
    counted = update(ProcessingJob).where(ProcessingJob.id == run_id).values(processed_images=ProcessingJob.processed_images + 1)
    session.execute(counted.execution_options(synchronize_session=False))


def run_ended(session: Session, run: ProcessingJob, status: str, message: str | None) -> None:
    """The job is over; listeners hear of it by its last number."""
    if run.status not in OPEN_JOBS:
        return
    seq = progress.next_seq(session, run.id)
    session.refresh(run)
    run.status, run.error_message, run.ended_seq, run.completed_at = status, message, seq, now()
    session.flush()
    data = {
        "job_id": run.id,
        "product_id": run.product_id,
        "job_type": run.job_type,
        "status": status,
        "total_images": run.total_images,
        "processed_images": run.processed_images,
        "failed_images": run.failed_images,
        "error": message,
    }
    emit(session, run.account_id, "job.completed" if status == "completed" else "job.failed", data)
    if run.job_type == "batch" and status == "completed":
        emit(session, run.account_id, "batch.completed", data)


def refilled(session: Session, product_id: str, threshold: float) -> None:
    """The product's fields follow its analyses."""
    product = session.get(Product, product_id, with_for_update=True)
    if product is not None:
        fill(session, product, threshold)


def open_run_of(session: Session, image_id: str) -> str | None:
    """A job that works on the image, or will."""
    query = select(ProcessingStep.job_id).where(ProcessingStep.image_id == image_id, ProcessingStep.status.in_(OPEN_STEPS))
    return session.scalar(query.limit(1))


def uploaded_count(session: Session, account_id: str) -> int:
    """Uploaded images of the account."""
    query = select(func.count()).select_from(ProductImage)
    return session.scalar(query.where(ProductImage.account_id == account_id, ProductImage.upload_status == "uploaded")) or 0


def _analysis(session: Session, image_id: str) -> Analysis | None:
    return session.scalars(select(Analysis).where(Analysis.image_id == image_id).with_for_update()).one_or_none()
