"""Rows of the imagineai face: products with their words, images, analyses, processing jobs with their steps, webhooks."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pentaprism.core.clock import now
from pentaprism.core.database.tables import Base, Id
from pentaprism.core.ids import new_id

LONGEST_WORD = 48
# Words are compared byte by byte, so that those with one beginning lie side by side in the index.
Word = String(LONGEST_WORD).with_variant(String(LONGEST_WORD, collation="C"), "postgresql")


class Product(Base):
    """A product. ``owned`` names the fields whose values the user has set, which the machine leaves alone;
    ``status_owned`` the same of the status; ``former_status`` is that from before the processing."""

    __tablename__ = "imagineai_products"
    __table_args__ = (
        Index("ix_imagineai_products_account_id_created_at_id", "account_id", "created_at", "id"),
        Index("ix_imagineai_products_account_id_category", "account_id", "category", "created_at", "id"),
        Index("ix_imagineai_products_account_id_status", "account_id", "status", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(500))
    description: Mapped[str | None] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(String(32))
    subcategory: Mapped[str | None] = mapped_column(String(64))
    ai_description: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16), default="draft")
    former_status: Mapped[str | None] = mapped_column(String(16))
    status_owned: Mapped[bool] = mapped_column(default=False)
    owned: Mapped[list[str]] = mapped_column(default=list)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class ProductWord(Base):
    """A piece of title or description that a search can begin with."""

    __tablename__ = "imagineai_product_words"
    __table_args__ = (Index("ix_imagineai_product_words_account_id_word_product_id", "account_id", "word", "product_id"),)

    product_id: Mapped[str] = mapped_column(Id, ForeignKey("imagineai_products.id", ondelete="CASCADE"), primary_key=True)
    word: Mapped[str] = mapped_column(Word, primary_key=True)
    account_id: Mapped[str] = mapped_column(Id)


class ProductImage(Base):
    """An image, announced (``pending``), stored (``uploaded``) or refused (``failed``). ``job_id`` is the processing job that
    its upload began; ``upload_expires_at`` the end of its presigned address."""

    __tablename__ = "imagineai_images"
    __table_args__ = (
        Index("ix_imagineai_images_product_id_created_at", "product_id", "created_at", "id"),
        Index("ix_imagineai_images_account_id_upload_status", "account_id", "upload_status"),
        Index("ix_imagineai_images_upload_status_created_at", "upload_status", "created_at"),
        Index("ux_imagineai_images_s3_key", "s3_key", unique=True),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"))
    product_id: Mapped[str] = mapped_column(Id, ForeignKey("imagineai_products.id", ondelete="CASCADE"))
    s3_key: Mapped[str] = mapped_column(String(512))
    original_filename: Mapped[str] = mapped_column(String(500))
    content_type: Mapped[str] = mapped_column(String(128))
    file_size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    width: Mapped[int | None]
    height: Mapped[int | None]
    is_primary: Mapped[bool] = mapped_column(default=False)
    upload_status: Mapped[str] = mapped_column(String(16), default="pending")
    job_id: Mapped[str | None] = mapped_column(Id)
    upload_expires_at: Mapped[datetime | None]
    uploaded_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Analysis(Base):
    """What is known of an image; ``model_version`` is null until there is a first result, which later failures leave readable.

    ``corrections`` holds what else the user said: ``{"attributes": {name: {"id", "value"}}, "defects": [{"type", "box",
    "verdict", "severity", "confidence", "description"}], "note"}``. ``embedding`` is the float32 vector of the picture.
    """

    __tablename__ = "imagineai_analyses"
    __table_args__ = (
        Index("ix_imagineai_analyses_product_id", "product_id"),
        Index("ix_imagineai_analyses_account_id_status", "account_id", "status"),
        Index("ix_imagineai_analyses_account_id_user_category", "account_id", "user_category"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"))
    product_id: Mapped[str] = mapped_column(Id, ForeignKey("imagineai_products.id", ondelete="CASCADE"))
    image_id: Mapped[str] = mapped_column(Id, ForeignKey("imagineai_images.id", ondelete="CASCADE"), unique=True)
    status: Mapped[str] = mapped_column(String(16), default="pending")
    error_message: Mapped[str | None] = mapped_column(String(1000))
    model_version: Mapped[str | None] = mapped_column(String(64))
    classification_label: Mapped[str | None] = mapped_column(String(64))
    classification_confidence: Mapped[float | None]
    classification_scores: Mapped[dict[str, Any]] = mapped_column(default=dict)
    category: Mapped[str | None] = mapped_column(String(32))
    category_confidence: Mapped[float | None]
    subcategory: Mapped[str | None] = mapped_column(String(64))
    description_text: Mapped[str | None] = mapped_column(Text)
    description_model: Mapped[str | None] = mapped_column(String(255))
    processing_time_ms: Mapped[int | None]
    engines: Mapped[dict[str, Any] | None]
    quality: Mapped[dict[str, Any] | None]
    embedding: Mapped[bytes | None] = mapped_column(LargeBinary)
    user_label: Mapped[str | None] = mapped_column(String(64))
    user_category: Mapped[str | None] = mapped_column(String(32))
    corrections: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class Attribute(Base):
    """An attribute that the machine found; ``source`` is image or text."""

    __tablename__ = "imagineai_attributes"
    __table_args__ = (Index("ux_imagineai_attributes_analysis_id_name", "analysis_id", "name", unique=True),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    analysis_id: Mapped[str] = mapped_column(Id, ForeignKey("imagineai_analyses.id", ondelete="CASCADE"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(32))
    value: Mapped[str] = mapped_column(String(80))
    confidence: Mapped[float]
    source: Mapped[str] = mapped_column(String(8))


class Defect(Base):
    """A defect in pixels of the upright full-size image."""

    __tablename__ = "imagineai_defects"
    __table_args__ = (
        Index("ix_imagineai_defects_analysis_id_position", "analysis_id", "position"),
        Index("ix_imagineai_defects_account_id", "account_id", "user_verdict"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    analysis_id: Mapped[str] = mapped_column(Id, ForeignKey("imagineai_analyses.id", ondelete="CASCADE"))
    account_id: Mapped[str] = mapped_column(Id)
    position: Mapped[int]
    defect_type: Mapped[str] = mapped_column(String(16))
    severity: Mapped[str] = mapped_column(String(8))
    confidence: Mapped[float]
    x: Mapped[int]
    y: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    description: Mapped[str | None] = mapped_column(String(500))
    user_verdict: Mapped[str | None] = mapped_column(String(16))


class ProcessingJob(Base):
    """One analysis run of an image, or a batch of them, and its history. Its id is that of the job in the queue.

    ``seq`` rises with every change that listeners hear of; ``ended_seq`` is that of the end.
    """

    __tablename__ = "imagineai_jobs"
    __table_args__ = (
        Index("ix_imagineai_jobs_account_id_created_at_id", "account_id", "created_at", "id"),
        Index("ix_imagineai_jobs_account_id_status", "account_id", "status", "created_at", "id"),
        Index("ix_imagineai_jobs_product_id_status", "product_id", "status"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"))
    product_id: Mapped[str | None] = mapped_column(Id, ForeignKey("imagineai_products.id", ondelete="SET NULL"))
    job_type: Mapped[str] = mapped_column(String(8))
    status: Mapped[str] = mapped_column(String(16), default="queued")
    total_images: Mapped[int]
    processed_images: Mapped[int] = mapped_column(default=0)
    failed_images: Mapped[int] = mapped_column(default=0)
    error_message: Mapped[str | None] = mapped_column(String(1000))
    seq: Mapped[int] = mapped_column(default=0)
    ended_seq: Mapped[int | None]
    completed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class ProcessingStep(Base):
    """A step of the pipeline for one image of a job. ``pending_seq``, ``begun_seq`` and ``ended_seq`` are the numbers of the
    frames that tell of its last reset, its begin and its end; ``told`` is what the last of them says."""

    __tablename__ = "imagineai_steps"
    __table_args__ = (
        Index("ux_imagineai_steps_job_id_image_index_position", "job_id", "image_index", "position", unique=True),
        Index("ix_imagineai_steps_image_id_status", "image_id", "status"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    job_id: Mapped[str] = mapped_column(Id, ForeignKey("imagineai_jobs.id", ondelete="CASCADE"))
    image_id: Mapped[str | None] = mapped_column(Id, ForeignKey("imagineai_images.id", ondelete="SET NULL"))
    image_index: Mapped[int]
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(16), default="pending")
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    duration_ms: Mapped[int | None]
    error_message: Mapped[str | None] = mapped_column(String(1000))
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    told: Mapped[dict[str, Any] | None]
    pending_seq: Mapped[int | None]
    begun_seq: Mapped[int | None]
    ended_seq: Mapped[int | None]


class Webhook(Base):
    """An address that hears of events."""

    __tablename__ = "imagineai_webhooks"
    __table_args__ = (Index("ix_imagineai_webhooks_account_id", "account_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"))
    url: Mapped[str] = mapped_column(String(2048))
    description: Mapped[str | None] = mapped_column(String(500))
    events: Mapped[list[str]]
    secret: Mapped[str] = mapped_column(String(64))
    is_active: Mapped[bool] = mapped_column(default=True)
    failures: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class Delivery(Base):
    """One event on its way to one webhook: ``pending`` until it is ``delivered`` or ``failed`` for good."""

    __tablename__ = "imagineai_deliveries"
    __table_args__ = (
        Index("ix_imagineai_deliveries_due_at", "due_at"),
        Index("ix_imagineai_deliveries_webhook_id_created_at", "webhook_id", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    webhook_id: Mapped[str] = mapped_column(Id, ForeignKey("imagineai_webhooks.id", ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(String(32))
    payload: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(String(16), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    response_status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(255))
    due_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    delivered_at: Mapped[datetime | None]
