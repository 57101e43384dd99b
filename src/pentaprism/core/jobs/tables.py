"""Rows of jobs, their steps and log lines, of workers, and of small pieces of shared state."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from pentaprism.core.clock import now
from pentaprism.core.database.tables import Base, Id
from pentaprism.core.ids import new_id
from pentaprism.core.jobs.states import JobState, StepState

WAITING_ROWS = text("status IN ('queued', 'retrying')")
DELAYED_ROWS = text("status IN ('queued', 'retrying') AND run_after IS NOT NULL")
ACTIVE_ROWS = text("status IN ('queued', 'retrying', 'running')")


class Job(Base):
    """A piece of work, from the moment it is accepted to the end of its retention.

    ``subject`` names what the job works on (an image, a dataset) so that active jobs of a thing are found quickly.
    ``attempt`` counts begun attempts and fences writes: whoever writes with an older number or another
    ``lease_owner`` is refused. ``revision`` rises with every visible change and orders events.
    A batch is a row with ``is_batch`` whose children carry its id in ``parent_id``; it runs nothing itself.
    ``removed_children`` counts its deleted children by state. A child that must wait for a sibling to end is held back by
    a ``run_after`` beyond any calendar.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index(
            "ix_jobs_waiting",
            "queue",
            "account_id",
            text("priority DESC"),
            "id",
            "run_after",
            sqlite_where=WAITING_ROWS,
            postgresql_where=WAITING_ROWS,
        ),
        Index("ix_jobs_delayed", "run_after", sqlite_where=DELAYED_ROWS, postgresql_where=DELAYED_ROWS),
        Index("ix_jobs_running", "lease_until", sqlite_where=text("status = 'running'"), postgresql_where=text("status = 'running'")),
        Index("ix_jobs_account", "account_id", "face", "id", "status"),
        Index("ix_jobs_account_status", "account_id", "face", "status", "id", "is_batch"),
        Index("ix_jobs_subject", "subject", "id"),
        Index("ix_jobs_parent", "parent_id", "status", "id"),
        Index("ix_jobs_expires_at", "expires_at"),
        Index("ux_jobs_idempotency", "account_id", "face", "idempotency_key", unique=True),
        Index(
            "ux_jobs_exclusive",
            "exclusive_key",
            unique=True,
            sqlite_where=ACTIVE_ROWS,
            postgresql_where=ACTIVE_ROWS,
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"))
    face: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(64))
    queue: Mapped[str] = mapped_column(String(16), default="batch")
    priority: Mapped[int] = mapped_column(default=0)
    subject: Mapped[str | None] = mapped_column(String(128))
    exclusive_key: Mapped[str | None] = mapped_column(String(160))
    parent_id: Mapped[str | None] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"))
    child_index: Mapped[int | None]
    is_batch: Mapped[bool] = mapped_column(default=False)
    children_at_once: Mapped[int | None]
    removed_children: Mapped[dict[str, Any] | None]

    status: Mapped[JobState] = mapped_column(String(16), default=JobState.QUEUED)
    progress: Mapped[float] = mapped_column(default=0.0)
    step: Mapped[str | None] = mapped_column(String(64))
    message: Mapped[str | None] = mapped_column(String(500))
    revision: Mapped[int] = mapped_column(default=1)

    request: Mapped[dict[str, Any]] = mapped_column(default=dict)
    result: Mapped[dict[str, Any] | None]
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_message: Mapped[str | None] = mapped_column(String(1000))

    attempt: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=3)
    time_limit: Mapped[int] = mapped_column(default=600)
    run_after: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(String(128))
    lease_until: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    rung_at: Mapped[datetime | None]

    idempotency_key: Mapped[str | None] = mapped_column(String(128))
    request_hash: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    started_at: Mapped[datetime | None]
    first_started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class JobStep(Base):
    """A named step of a job's pipeline, for one ``subject`` where a job treats several."""

    __tablename__ = "job_steps"

    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    subject: Mapped[str] = mapped_column(String(128), primary_key=True, default="")
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    status: Mapped[StepState] = mapped_column(String(16), default=StepState.PENDING)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    duration_ms: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(1000))
    result: Mapped[dict[str, Any] | None]


class JobLog(Base):
    """A line that a job wrote; times rise strictly inside a job."""

    __tablename__ = "job_logs"
    __table_args__ = (Index("ix_job_logs_job_id_id", "job_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(default=now)
    level: Mapped[str] = mapped_column(String(8), default="info")
    message: Mapped[str] = mapped_column(Text)


class Turn(Base):
    """When an account last got a worker of a queue: accounts take turns, whoever waited longest goes first."""

    __tablename__ = "job_turns"

    account_id: Mapped[str] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    queue: Mapped[str] = mapped_column(String(16), primary_key=True)
    served_at: Mapped[datetime]


class Worker(Base):
    """A live process that runs jobs; its row is renewed by heartbeats and dropped by the sweeper when they stop."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]
    queues: Mapped[list[str]]
    job_id: Mapped[str | None] = mapped_column(Id)
    memory_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    models: Mapped[dict[str, Any]] = mapped_column(default=dict)
    started_at: Mapped[datetime] = mapped_column(default=now)
    heartbeat_at: Mapped[datetime] = mapped_column(default=now)


class SharedState(Base):
    """A named value that all processes see, such as whether a queue is paused."""

    __tablename__ = "shared_state"

    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    value: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
