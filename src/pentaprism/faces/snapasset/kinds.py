"""The job kinds of the snapasset face."""

from datetime import timedelta

from pentaprism.core.jobs.kinds import JobKind
from pentaprism.faces.snapasset.naming import FACE, KIND
from pentaprism.faces.snapasset.settings import SnapassetSettings

FIRST_RANK = 9
"""The core's priority of jobs with ``priority`` 1; larger numbers of the face come later."""

ENDINGS = f"pentaprism.faces.{FACE}.endings"


def kinds_for(settings: SnapassetSettings) -> tuple[JobKind, ...]:
    """The kinds as an installation has set them."""
    generate = JobKind(
        name=KIND,
        handler=f"pentaprism.faces.{FACE}.tasks:generate",
        time_limit=settings.attempt_seconds,
        max_attempts=settings.attempts,
        backoff=settings.retry_seconds,
        on_end=f"{ENDINGS}:ended",
        on_retry=f"{ENDINGS}:retried",
        on_delete=f"{ENDINGS}:removed",
        longest_wait=settings.longest_retry_seconds,
        retries_timeouts=True,
        account_at_once=settings.active_jobs,
        keeps_progress=True,
        age_after=timedelta(seconds=settings.aging_seconds),
        age_priority=FIRST_RANK,
        by_rank=True,
    )
    return (generate,)


JOB_KINDS = kinds_for(SnapassetSettings())


def rank(priority: int) -> int:
    """The core's priority for one of the face (1 first, 10 last)."""
    return FIRST_RANK + 1 - priority
