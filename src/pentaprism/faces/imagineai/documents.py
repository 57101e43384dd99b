"""Rows as the documents that clients get."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pentaprism.core.accounts.tables import Account, ApiKey
from pentaprism.core.clock import isoformat
from pentaprism.faces.imagineai.context import Links
from pentaprism.faces.imagineai.names import ENDED_JOBS, FACE, STEPS
from pentaprism.faces.imagineai.tables import (
    Analysis,
    Attribute,
    Defect,
    Delivery,
    ProcessingJob,
    ProcessingStep,
    Product,
    ProductImage,
    Webhook,
)

Document = dict[str, Any]


def moment(value: datetime | None) -> str | None:
    """A time, or null."""
    return isoformat(value) if value is not None else None


def user_document(account: Account) -> Document:
    """User."""
    return {
        "id": account.id,
        "email": account.email,
        "full_name": account.name,
        "is_active": account.disabled_at is None,
        "created_at": isoformat(account.created_at),
    }


def image_document(image: ProductImage, links: Links) -> Document:
    """Image."""
    stored = image.upload_status == "uploaded"
    return {
        "id": image.id,
        "s3_key": image.s3_key,
        "original_filename": image.original_filename,
        "content_type": image.content_type,
        "file_size_bytes": image.file_size_bytes,
        "width": image.width,
        "height": image.height,
        "is_primary": image.is_primary,
        "upload_status": image.upload_status,
        "created_at": isoformat(image.created_at),
        "url": links.content(image) if stored else None,
        "thumbnail_url": links.thumbnail(image) if stored else None,
    }


def product_document(product: Product, images: Sequence[ProductImage], links: Links) -> Document:
    """Product, its primary image first, then the oldest."""
    ordered = sorted(images, key=lambda image: (not image.is_primary, image.created_at, image.id))
    return {
        "id": product.id,
        "user_id": product.account_id,
        "title": product.title,
        "description": product.description,
        "category": product.category,
        "subcategory": product.subcategory,
        "ai_description": product.ai_description,
        "status": product.status,
        "metadata_": product.details,
        "images": [image_document(image, links) for image in ordered],
        "created_at": isoformat(product.created_at),
        "updated_at": isoformat(product.updated_at),
    }


def attribute_documents(analysis: Analysis, rows: Sequence[Attribute]) -> list[Document]:
    """Attributes as the machine found them, with the user's corrections in their place."""
    said = dict(analysis.corrections.get("attributes", {}))
    found: list[Document] = []
    for row in sorted(rows, key=lambda row: row.position):
        if row.name not in said:
            found.append(_attribute(row.id, row.name, row.value, row.confidence, row.source))
    for name, correction in said.items():
        if correction["value"] is not None:
            found.append(_attribute(correction["id"], name, correction["value"], 1.0, "user"))
    return found


def _attribute(identifier: str, name: str, value: str, confidence: float, source: str) -> Document:
    return {"id": identifier, "attribute_name": name, "attribute_value": value, "confidence": confidence, "source": source}


def defect_document(defect: Defect, width: int, height: int) -> Document:
    """Defect in an image of this size."""
    return {
        "id": defect.id,
        "defect_type": defect.defect_type,
        "severity": defect.severity,
        "confidence": defect.confidence,
        "bounding_box": {"x": defect.x, "y": defect.y, "width": defect.width, "height": defect.height},
        "description": defect.description,
        "bounding_box_normalized": {
            "x": round(defect.x / width, 6),
            "y": round(defect.y / height, 6),
            "width": round(defect.width / width, 6),
            "height": round(defect.height / height, 6),
        },
        "user_verdict": defect.user_verdict,
    }


def analysis_document(analysis: Analysis, image: ProductImage, attributes: Sequence[Attribute], defects: Sequence[Defect]) -> Document:
    """Analysis."""
    width, height = image.width or 1, image.height or 1
    return {
        "id": analysis.id,
        "product_image_id": analysis.image_id,
        "model_version": analysis.model_version or "pending",
        "classification_label": analysis.classification_label,
        "classification_confidence": analysis.classification_confidence,
        "classification_scores": analysis.classification_scores,
        "description_text": analysis.description_text,
        "description_model": analysis.description_model,
        "processing_time_ms": analysis.processing_time_ms,
        "status": analysis.status,
        "error_message": analysis.error_message,
        "extracted_attributes": attribute_documents(analysis, attributes),
        "detected_defects": [defect_document(row, width, height) for row in sorted(defects, key=lambda row: row.position)],
        "created_at": isoformat(analysis.created_at),
        "updated_at": isoformat(analysis.updated_at),
        "category": analysis.category,
        "category_confidence": analysis.category_confidence,
        "subcategory": analysis.subcategory,
        "engines": analysis.engines,
        "quality": analysis.quality,
        "user_label": analysis.user_label,
    }


def step_document(step: ProcessingStep) -> Document:
    """Step."""
    return {
        "id": step.id,
        "step_name": step.name,
        "status": step.status,
        "started_at": moment(step.started_at),
        "completed_at": moment(step.completed_at),
        "duration_ms": step.duration_ms,
        "error_message": step.error_message,
        "result_data": step.result,
        "product_image_id": step.image_id,
    }


def job_document(run: ProcessingJob, steps: Sequence[ProcessingStep]) -> Document:
    """Job with its steps, by image, then by pipeline order."""
    ordered = sorted(steps, key=lambda step: (step.image_index, step.position))
    return {
        "id": run.id,
        "user_id": run.account_id,
        "job_type": run.job_type,
        "status": run.status,
        "total_images": run.total_images,
        "processed_images": run.processed_images,
        "failed_images": run.failed_images,
        "celery_task_id": run.id,
        "started_at": isoformat(run.created_at),
        "completed_at": moment(run.completed_at),
        "error_message": run.error_message,
        "steps": [step_document(step) for step in ordered],
        "created_at": isoformat(run.created_at),
        "updated_at": isoformat(run.updated_at),
        "product_id": run.product_id,
        "progress": progress_of(run, steps),
    }


def progress_of(run: ProcessingJob, steps: Sequence[ProcessingStep]) -> int:
    """Percent of the job's steps that are over; 100 only at its end."""
    if run.status in ENDED_JOBS:
        return 100
    over = sum(step.status not in {"pending", "running"} for step in steps)
    return min(99, 100 * over // max(1, len(STEPS) * run.total_images))


def recent_document(run: ProcessingJob) -> Document:
    """A job in short: the seven keys of the dashboard."""
    return {
        "id": run.id,
        "job_type": run.job_type,
        "status": run.status,
        "total_images": run.total_images,
        "processed_images": run.processed_images,
        "created_at": isoformat(run.created_at),
        "completed_at": moment(run.completed_at),
    }


def key_document(key: ApiKey) -> Document:
    """API key."""
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": [scope.removeprefix(f"{FACE}:") for scope in key.scopes],
        "expires_at": moment(key.expires_at),
        "last_used_at": moment(key.last_used_at),
        "created_at": isoformat(key.created_at),
    }


def webhook_document(hook: Webhook) -> Document:
    """Webhook."""
    return {
        "id": hook.id,
        "url": hook.url,
        "events": hook.events,
        "description": hook.description,
        "is_active": hook.is_active,
        "consecutive_failures": hook.failures,
        "created_at": isoformat(hook.created_at),
        "updated_at": isoformat(hook.updated_at),
    }


def delivery_document(delivery: Delivery) -> Document:
    """Delivery."""
    return {
        "id": delivery.id,
        "webhook_id": delivery.webhook_id,
        "event": delivery.event,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "response_status": delivery.response_status,
        "error": delivery.error,
        "created_at": isoformat(delivery.created_at),
        "next_attempt_at": moment(delivery.due_at),
        "delivered_at": moment(delivery.delivered_at),
    }
