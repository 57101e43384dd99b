"""The tables of the imagineai face."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.String(36)
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
WORD = sa.String(48).with_variant(sa.String(48, collation="C"), "postgresql")


def upgrade() -> None:
    _create_products()
    _create_webhooks()
    _create_deliveries()
    _create_images()
    _create_jobs()
    _create_product_words()
    _create_analyses()
    _create_steps()
    _create_attributes()
    _create_defects()


def _create_products() -> None:
    op.create_table(
        "imagineai_products",
        sa.Column("id", ID, primary_key=True),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("category", sa.String(32)),
        sa.Column("subcategory", sa.String(64)),
        sa.Column("ai_description", sa.Text),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("former_status", sa.String(16)),
        sa.Column("status_owned", sa.Boolean, nullable=False),
        sa.Column("owned", JSON, nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
    )
    op.create_index("ix_imagineai_products_account_id_category", "imagineai_products", ["account_id", "category", "created_at", "id"])
    op.create_index("ix_imagineai_products_account_id_created_at_id", "imagineai_products", ["account_id", "created_at", "id"])
    op.create_index("ix_imagineai_products_account_id_status", "imagineai_products", ["account_id", "status", "created_at", "id"])


def _create_webhooks() -> None:
    op.create_table(
        "imagineai_webhooks",
        sa.Column("id", ID, primary_key=True),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("url", sa.String(2048), nullable=False),
        sa.Column("description", sa.String(500)),
        sa.Column("events", JSON, nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
    )
    op.create_index("ix_imagineai_webhooks_account_id", "imagineai_webhooks", ["account_id"])


def _create_deliveries() -> None:
    op.create_table(
        "imagineai_deliveries",
        sa.Column("id", ID, primary_key=True),
        sa.Column("webhook_id", ID, sa.ForeignKey("imagineai_webhooks.id", ondelete="CASCADE"), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("response_status", sa.Integer),
        sa.Column("error", sa.String(255)),
        sa.Column("due_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("delivered_at", MOMENT),
    )
    op.create_index("ix_imagineai_deliveries_due_at", "imagineai_deliveries", ["due_at"])
    op.create_index("ix_imagineai_deliveries_webhook_id_created_at", "imagineai_deliveries", ["webhook_id", "created_at", "id"])


def _create_images() -> None:
    op.create_table(
        "imagineai_images",
        sa.Column("id", ID, primary_key=True),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("product_id", ID, sa.ForeignKey("imagineai_products.id", ondelete="CASCADE"), nullable=False),
        sa.Column("s3_key", sa.String(512), nullable=False),
        sa.Column("original_filename", sa.String(500), nullable=False),
        sa.Column("content_type", sa.String(128), nullable=False),
        sa.Column("file_size_bytes", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
        sa.Column("is_primary", sa.Boolean, nullable=False),
        sa.Column("upload_status", sa.String(16), nullable=False),
        sa.Column("job_id", ID),
        sa.Column("upload_expires_at", MOMENT),
        sa.Column("uploaded_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    op.create_index("ix_imagineai_images_account_id_upload_status", "imagineai_images", ["account_id", "upload_status"])
    op.create_index("ix_imagineai_images_product_id_created_at", "imagineai_images", ["product_id", "created_at", "id"])
    op.create_index("ix_imagineai_images_upload_status_created_at", "imagineai_images", ["upload_status", "created_at"])
    op.create_index("ux_imagineai_images_s3_key", "imagineai_images", ["s3_key"], unique=True)


def _create_jobs() -> None:
    op.create_table(
        "imagineai_jobs",
        sa.Column("id", ID, primary_key=True),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("product_id", ID, sa.ForeignKey("imagineai_products.id", ondelete="SET NULL")),
        sa.Column("job_type", sa.String(8), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("total_images", sa.Integer, nullable=False),
        sa.Column("processed_images", sa.Integer, nullable=False),
        sa.Column("failed_images", sa.Integer, nullable=False),
        sa.Column("error_message", sa.String(1000)),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("ended_seq", sa.Integer),
        sa.Column("completed_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
    )
    op.create_index("ix_imagineai_jobs_account_id_created_at_id", "imagineai_jobs", ["account_id", "created_at", "id"])
    op.create_index("ix_imagineai_jobs_account_id_status", "imagineai_jobs", ["account_id", "status", "created_at", "id"])
    op.create_index("ix_imagineai_jobs_product_id_status", "imagineai_jobs", ["product_id", "status"])


def _create_product_words() -> None:
    op.create_table(
        "imagineai_product_words",
        sa.Column("product_id", ID, sa.ForeignKey("imagineai_products.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("word", WORD, primary_key=True),
        sa.Column("account_id", ID, nullable=False),
    )
    op.create_index(
        "ix_imagineai_product_words_account_id_word_product_id", "imagineai_product_words", ["account_id", "word", "product_id"]
    )


def _create_analyses() -> None:
    op.create_table(
        "imagineai_analyses",
        sa.Column("id", ID, primary_key=True),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("product_id", ID, sa.ForeignKey("imagineai_products.id", ondelete="CASCADE"), nullable=False),
        sa.Column("image_id", ID, sa.ForeignKey("imagineai_images.id", ondelete="CASCADE"), nullable=False, unique=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("error_message", sa.String(1000)),
        sa.Column("model_version", sa.String(64)),
        sa.Column("classification_label", sa.String(64)),
        sa.Column("classification_confidence", sa.Double),
        sa.Column("classification_scores", JSON, nullable=False),
        sa.Column("category", sa.String(32)),
        sa.Column("category_confidence", sa.Double),
        sa.Column("subcategory", sa.String(64)),
        sa.Column("description_text", sa.Text),
        sa.Column("description_model", sa.String(255)),
        sa.Column("processing_time_ms", sa.Integer),
        sa.Column("engines", JSON),
        sa.Column("quality", JSON),
        sa.Column("embedding", sa.LargeBinary),
        sa.Column("user_label", sa.String(64)),
        sa.Column("user_category", sa.String(32)),
        sa.Column("corrections", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
    )
    op.create_index("ix_imagineai_analyses_account_id_status", "imagineai_analyses", ["account_id", "status"])
    op.create_index("ix_imagineai_analyses_account_id_user_category", "imagineai_analyses", ["account_id", "user_category"])
    op.create_index("ix_imagineai_analyses_product_id", "imagineai_analyses", ["product_id"])


def _create_steps() -> None:
    op.create_table(
        "imagineai_steps",
        sa.Column("id", ID, primary_key=True),
        sa.Column("job_id", ID, sa.ForeignKey("imagineai_jobs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("image_id", ID, sa.ForeignKey("imagineai_images.id", ondelete="SET NULL")),
        sa.Column("image_index", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("started_at", MOMENT),
        sa.Column("completed_at", MOMENT),
        sa.Column("duration_ms", sa.Integer),
        sa.Column("error_message", sa.String(1000)),
        sa.Column("result", JSON, nullable=False),
        sa.Column("told", JSON),
        sa.Column("pending_seq", sa.Integer),
        sa.Column("begun_seq", sa.Integer),
        sa.Column("ended_seq", sa.Integer),
    )
    op.create_index("ix_imagineai_steps_image_id_status", "imagineai_steps", ["image_id", "status"])
    op.create_index("ux_imagineai_steps_job_id_image_index_position", "imagineai_steps", ["job_id", "image_index", "position"], unique=True)


def _create_attributes() -> None:
    op.create_table(
        "imagineai_attributes",
        sa.Column("id", ID, primary_key=True),
        sa.Column("analysis_id", ID, sa.ForeignKey("imagineai_analyses.id", ondelete="CASCADE"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("value", sa.String(80), nullable=False),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("source", sa.String(8), nullable=False),
    )
    op.create_index("ux_imagineai_attributes_analysis_id_name", "imagineai_attributes", ["analysis_id", "name"], unique=True)


def _create_defects() -> None:
    op.create_table(
        "imagineai_defects",
        sa.Column("id", ID, primary_key=True),
        sa.Column("analysis_id", ID, sa.ForeignKey("imagineai_analyses.id", ondelete="CASCADE"), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("defect_type", sa.String(16), nullable=False),
        sa.Column("severity", sa.String(8), nullable=False),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("x", sa.Integer, nullable=False),
        sa.Column("y", sa.Integer, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("description", sa.String(500)),
        sa.Column("user_verdict", sa.String(16)),
    )
    op.create_index("ix_imagineai_defects_account_id", "imagineai_defects", ["account_id", "user_verdict"])
    op.create_index("ix_imagineai_defects_analysis_id_position", "imagineai_defects", ["analysis_id", "position"])
