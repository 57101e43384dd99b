"""Rows of stored bytes."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from pentaprism.core.clock import now
from pentaprism.core.database.tables import Base, Id


class Blob(Base):
    """Bytes in the store under ``key``.

    A blob is ``staged`` while an upload is under way, ``kept`` from the transaction that gives it a ``holder``, and
    ``released`` from the transaction that takes the holder away. Bytes of released blobs, of staged ones past
    ``expires_at``, and bytes without a row are removed by the garbage collector. Quota counts kept and staged blobs of
    an account, a face and a ``purpose`` (original, derived, cache).
    """

    __tablename__ = "blobs"
    __table_args__ = (
        Index("ix_blobs_quota", "account_id", "face", "purpose"),
        Index("ix_blobs_state_expires_at", "state", "expires_at"),
        Index("ix_blobs_holder", "holder"),
    )

    key: Mapped[str] = mapped_column(String(512), primary_key=True)
    account_id: Mapped[str | None] = mapped_column(Id, ForeignKey("accounts.id", ondelete="SET NULL"))
    face: Mapped[str] = mapped_column(String(32))
    purpose: Mapped[str] = mapped_column(String(16), default="original")
    state: Mapped[str] = mapped_column(String(16), default="staged")
    holder: Mapped[str | None] = mapped_column(String(128))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    content_type: Mapped[str] = mapped_column(String(128), default="application/octet-stream")
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
