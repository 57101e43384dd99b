"""Kinds of jobs: what a face declares so that workers can run its work."""

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class JobKind:
    """How jobs of one kind run.

    ``handler`` is ``module:function``, imported in the worker only, called as ``handler(job, request)`` where
    ``request`` is the row's request validated by the Pydantic model that the handler's second parameter is annotated
    with; it returns a Pydantic model, a dict or None. ``backoff`` are the seconds to wait after the first, second, ...
    failed attempt (the last one repeats). ``on_end`` is ``module:function`` called as ``on_end(session, job)`` in the
    transaction that ends the job as failed or cancelled, so that the face's own rows follow in the same commit.
    """

    name: str
    handler: str
    queue: str = "batch"
    time_limit: int = 600
    max_attempts: int = 3
    backoff: tuple[float, ...] = (2.0, 8.0)
    retention: timedelta = field(default=timedelta(days=7))
    on_end: str | None = None

    def wait_after(self, attempt: int) -> float:
        """Seconds between the failed ``attempt`` (from 1) and the next."""
        return self.backoff[min(attempt, len(self.backoff)) - 1] if self.backoff else 0.0
