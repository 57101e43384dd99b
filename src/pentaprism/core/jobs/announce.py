"""What the world hears of a job: one event per visible change, on the topics of its face, its account and itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from pentaprism.core.clock import isoformat
from pentaprism.core.events.event import Event

REVISION_STEP = 1000
"""Rows count revisions in steps of this, so that events without a row write fit between two rows and order correctly."""


class Announced(Protocol):
    """What an event tells; a row and a worker's view of it have it alike."""

    @property
    def id(self) -> str: ...
    @property
    def account_id(self) -> str: ...
    @property
    def face(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def progress(self) -> float: ...
    @property
    def step(self) -> str | None: ...
    @property
    def message(self) -> str | None: ...
    @property
    def subject(self) -> str | None: ...
    @property
    def parent_id(self) -> str | None: ...
    @property
    def attempt(self) -> int: ...
    @property
    def error_code(self) -> str | None: ...
    @property
    def error_message(self) -> str | None: ...
    @property
    def is_batch(self) -> bool: ...
    @property
    def started_at(self) -> datetime | None: ...
    @property
    def revision(self) -> int: ...


def job_events(job: Announced) -> Sequence[Event]:
    """The event named ``job`` on ``face:<face>``, ``account:<id>`` and ``job:<id>``; progress in percent."""
    data = {
        "id": job.id,
        "face": job.face,
        "kind": job.kind,
        "status": str(job.status),
        "progress": job.progress,
        "step": job.step,
        "message": job.message,
        "subject": job.subject,
        "parent_id": job.parent_id,
        "account_id": job.account_id,
        "attempt": job.attempt,
        "error_code": job.error_code,
        "error_message": job.error_message,
        "is_batch": job.is_batch,
        "started_at": isoformat(job.started_at) if job.started_at else None,
    }
    face = Event(f"face:{job.face}", "job", data, job.revision)
    return (
        face,
        Event(f"account:{job.account_id}", "job", data, job.revision, face.at),
        Event(f"job:{job.id}", "job", data, job.revision, face.at),
    )
