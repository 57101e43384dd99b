"""The tables of the quarry face."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.String(36)
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _create_images()
    _create_results()
    _create_embeddings()


def _create_images() -> None:
    op.create_table(
        "quarry_images",
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("image_id", sa.String(36), primary_key=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("blob_key", sa.String(512), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("format", sa.String(8), nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("pages", sa.Integer, nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
    )
    op.create_index("ix_quarry_images_expires_at", "quarry_images", ["expires_at"])


def _create_results() -> None:
    op.create_table(
        "quarry_results",
        sa.Column("job_id", ID, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("document", JSON, nullable=False),
        sa.Column("masks", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "quarry_files",
        sa.Column("path", sa.String(640), primary_key=True),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("job_id", ID, sa.ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
    )
    op.create_index("ix_quarry_files_job_id", "quarry_files", ["job_id"])


def _create_embeddings() -> None:
    op.create_table(
        "quarry_embeddings",
        sa.Column("id", ID, primary_key=True),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("model", sa.String(32), nullable=False),
        sa.Column("engine", sa.String(128), nullable=False),
        sa.Column("blob_key", sa.String(512)),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("worker_id", sa.String(128)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=False),
        sa.UniqueConstraint("account_id", "sha256", "model", "engine"),
    )
    op.create_index("ix_quarry_embeddings_used_at", "quarry_embeddings", ["used_at"])
