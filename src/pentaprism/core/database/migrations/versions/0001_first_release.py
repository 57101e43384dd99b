"""The tables of the first release: the core and the spheroseg face."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.String(36)
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _create_accounts()
    _create_messages()
    _create_blobs()
    _create_jobs()
    _index_jobs()
    _create_job_records()
    _create_workers()
    _create_spheroseg_projects()
    _create_spheroseg_images()
    _create_spheroseg_segmentations()


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", ID, primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("email", sa.String(320)),
        sa.Column("email_key", sa.String(320), unique=True),
        sa.Column("email_verified_at", MOMENT),
        sa.Column("password_hash", sa.String(255)),
        sa.Column("name", sa.String(255)),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("issuer", sa.String(255)),
        sa.Column("subject", sa.String(255)),
        sa.Column("disabled_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
    )
    op.create_index("ux_accounts_external", "accounts", ["issuer", "subject"], unique=True)
    op.create_table(
        "login_sessions",
        sa.Column("id", ID, primary_key=True),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("face", sa.String(32), nullable=False),
        sa.Column("remember", sa.Boolean, nullable=False),
        sa.Column("refresh_hash", sa.String(64)),
        sa.Column("previous_hash", sa.String(64)),
        sa.Column("rotated_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("family_expires_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT),
        sa.Column("revoked_reason", sa.String(32)),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", ID, primary_key=True),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("prefix", sa.String(16), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("expires_at", MOMENT),
        sa.Column("revoked_at", MOMENT),
        sa.Column("last_used_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
    )


def _create_messages() -> None:
    op.create_table(
        "one_time_tokens",
        sa.Column("id", ID, primary_key=True),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id", ondelete="CASCADE"), index=True),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    op.create_table(
        "outgoing_mails",
        sa.Column("id", ID, primary_key=True),
        sa.Column("recipient", sa.String(320), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error", sa.String(255)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT, index=True),
    )


def _create_blobs() -> None:
    op.create_table(
        "blobs",
        sa.Column("key", sa.String(512), primary_key=True),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id", ondelete="SET NULL")),
        sa.Column("face", sa.String(32), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("holder", sa.String(128)),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False, index=True),
        sa.Column("content_type", sa.String(128), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT),
    )
    op.create_index("ix_blobs_holder", "blobs", ["holder"])
    op.create_index("ix_blobs_quota", "blobs", ["account_id", "face", "purpose"])
    op.create_index("ix_blobs_state_expires_at", "blobs", ["state", "expires_at"])


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", ID, primary_key=True),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("face", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("queue", sa.String(16), nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("subject", sa.String(128)),
        sa.Column("exclusive_key", sa.String(160)),
        sa.Column("parent_id", ID, sa.ForeignKey("jobs.id", ondelete="CASCADE")),
        sa.Column("child_index", sa.Integer),
        sa.Column("is_batch", sa.Boolean, nullable=False),
        sa.Column("children_at_once", sa.Integer),
        sa.Column("removed_children", JSON),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("progress", sa.Double, nullable=False),
        sa.Column("step", sa.String(64)),
        sa.Column("message", sa.String(500)),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("request", JSON, nullable=False),
        sa.Column("result", JSON),
        sa.Column("error_code", sa.String(64)),
        sa.Column("error_message", sa.String(1000)),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("max_attempts", sa.Integer, nullable=False),
        sa.Column("time_limit", sa.Integer, nullable=False),
        sa.Column("run_after", MOMENT),
        sa.Column("lease_owner", sa.String(128)),
        sa.Column("lease_until", MOMENT),
        sa.Column("cancel_requested_at", MOMENT),
        sa.Column("rung_at", MOMENT),
        sa.Column("idempotency_key", sa.String(128)),
        sa.Column("request_hash", sa.String(64)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT),
        sa.Column("first_started_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.Column("expires_at", MOMENT),
    )


def _index_jobs() -> None:
    op.create_index("ix_jobs_account", "jobs", ["account_id", "face", "id", "status"])
    op.create_index("ix_jobs_account_status", "jobs", ["account_id", "face", "status", "id", "is_batch"])
    op.create_index(
        "ix_jobs_delayed",
        "jobs",
        ["run_after"],
        sqlite_where=sa.text("status IN ('queued', 'retrying') AND run_after IS NOT NULL"),
        postgresql_where=sa.text("status IN ('queued', 'retrying') AND run_after IS NOT NULL"),
    )
    op.create_index("ix_jobs_expires_at", "jobs", ["expires_at"])
    op.create_index("ix_jobs_parent", "jobs", ["parent_id", "status", "id"])
    op.create_index(
        "ix_jobs_running",
        "jobs",
        ["lease_until"],
        sqlite_where=sa.text("status = 'running'"),
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_index("ix_jobs_subject", "jobs", ["subject", "id"])
    op.create_index(
        "ix_jobs_waiting",
        "jobs",
        ["queue", "account_id", sa.text("priority DESC"), "id", "run_after"],
        sqlite_where=sa.text("status IN ('queued', 'retrying')"),
        postgresql_where=sa.text("status IN ('queued', 'retrying')"),
    )
    op.create_index(
        "ux_jobs_exclusive",
        "jobs",
        ["exclusive_key"],
        unique=True,
        sqlite_where=sa.text("status IN ('queued', 'retrying', 'running')"),
        postgresql_where=sa.text("status IN ('queued', 'retrying', 'running')"),
    )
    op.create_index("ux_jobs_idempotency", "jobs", ["account_id", "face", "idempotency_key"], unique=True)


def _create_job_records() -> None:
    op.create_table(
        "job_steps",
        sa.Column("job_id", ID, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("subject", sa.String(128), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("started_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.Column("duration_ms", sa.Integer),
        sa.Column("error", sa.String(1000)),
        sa.Column("result", JSON),
    )
    op.create_table(
        "job_logs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("job_id", ID, sa.ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
    )
    op.create_index("ix_job_logs_job_id_id", "job_logs", ["job_id", "id"])


def _create_workers() -> None:
    op.create_table(
        "job_turns",
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("queue", sa.String(16), primary_key=True),
        sa.Column("served_at", MOMENT, nullable=False),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("queues", JSON, nullable=False),
        sa.Column("job_id", ID),
        sa.Column("memory_bytes", sa.BigInteger, nullable=False),
        sa.Column("models", JSON, nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("heartbeat_at", MOMENT, nullable=False),
    )
    op.create_table(
        "shared_state",
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("value", JSON, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
    )


def _create_spheroseg_projects() -> None:
    op.create_table(
        "spheroseg_profiles",
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("username", sa.String(255)),
        sa.Column("title", sa.String(255)),
        sa.Column("organization", sa.String(255)),
        sa.Column("bio", sa.String(2000)),
        sa.Column("location", sa.String(255)),
        sa.Column("avatar_key", sa.String(512)),
        sa.Column("preferred_language", sa.String(8), nullable=False),
        sa.Column("theme_preference", sa.String(32)),
        sa.Column("settings", JSON, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
    )
    op.create_table(
        "spheroseg_projects",
        sa.Column("id", ID, primary_key=True),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("public", sa.Boolean, nullable=False),
        sa.Column("pixel_size", JSON),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
    )
    op.create_index("ix_spheroseg_projects_account_id_created_at", "spheroseg_projects", ["account_id", "created_at", "id"])
    op.create_table(
        "spheroseg_shares",
        sa.Column("id", ID, primary_key=True),
        sa.Column("project_id", ID, sa.ForeignKey("spheroseg_projects.id", ondelete="CASCADE"), nullable=False),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id", ondelete="CASCADE")),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("email_key", sa.String(320), nullable=False, index=True),
        sa.Column("permission", sa.String(8), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("project_id", "email_key"),
    )
    op.create_index("ix_spheroseg_shares_account_id", "spheroseg_shares", ["account_id"])
    op.create_table(
        "spheroseg_access_requests",
        sa.Column("id", ID, primary_key=True),
        sa.Column("email", sa.String(320), nullable=False, index=True),
        sa.Column("name", sa.String(255)),
        sa.Column("organization", sa.String(255)),
        sa.Column("reason", sa.String(2000)),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
    )


def _create_spheroseg_images() -> None:
    op.create_table(
        "spheroseg_images",
        sa.Column("id", ID, primary_key=True),
        sa.Column("project_id", ID, sa.ForeignKey("spheroseg_projects.id", ondelete="CASCADE"), nullable=False),
        sa.Column("uploaded_by", ID, sa.ForeignKey("accounts.id", ondelete="SET NULL")),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("blob_key", sa.String(512), nullable=False),
        sa.Column("thumbnail_key", sa.String(512)),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("format", sa.String(8), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("page", sa.Integer, nullable=False),
        sa.Column("file_pixel_size", JSON),
        sa.Column("own_pixel_size", JSON),
        sa.Column("job_id", ID, index=True),
        sa.Column("failure", JSON),
        sa.Column("current_version", sa.Integer),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
    )
    op.create_index("ix_spheroseg_images_project_id_created_at", "spheroseg_images", ["project_id", "created_at", "id"])


def _create_spheroseg_segmentations() -> None:
    op.create_table(
        "spheroseg_segmentations",
        sa.Column("id", ID, primary_key=True),
        sa.Column("image_id", ID, sa.ForeignKey("spheroseg_images.id", ondelete="CASCADE"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("model", JSON),
        sa.Column("parameters", JSON, nullable=False),
        sa.Column("page", sa.Integer, nullable=False),
        sa.Column("polygons", sa.LargeBinary, nullable=False),
        sa.Column("summary", JSON),
        sa.Column("cell_count", sa.Integer, nullable=False),
        sa.Column("confidence", sa.Double),
        sa.Column("warnings", JSON, nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("job_id", ID),
        sa.Column("attempt", sa.Integer),
        sa.Column("created_by", ID),
        sa.Column("queued_at", MOMENT),
        sa.Column("started_at", MOMENT),
        sa.Column("completed_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("image_id", "version"),
    )
