"""Rows of the promethium face: datasets, what its jobs were asked for and found, unfinished uploads."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pentaprism.core.clock import now
from pentaprism.core.database.tables import Base, Id
from pentaprism.core.ids import new_id


class Dataset(Base):
    """A seismic file. ``sample_interval_us`` is the interval in use, ``states_interval`` whether the file itself names it.

    ``details`` holds statistics, headers, layout, geometry, dead_traces, gaps and warnings once they are known. Dead and filled
    traces and the gathers lie as arrays in the blob ``index_key``. ``ingest_id`` is the job that reads the file, ``job_id`` the
    one that made it. ``search_text`` and ``tag_text`` are what lists look in, in folded case.
    """

    __tablename__ = "promethium_datasets"
    __table_args__ = (
        Index("ix_promethium_datasets_account_id_created_at", "account_id", "created_at", "id"),
        Index("ix_promethium_datasets_source_id", "source_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    tags: Mapped[list[str]] = mapped_column(default=list)
    search_text: Mapped[str] = mapped_column(Text, default="")
    tag_text: Mapped[str] = mapped_column(Text, default="")
    format: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16), default="processing")
    error: Mapped[dict[str, Any] | None]
    traces: Mapped[int | None]
    samples: Mapped[int | None]
    sample_interval_us: Mapped[float | None]
    states_interval: Mapped[bool] = mapped_column(default=True)
    gather_key: Mapped[str] = mapped_column(String(16), default="auto")
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    blob_key: Mapped[str] = mapped_column(String(512))
    index_key: Mapped[str | None] = mapped_column(String(512))
    details: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    lineage: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    source_id: Mapped[str | None] = mapped_column(Id)
    ingest_id: Mapped[str | None] = mapped_column(Id)
    job_id: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class Run(Base):
    """What a reconstruction or denoising job was asked for, under the id of its job, and what it found."""

    __tablename__ = "promethium_runs"
    __table_args__ = (
        Index("ix_promethium_runs_account_id", "account_id"),
        Index("ix_promethium_runs_dataset_id", "dataset_id"),
        Index("ix_promethium_runs_reference_id", "reference_id"),
    )

    id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(String(16))
    dataset_id: Mapped[str] = mapped_column(Id)
    dataset_name: Mapped[str] = mapped_column(String(255))
    reference_id: Mapped[str | None] = mapped_column(Id)
    model_id: Mapped[str] = mapped_column(Id)
    model_name: Mapped[str] = mapped_column(String(64))
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    effective: Mapped[dict[str, Any]] = mapped_column(default=dict)
    unused: Mapped[list[str]] = mapped_column(default=list)
    warnings: Mapped[list[Any]] = mapped_column(default=list)
    output_id: Mapped[str | None] = mapped_column(Id)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)


class PartialUpload(Base):
    """A resumable upload under way; ``received`` bytes lie in the file of that name in the folder of partial uploads."""

    __tablename__ = "promethium_uploads"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    filename: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
