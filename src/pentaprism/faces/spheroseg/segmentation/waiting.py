"""Waiting for the end of a job without holding a thread."""

import asyncio
import time

from pentaprism.core.events.event import Event
from pentaprism.core.jobs.states import FINAL
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.spheroseg.context import Spheroseg

LOOK_EVERY = 1.0


async def ended(context: Spheroseg, job_id: str, seconds: float) -> Job | None:
    """The job once it has ended, or None after ``seconds``. Events wake the wait; the row decides, in case one is lost."""
    loop = asyncio.get_running_loop()
    changed = asyncio.Event()

    def heard(_: Event) -> None:
        loop.call_soon_threadsafe(changed.set)

    deadline = time.monotonic() + seconds
    subscription = context.platform.events.subscribe([f"job:{job_id}"], heard)
    try:
        while True:
            changed.clear()
            job = await asyncio.to_thread(_job, context, job_id)
            if job is None or job.status in FINAL:
                return job
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            try:
                await asyncio.wait_for(changed.wait(), min(left, LOOK_EVERY))
            except TimeoutError:
                continue
    finally:
        await asyncio.to_thread(subscription.close)


def _job(context: Spheroseg, job_id: str) -> Job | None:
    with context.platform.database.read() as session:
        return session.get(Job, job_id)
