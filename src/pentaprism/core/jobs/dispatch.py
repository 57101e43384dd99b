"""The job dispatch port. Contract: ``tests/contracts/test_dispatch.py``."""

from typing import Protocol


class Dispatch(Protocol):
    """Tells workers that there is something to do. Calls may be lost or doubled: the row is the truth."""

    def ring(self, job_id: str, queue: str, priority: int) -> None:
        """A job waits in ``queue``; a free worker should look."""

    def cancel(self, job_id: str) -> None:
        """The job's row says cancelled; if a worker runs it and does not stop by itself soon, kill that worker."""
