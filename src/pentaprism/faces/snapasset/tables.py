"""Rows of the snapasset face: generations, their sources and images, uploads, kept pictures, paid calls."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Float, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pentaprism.core.clock import now
from pentaprism.core.database.tables import Base, Id
from pentaprism.core.ids import new_id


class Generation(Base):
    """What a job has made so far. It is kept between attempts, so that finished work is not done again.

    ``provider`` is procedural, openai, diffusers or upload. ``scene`` holds what a procedural picture is drawn from; pictures that
    exist as pixels have rows in ``snapasset_sources``. ``calls`` and ``usd`` are what this job itself has paid for.
    """

    __tablename__ = "snapasset_generations"

    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(Id, unique=True, default=new_id)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    provider: Mapped[str] = mapped_column(String(16))
    model: Mapped[str | None] = mapped_column(String(255))
    revised_prompt: Mapped[str | None] = mapped_column(Text)
    alt: Mapped[str | None] = mapped_column(Text)
    cached: Mapped[bool] = mapped_column(default=False)
    fetched: Mapped[bool] = mapped_column(default=False)
    scene: Mapped[dict[str, Any] | None]
    fallback: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Source(Base):
    """A picture that a job's images are cut from; several jobs may share its bytes.

    ``upload_id`` names the upload that it is, if any: an upload that was deleted is kept until the last unfinished job is done.
    """

    __tablename__ = "snapasset_sources"
    __table_args__ = (Index("ix_snapasset_sources_blob_key", "blob_key"),)

    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    blob_key: Mapped[str] = mapped_column(String(512))
    upload_id: Mapped[str | None] = mapped_column(Id)
    width: Mapped[int]
    height: Mapped[int]


class Picture(Base):
    """A finished image of a job, or the reason (``error_code``, ``error_message``) why there is none for its platform."""

    __tablename__ = "snapasset_images"
    __table_args__ = (Index("ix_snapasset_images_generation_id_file", "generation_id", "file"),)

    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    platform_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    generation_id: Mapped[str] = mapped_column(Id)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    file: Mapped[str] = mapped_column(String(128))
    blob_key: Mapped[str | None] = mapped_column(String(512))
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    format: Mapped[str] = mapped_column(String(8))
    mime_type: Mapped[str] = mapped_column(String(32))
    alt: Mapped[str | None] = mapped_column(Text)
    fit: Mapped[str] = mapped_column(String(16), default="native")
    crop: Mapped[dict[str, Any] | None]
    upscaled: Mapped[bool] = mapped_column(default=False)
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_message: Mapped[str | None] = mapped_column(String(1000))
    created_at: Mapped[datetime] = mapped_column(default=now)


class UploadedImage(Base):
    """An image that somebody brought along. ``deleted_at``: it is gone for its owner, and its bytes wait for an unfinished job."""

    __tablename__ = "snapasset_uploads"
    __table_args__ = (Index("ix_snapasset_uploads_used_at", "used_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    blob_key: Mapped[str] = mapped_column(String(512), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    mime_type: Mapped[str] = mapped_column(String(32))
    format: Mapped[str] = mapped_column(String(8))
    width: Mapped[int]
    height: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime] = mapped_column(default=now)
    deleted_at: Mapped[datetime | None]


class KeptPicture(Base):
    """A generated picture that equal jobs of the same account may use again. While ``blob_key`` is null, ``maker`` is making it."""

    __tablename__ = "snapasset_kept_pictures"
    __table_args__ = (Index("ix_snapasset_kept_pictures_expires_at", "expires_at"),)

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    maker: Mapped[str | None] = mapped_column(Id)
    blob_key: Mapped[str | None] = mapped_column(String(512), index=True)
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    revised_prompt: Mapped[str | None] = mapped_column(Text)
    fetched: Mapped[bool] = mapped_column(default=False)
    expires_at: Mapped[datetime]


class PaidCall(Base):
    """One call of a provider; it is written before the call as ``unknown`` and outlives the job. ``job`` is the job's public id."""

    __tablename__ = "snapasset_calls"
    __table_args__ = (Index("ix_snapasset_calls_account_id_created_at", "account_id", "created_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"))
    job: Mapped[str] = mapped_column(String(64), index=True)
    provider: Mapped[str] = mapped_column(String(16))
    model: Mapped[str] = mapped_column(String(255))
    calls: Mapped[int] = mapped_column(default=1)
    images: Mapped[int] = mapped_column(default=0)
    tokens_in: Mapped[int | None]
    tokens_out: Mapped[int | None]
    usd: Mapped[float | None] = mapped_column(Float)
    outcome: Mapped[str] = mapped_column(String(8), default="unknown")
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
