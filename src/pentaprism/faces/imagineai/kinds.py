"""The kinds of jobs of the face. History lives in the face's own rows, so the queue need not keep ended jobs for long."""

from datetime import timedelta

from pentaprism.core.jobs.kinds import JobKind
from pentaprism.faces.imagineai.names import ANALYSE_KIND, BATCH_KIND

ENDINGS = "pentaprism.faces.imagineai.endings"

JOB_KINDS = (
    JobKind(
        name=ANALYSE_KIND,
        handler="pentaprism.faces.imagineai.tasks:analyse",
        time_limit=300,
        max_attempts=4,
        backoff=(30.0, 60.0, 120.0),
        retention=timedelta(days=7),
        on_end=f"{ENDINGS}:image_ended",
        on_retry=f"{ENDINGS}:image_retried",
        retries_timeouts=True,
        serial=True,
    ),
    JobKind(
        name=BATCH_KIND,
        handler="pentaprism.faces.imagineai.tasks:analyse",
        retention=timedelta(days=7),
        on_end=f"{ENDINGS}:batch_ended",
    ),
)
