"""The face's words for the states of jobs."""

from pentaprism.core.jobs.states import JobState
from pentaprism.core.jobs.tables import Job

STATUSES = ("pending", "running", "completed", "failed")
WORDS = {
    JobState.QUEUED: "pending",
    JobState.RETRYING: "pending",
    JobState.RUNNING: "running",
    JobState.COMPLETED: "completed",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "failed",
}
STATES = {word: [state for state, name in WORDS.items() if name == word] for word in STATUSES}


def status_of(job: Job) -> str:
    """pending, running, completed or failed."""
    return WORDS[JobState(job.status)]


def progress_of(job: Job) -> float:
    """0.0 to 1.0 with two decimals; 1.0 exactly when completed."""
    if job.status == JobState.COMPLETED:
        return 1.0
    return min(0.99, round(max(0.0, job.progress) / 100, 2))
