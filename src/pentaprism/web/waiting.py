"""Waiting for the end of a job without holding a thread."""

import asyncio
from collections.abc import Awaitable, Callable

from pentaprism.core.clock import monotonic
from pentaprism.core.events.event import Event
from pentaprism.core.jobs.states import FINAL
from pentaprism.core.jobs.tables import Job
from pentaprism.core.platform import Platform

LOOK_EVERY = 1.0
"""Seconds between looks at the row, should an event be lost."""


async def job_end(platform: Platform, job_id: str, seconds: float, gone: Callable[[], Awaitable[bool]] | None = None) -> Job | None:
    """The job once it has ended, or as it is after ``seconds``, or when ``gone`` says that nobody waits any more; None if it was deleted.

    Events wake the wait; the row decides.
    """
    loop = asyncio.get_running_loop()
    changed = asyncio.Event()

    def heard(event: Event) -> None:
        if event.data.get("status") in FINAL:
            loop.call_soon_threadsafe(changed.set)

    deadline = monotonic() + seconds
    subscription = platform.events.subscribe([f"job:{job_id}"], heard)
    try:
        while True:
            changed.clear()
            job = await asyncio.to_thread(_row, platform, job_id)
            left = deadline - monotonic()
            if job is None or job.status in FINAL or left <= 0 or (gone is not None and await gone()):
                return job
            try:
                await asyncio.wait_for(changed.wait(), min(left, LOOK_EVERY))
            except TimeoutError:
                continue
    finally:
        await asyncio.to_thread(subscription.close)


def _row(platform: Platform, job_id: str) -> Job | None:
    with platform.database.read() as session:
        return session.get(Job, job_id)
