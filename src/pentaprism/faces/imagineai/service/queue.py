"""Putting images into the queue."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from pentaprism.core.events.memory import MemoryBus
from pentaprism.core.jobs.queue import NewJob
from pentaprism.faces.imagineai.ground import Ground
from pentaprism.faces.imagineai.names import ANALYSE_KIND, BATCH_KIND, FACE, image_subject
from pentaprism.faces.imagineai.service import lifecycle, progress
from pentaprism.faces.imagineai.tables import ProcessingJob, Product, ProductImage

SINGLE_PRIORITY = 10


def start_single(ground: Ground, session: Session, product: Product, image: ProductImage) -> ProcessingJob:
    """A job of type ``single`` for one image."""
    lifecycle.analysis_queued(session, image)
    new = _job(ground, image, 0)
    new.priority = SINGLE_PRIORITY
    run = _run(session, product, new.id, "single", [image.id])
    ground.platform.jobs.enqueue_many(session, [new])
    return run


def start_batch(ground: Ground, session: Session, product: Product, images: Sequence[ProductImage]) -> ProcessingJob:
    """A job of type ``batch`` for several images of one product."""
    for image in images:
        lifecycle.analysis_queued(session, image)
    children = [_job(ground, image, index) for index, image in enumerate(images)]
    account_id, at_once = product.account_id, ground.settings.images_at_once
    parent = ground.platform.jobs.batch(session, BATCH_KIND, children, account_id=account_id, face=FACE, children_at_once=at_once)
    return _run(session, product, parent.id, "batch", [image.id for image in images])


def _run(session: Session, product: Product, run_id: str, job_type: str, image_ids: Sequence[str]) -> ProcessingJob:
    run = ProcessingJob(id=run_id, account_id=product.account_id, product_id=product.id, job_type=job_type, total_images=len(image_ids))
    session.add(run)
    progress.plan(session, run, image_ids)
    lifecycle.product_queued(product)
    return run


def _job(ground: Ground, image: ProductImage, index: int) -> NewJob:
    settings = ground.settings
    request: dict[str, Any] = {"image_id": image.id, "image_index": index, "retry_seconds": list(settings.retry_seconds)}
    if not isinstance(ground.platform.events, MemoryBus):
        request["channel_prefix"] = settings.channel_prefix
    return NewJob(
        ANALYSE_KIND,
        image.account_id,
        FACE,
        request,
        subject=image_subject(image.id),
        max_attempts=1 + len(settings.retry_seconds),
        time_limit=settings.image_seconds,
    )
