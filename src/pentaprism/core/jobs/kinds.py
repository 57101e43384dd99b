"""Kinds of jobs: what a face declares so that workers can run its work."""

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class JobKind:
    """How jobs of one kind run.

    ``handler`` is ``module:function``, imported in the worker only, called as ``handler(job, request)`` where
    ``request`` is the row's request validated by the Pydantic model that the handler's second parameter is annotated
    with; it returns a Pydantic model, a dict or None. ``backoff`` are the seconds to wait after the first, second, ...
    failed attempt (the last one repeats); a fault that names a longer wait (Retry-After) gets it, up to ``longest_wait``.
    ``retries_timeouts``: whether running past the time limit leaves further attempts.

    Hooks are ``module:function`` and run in the transaction of the change, so that the face's own rows follow in the same
    commit: ``on_end(session, job)`` when the job ends as failed or cancelled (a batch: also as completed),
    ``on_retry(session, job, seconds)`` when a failed attempt leaves another one, ``on_delete(session, job)`` before the row
    is removed on request or after its ``retention``.

    ``account_at_once``: how many jobs of the kind one account may have running. ``serial``: jobs of one subject run one
    after the other. ``keeps_progress``: a further attempt starts from the progress reached. ``age_after`` this much waiting
    the priority rises to ``age_priority``. ``by_rank``: when a job of the kind is due, the one of highest priority and then
    age is taken, whichever account it belongs to.
    """

    name: str
    handler: str
    queue: str = "batch"
    time_limit: int = 600
    max_attempts: int = 3
    backoff: tuple[float, ...] = (2.0, 8.0)
    retention: timedelta = field(default=timedelta(days=7))
    on_end: str | None = None
    on_retry: str | None = None
    on_delete: str | None = None
    longest_wait: float = 60.0
    retries_timeouts: bool = False
    account_at_once: int | None = None
    serial: bool = False
    keeps_progress: bool = False
    age_after: timedelta | None = None
    age_priority: int = 0
    by_rank: bool = False

    def wait_after(self, attempt: int, asked: float | None = None) -> float:
        """Seconds between the failed ``attempt`` (from 1) and the next; ``asked`` for by whoever was busy."""
        own = self.backoff[min(attempt, len(self.backoff)) - 1] if self.backoff else 0.0
        return max(own, min(asked or 0.0, self.longest_wait))
