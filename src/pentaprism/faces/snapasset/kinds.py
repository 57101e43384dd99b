"""The job kinds of the snapasset face."""

from datetime import timedelta

from pentaprism.core.jobs.kinds import JobKind
from pentaprism.faces.snapasset.naming import FACE, KIND

FIRST_RANK = 9
"""The core's priority of jobs with ``priority`` 1; larger numbers of the face come later."""

ENDINGS = f"pentaprism.faces.{FACE}.endings"

JOB_KINDS = (
    JobKind(
        name=KIND,
        handler=f"pentaprism.faces.{FACE}.tasks:generate",
        time_limit=300,
        max_attempts=3,
        backoff=(2.0, 6.0),
        on_end=f"{ENDINGS}:ended",
        on_retry=f"{ENDINGS}:retried",
        on_delete=f"{ENDINGS}:removed",
        longest_wait=60.0,
        retries_timeouts=True,
        account_at_once=2,
        keeps_progress=True,
        age_after=timedelta(minutes=10),
        age_priority=FIRST_RANK,
        by_rank=True,
    ),
)


def rank(priority: int) -> int:
    """The core's priority for one of the face (1 first, 10 last)."""
    return FIRST_RANK + 1 - priority
