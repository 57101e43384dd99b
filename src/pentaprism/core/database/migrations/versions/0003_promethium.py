"""The tables of the promethium face."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.String(36)
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _create_datasets()
    _create_runs()
    _create_uploads()


def _create_datasets() -> None:
    op.create_table(
        "promethium_datasets",
        sa.Column("id", ID, primary_key=True),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("search_text", sa.Text, nullable=False),
        sa.Column("tag_text", sa.Text, nullable=False),
        sa.Column("format", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("error", JSON),
        sa.Column("traces", sa.Integer),
        sa.Column("samples", sa.Integer),
        sa.Column("sample_interval_us", sa.Double),
        sa.Column("states_interval", sa.Boolean, nullable=False),
        sa.Column("gather_key", sa.String(16), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("blob_key", sa.String(512), nullable=False),
        sa.Column("index_key", sa.String(512)),
        sa.Column("details", JSON),
        sa.Column("lineage", JSON),
        sa.Column("source_id", ID),
        sa.Column("ingest_id", ID),
        sa.Column("job_id", ID),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
    )
    op.create_index("ix_promethium_datasets_account_id_created_at", "promethium_datasets", ["account_id", "created_at", "id"])
    op.create_index("ix_promethium_datasets_source_id", "promethium_datasets", ["source_id"])


def _create_runs() -> None:
    op.create_table(
        "promethium_runs",
        sa.Column("id", ID, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("dataset_id", ID, nullable=False),
        sa.Column("dataset_name", sa.String(255), nullable=False),
        sa.Column("reference_id", ID),
        sa.Column("model_id", ID, nullable=False),
        sa.Column("model_name", sa.String(64), nullable=False),
        sa.Column("parameters", JSON, nullable=False),
        sa.Column("effective", JSON, nullable=False),
        sa.Column("unused", JSON, nullable=False),
        sa.Column("warnings", JSON, nullable=False),
        sa.Column("output_id", ID),
        sa.Column("outcome", JSON),
    )
    op.create_index("ix_promethium_runs_account_id", "promethium_runs", ["account_id"])
    op.create_index("ix_promethium_runs_dataset_id", "promethium_runs", ["dataset_id"])
    op.create_index("ix_promethium_runs_reference_id", "promethium_runs", ["reference_id"])


def _create_uploads() -> None:
    op.create_table(
        "promethium_uploads",
        sa.Column("id", ID, primary_key=True),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("filename", sa.String(255), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
    )
