"""States of a job and the moves between them. Faces use other words; the machine is this one.

``queued -> running -> completed | failed | cancelled``; a failed attempt with attempts left goes ``running -> retrying``
and from there back to ``running``. A worker that is lost leaves ``running`` for ``retrying`` or ``failed``.
"""

from enum import StrEnum


class JobState(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


WAITING = frozenset({JobState.QUEUED, JobState.RETRYING})
ACTIVE = frozenset({JobState.QUEUED, JobState.RETRYING, JobState.RUNNING})
FINAL = frozenset({JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED})


class StepState(StrEnum):
    """Where one step of a job is."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
