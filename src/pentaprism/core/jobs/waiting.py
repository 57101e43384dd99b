"""Waiting for a job from a thread, as an endpoint that answers with the result does."""

import threading
from typing import TYPE_CHECKING

from pentaprism.core.clock import monotonic
from pentaprism.core.events.event import Event
from pentaprism.core.jobs.states import FINAL
from pentaprism.core.jobs.tables import Job

if TYPE_CHECKING:
    from pentaprism.core.platform import Platform

LOOK_EVERY = 1.0
"""Seconds between looks at the row, should an event be lost."""


def wait_for_end(platform: "Platform", job_id: str, timeout: float) -> Job:
    """The job as soon as it has ended, or as it is after ``timeout`` seconds. NotFound if it does not exist or is deleted meanwhile."""
    ended = threading.Event()

    def listen(event: Event) -> None:
        if event.data.get("status") in FINAL:
            ended.set()

    give_up = monotonic() + timeout
    subscription = platform.events.subscribe([f"job:{job_id}"], listen)
    try:
        while True:
            with platform.database.read() as session:
                job = platform.jobs.get(session, job_id)
            rest = give_up - monotonic()
            if job.status in FINAL or rest <= 0:
                return job
            ended.wait(min(rest, LOOK_EVERY))
    finally:
        subscription.close()
