"""The kinds of jobs of the face."""

from datetime import timedelta

from pentaprism.core.jobs.kinds import JobKind

TASKS = "pentaprism.faces.promethium.tasks"
ENDINGS = "pentaprism.faces.promethium.endings"
INGEST_KIND = "promethium.ingest"
KIND_OF = {"reconstruction": "promethium.reconstruction", "denoising": "promethium.denoising"}
FOR_EVER = timedelta(days=36_500)
"""Jobs and their results stay until their owner deletes them."""

JOB_KINDS = (
    JobKind(
        name=INGEST_KIND,
        handler=f"{TASKS}.ingest:ingest",
        queue="interactive",
        time_limit=3600,
        max_attempts=10,
        backoff=(2.0, 10.0, 30.0),
        retention=timedelta(days=1),
        on_end=f"{ENDINGS}:ingest_ended",
    ),
    *(
        JobKind(
            name=name,
            handler=f"{TASKS}.processing:process",
            time_limit=3600,
            max_attempts=3,
            backoff=(5.0, 30.0),
            retention=FOR_EVER,
            on_delete=f"{ENDINGS}:run_deleted",
        )
        for name in KIND_OF.values()
    ),
)
