"""The job kinds of the quarry face: each operation once for callers that wait and once for those that do not."""

from datetime import timedelta

from pentaprism.core.jobs.kinds import JobKind

FACE = "quarry"
OPERATIONS = ("single", "auto", "box", "extract")
BATCH = f"{FACE}.batch"
EMBED = f"{FACE}.embed"
MODEL = f"{FACE}.model"
DOWNLOAD = f"{FACE}.download"
TASKS = "pentaprism.faces.quarry.tasks"
ENDED = "pentaprism.faces.quarry.endings:ended"
REMOVED = "pentaprism.faces.quarry.endings:removed"


def kind_name(operation: str, *, waits: bool) -> str:
    """Name of the job kind of an operation whose caller waits for the answer, or does not."""
    return f"{FACE}.{operation}" if waits else f"{FACE}.{operation}-task"


def operation_of(kind: str) -> str:
    """The word that a job's ``kind`` shows: single, auto, box, extract, batch."""
    return kind.removeprefix(f"{FACE}.").removesuffix("-task")


SEGMENTING = tuple(
    JobKind(
        name=kind_name(operation, waits=waits),
        handler=f"{TASKS}:segment",
        queue="interactive" if waits else "batch",
        on_end=ENDED,
        on_delete=REMOVED,
    )
    for operation in OPERATIONS
    for waits in (True, False)
)
PUBLIC = (*(kind.name for kind in SEGMENTING), BATCH)
"""Kinds that clients see."""

JOB_KINDS: tuple[JobKind, ...] = (
    *SEGMENTING,
    JobKind(name=BATCH, handler=f"{TASKS}:segment", on_end=ENDED),
    JobKind(name=EMBED, handler=f"{TASKS}:embed", queue="interactive", max_attempts=1, retention=timedelta(hours=1)),
    JobKind(name=MODEL, handler=f"{TASKS}:load_model", queue="interactive", max_attempts=1, retention=timedelta(hours=1)),
    JobKind(name=DOWNLOAD, handler=f"{TASKS}:download_model", time_limit=24 * 3600, max_attempts=3, retention=timedelta(hours=1)),
)
