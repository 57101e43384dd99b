"""The tables of the snapasset face."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.String(36)
KEY = sa.String(512)
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _create_generations()
    _create_images()
    _create_uploads()
    _create_kept_pictures()
    _create_calls()


def _job() -> "sa.Column[str]":
    return sa.Column("job_id", ID, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)


def _account(*, index: bool = True) -> "sa.Column[str]":
    return sa.Column("account_id", ID, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=index)


def _create_generations() -> None:
    op.create_table(
        "snapasset_generations",
        _job(),
        sa.Column("id", ID, nullable=False, unique=True),
        _account(),
        sa.Column("provider", sa.String(16), nullable=False),
        sa.Column("model", sa.String(255)),
        sa.Column("revised_prompt", sa.Text),
        sa.Column("alt", sa.Text),
        sa.Column("cached", sa.Boolean, nullable=False),
        sa.Column("fetched", sa.Boolean, nullable=False),
        sa.Column("scene", JSON),
        sa.Column("fallback", JSON),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    op.create_table(
        "snapasset_sources",
        _job(),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("blob_key", KEY, nullable=False, index=True),
        sa.Column("upload_id", ID),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
    )


def _create_images() -> None:
    op.create_table(
        "snapasset_images",
        _job(),
        sa.Column("platform_id", sa.String(64), primary_key=True),
        sa.Column("generation_id", ID, nullable=False),
        _account(),
        sa.Column("file", sa.String(128), nullable=False),
        sa.Column("blob_key", KEY),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("format", sa.String(8), nullable=False),
        sa.Column("mime_type", sa.String(32), nullable=False),
        sa.Column("alt", sa.Text),
        sa.Column("fit", sa.String(16), nullable=False),
        sa.Column("crop", JSON),
        sa.Column("upscaled", sa.Boolean, nullable=False),
        sa.Column("error_code", sa.String(64)),
        sa.Column("error_message", sa.String(1000)),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    op.create_index("ix_snapasset_images_generation_id_file", "snapasset_images", ["generation_id", "file"])


def _create_uploads() -> None:
    op.create_table(
        "snapasset_uploads",
        sa.Column("id", ID, primary_key=True),
        _account(),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("blob_key", KEY, nullable=False, index=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("mime_type", sa.String(32), nullable=False),
        sa.Column("format", sa.String(8), nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=False, index=True),
        sa.Column("deleted_at", MOMENT),
    )


def _create_kept_pictures() -> None:
    op.create_table(
        "snapasset_kept_pictures",
        sa.Column("key", sa.String(64), primary_key=True),
        _account(),
        sa.Column("maker", ID),
        sa.Column("blob_key", KEY, index=True),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("revised_prompt", sa.Text),
        sa.Column("fetched", sa.Boolean, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False, index=True),
    )


def _create_calls() -> None:
    op.create_table(
        "snapasset_calls",
        sa.Column("id", ID, primary_key=True),
        _account(index=False),
        sa.Column("job", sa.String(64), nullable=False, index=True),
        sa.Column("provider", sa.String(16), nullable=False),
        sa.Column("model", sa.String(255), nullable=False),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.Column("images", sa.Integer, nullable=False),
        sa.Column("tokens_in", sa.Integer),
        sa.Column("tokens_out", sa.Integer),
        sa.Column("usd", sa.Float),
        sa.Column("outcome", sa.String(8), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False, index=True),
    )
    op.create_index("ix_snapasset_calls_account_id_created_at", "snapasset_calls", ["account_id", "created_at"])
