"""Rows of the quarry face: uploaded images, results, result files, embeddings."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pentaprism.core.clock import now
from pentaprism.core.database.tables import Base, Id
from pentaprism.core.ids import new_id


class Image(Base):
    """An upload of one account under its handle (``img-`` and 32 hexadecimal digits); width and height are those of the upright picture."""

    __tablename__ = "quarry_images"
    __table_args__ = (Index("ix_quarry_images_expires_at", "expires_at"),)

    account_id: Mapped[str] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    image_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    blob_key: Mapped[str] = mapped_column(String(512))
    size: Mapped[int] = mapped_column(BigInteger)
    format: Mapped[str] = mapped_column(String(8))
    width: Mapped[int]
    height: Mapped[int]
    pages: Mapped[int] = mapped_column(default=1)
    open: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class Result(Base):
    """What a job found. ``document`` has the figures of the masks and the extracted objects, ``masks`` the packed regions."""

    __tablename__ = "quarry_results"

    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    document: Mapped[dict[str, Any]]
    masks: Mapped[bytes] = mapped_column(LargeBinary)


class ResultFile(Base):
    """An extracted object as a file at ``path`` below the results folder."""

    __tablename__ = "quarry_files"
    __table_args__ = (Index("ix_quarry_files_job_id", "job_id"),)

    path: Mapped[str] = mapped_column(String(640), primary_key=True)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"))
    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"))
    number: Mapped[int]


class Embedding(Base):
    """What an engine keeps of an image. While ``blob_key`` is empty, the worker ``worker_id`` calculates it."""

    __tablename__ = "quarry_embeddings"
    __table_args__ = (
        UniqueConstraint("account_id", "sha256", "model", "engine"),
        Index("ix_quarry_embeddings_used_at", "used_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"))
    sha256: Mapped[str] = mapped_column(String(64))
    model: Mapped[str] = mapped_column(String(32))
    engine: Mapped[str] = mapped_column(String(128))
    blob_key: Mapped[str | None] = mapped_column(String(512))
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    worker_id: Mapped[str | None] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime] = mapped_column(default=now)
