"""The kinds of jobs of the face."""

from datetime import timedelta

from pentaprism.core.jobs.kinds import JobKind
from pentaprism.faces.spheroseg.segmentation.queue import EXPORT_KIND, SEGMENT_KIND

TASKS = "pentaprism.faces.spheroseg.tasks"
ENDINGS = "pentaprism.faces.spheroseg.endings"

JOB_KINDS = (
    JobKind(
        name=SEGMENT_KIND,
        handler=f"{TASKS}:segment",
        time_limit=600,
        max_attempts=3,
        backoff=(2.0, 8.0),
        on_end=f"{ENDINGS}:ended",
    ),
    JobKind(
        name=EXPORT_KIND,
        handler=f"{TASKS}:export",
        time_limit=3600,
        max_attempts=2,
        retention=timedelta(days=1),
        on_delete=f"{ENDINGS}:export_removed",
    ),
)
