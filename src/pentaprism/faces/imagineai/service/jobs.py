"""Processing jobs: batches, listing, cancelling."""

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pentaprism.core.database.chunks import chunks
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.imagineai.context import Imagineai
from pentaprism.faces.imagineai.documents import Document, job_document
from pentaprism.faces.imagineai.errors import field_problem
from pentaprism.faces.imagineai.faults import Refused
from pentaprism.faces.imagineai.names import OPEN_JOBS, JobStatus
from pentaprism.faces.imagineai.schemas.requests import CreateBatch
from pentaprism.faces.imagineai.service.access import images_of, product_of, run_of
from pentaprism.faces.imagineai.service.queue import start_batch
from pentaprism.faces.imagineai.tables import ProcessingJob, ProcessingStep

STRANGERS = "Some image IDs are invalid or don't belong to this product"
DOUBLES = "Duplicate image IDs are not allowed"


def create_batch(context: Imagineai, account_id: str, body: CreateBatch) -> Document:
    """Analyse several images of one product. Raises NotFound, Refused, InvalidRequest."""
    most, ids = context.settings.images_per_batch, [str(image_id) for image_id in body.image_ids]
    if len(ids) > most:
        raise field_problem("too_long", "body", "image_ids", f"List should have at most {most} items after validation, not {len(ids)}")
    if len(set(ids)) < len(ids):
        raise Refused(DOUBLES)
    with context.platform.database.write() as session:
        product = product_of(session, account_id, str(body.product_id), lock=True)
        own = {image.id: image for image in images_of(session, [product.id]).get(product.id, [])}
        if not own.keys() >= set(ids):
            raise Refused(STRANGERS)
        run = start_batch(context, session, product, [own[image_id] for image_id in ids])
        return documents(session, [run])[0]


def list_jobs(
    context: Imagineai, session: Session, account_id: str, status: JobStatus | None, limit: int, offset: int, *, position: bool = False
) -> Document:
    """Jobs of the account, the newest first; with ``position`` those that wait tell their place in the queue."""
    where = [ProcessingJob.account_id == account_id]
    if status is not None:
        where.append(ProcessingJob.status == status.value)
    total = session.scalar(select(func.count()).select_from(ProcessingJob).where(*where)) or 0
    query = select(ProcessingJob).where(*where).order_by(ProcessingJob.created_at.desc(), ProcessingJob.id.desc())
    rows = session.scalars(query.limit(limit).offset(offset)).all() if offset < total else []
    items = documents(session, rows)
    return {"items": placed(context, session, items) if position else items, "total": total}


def read(session: Session, account_id: str, job_id: str, what: str) -> Document:
    """One job, which messages call ``what``. Raises NotFound."""
    return documents(session, [run_of(session, account_id, job_id, what)])[0]


def placed(context: Imagineai, session: Session, found: Sequence[Document]) -> list[Document]:
    """Jobs with their places in the queue; null for those that do not wait."""
    waiting = [document["id"] for document in found if document["status"] == JobStatus.QUEUED]
    places = context.platform.jobs.positions(session, session.scalars(select(Job).where(Job.id.in_(waiting))).all())
    return [document | {"position": places.get(document["id"])} for document in found]


def cancel(context: Imagineai, account_id: str, job_id: str) -> None:
    """Cancel a job; one that has ended stays as it is. Raises NotFound."""
    with context.platform.database.write() as session:
        run = run_of(session, account_id, job_id, "Batch job")
        job = session.get(Job, run.id)
        if run.status in OPEN_JOBS and job is not None:
            context.platform.jobs.cancel(session, job)


def documents(session: Session, runs: Sequence[ProcessingJob]) -> list[Document]:
    """Jobs with their steps."""
    session.flush()
    steps: dict[str, list[ProcessingStep]] = {}
    for part in chunks([run.id for run in runs]):
        found = session.scalars(select(ProcessingStep).where(ProcessingStep.job_id.in_(part)).order_by(ProcessingStep.job_id))
        steps.update((key, list(group)) for key, group in groupby(found, key=lambda step: step.job_id))
    return [job_document(run, steps.get(run.id, [])) for run in runs]
