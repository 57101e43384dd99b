"""Rows of the spheroseg face: profiles, projects, shares, images and versions of their segmentation."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pentaprism.core.clock import now
from pentaprism.core.database.tables import Base, Id
from pentaprism.core.ids import new_id


class Profile(Base):
    """What an account tells about itself on this face; e-mail and name are the account's own."""

    __tablename__ = "spheroseg_profiles"

    account_id: Mapped[str] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    username: Mapped[str | None] = mapped_column(String(255))
    title: Mapped[str | None] = mapped_column(String(255))
    organization: Mapped[str | None] = mapped_column(String(255))
    bio: Mapped[str | None] = mapped_column(String(2000))
    location: Mapped[str | None] = mapped_column(String(255))
    avatar_key: Mapped[str | None] = mapped_column(String(512))
    preferred_language: Mapped[str] = mapped_column(String(8), default="en")
    theme_preference: Mapped[str | None] = mapped_column(String(32))
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class Project(Base):
    """A folder of images with one owner. ``pixel_size`` is ``{"x", "y"}`` in µm or null."""

    __tablename__ = "spheroseg_projects"
    __table_args__ = (Index("ix_spheroseg_projects_account_id_created_at", "account_id", "created_at", "id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(Text, default="")
    tags: Mapped[list[str]] = mapped_column(default=list)
    public: Mapped[bool] = mapped_column(default=False)
    pixel_size: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class Share(Base):
    """A right (``view`` or ``edit``) on a project; ``account_id`` is null while no account has the invited e-mail."""

    __tablename__ = "spheroseg_shares"
    __table_args__ = (UniqueConstraint("project_id", "email_key"), Index("ix_spheroseg_shares_account_id", "account_id"))

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(Id, ForeignKey("spheroseg_projects.id", ondelete="CASCADE"))
    account_id: Mapped[str | None] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(String(320))
    email_key: Mapped[str] = mapped_column(String(320), index=True)
    permission: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(default=now)


class Image(Base):
    """A stored image. ``job_id`` is the newest segmentation job, ``failure`` its ``{"code", "message"}`` if it failed,
    ``current_version`` the segmentation version that is shown (null: none, or hidden).

    ``file_pixel_size`` is what the file says (``{"x", "y", "source"}``), ``own_pixel_size`` what somebody set on the image.
    """

    __tablename__ = "spheroseg_images"
    __table_args__ = (Index("ix_spheroseg_images_project_id_created_at", "project_id", "created_at", "id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(Id, ForeignKey("spheroseg_projects.id", ondelete="CASCADE"))
    uploaded_by: Mapped[str | None] = mapped_column(Id, ForeignKey("accounts.id", ondelete="SET NULL"))
    name: Mapped[str] = mapped_column(String(255))
    blob_key: Mapped[str] = mapped_column(String(512))
    thumbnail_key: Mapped[str | None] = mapped_column(String(512))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]
    format: Mapped[str] = mapped_column(String(8))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    page: Mapped[int] = mapped_column(default=0)
    file_pixel_size: Mapped[dict[str, Any] | None]
    own_pixel_size: Mapped[dict[str, Any] | None]
    job_id: Mapped[str | None] = mapped_column(Id, index=True)
    failure: Mapped[dict[str, Any] | None]
    current_version: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class Segmentation(Base):
    """One version of an image's segmentation. ``polygons`` is the compressed JSON list (zlib), ``summary`` the
    ``results.features`` in pixels; both are in pixel units, µm twins are made when read. ``details`` holds what an editor
    sent along (``metadata``)."""

    __tablename__ = "spheroseg_segmentations"
    __table_args__ = (UniqueConstraint("image_id", "version"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    image_id: Mapped[str] = mapped_column(Id, ForeignKey("spheroseg_images.id", ondelete="CASCADE"))
    version: Mapped[int]
    source: Mapped[str] = mapped_column(String(16))
    model: Mapped[dict[str, Any] | None]
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    page: Mapped[int] = mapped_column(default=0)
    polygons: Mapped[bytes] = mapped_column(LargeBinary)
    summary: Mapped[dict[str, Any] | None]
    cell_count: Mapped[int] = mapped_column(default=0)
    confidence: Mapped[float | None]
    warnings: Mapped[list[str]] = mapped_column(default=list)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    job_id: Mapped[str | None] = mapped_column(Id)
    attempt: Mapped[int | None]
    created_by: Mapped[str | None] = mapped_column(Id)
    queued_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime] = mapped_column(default=now)
    created_at: Mapped[datetime] = mapped_column(default=now)


class AccessRequest(Base):
    """Somebody without an account asks for one."""

    __tablename__ = "spheroseg_access_requests"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(String(320), index=True)
    name: Mapped[str | None] = mapped_column(String(255))
    organization: Mapped[str | None] = mapped_column(String(255))
    reason: Mapped[str | None] = mapped_column(String(2000))
    status: Mapped[str] = mapped_column(String(16), default="pending")
    created_at: Mapped[datetime] = mapped_column(default=now)
