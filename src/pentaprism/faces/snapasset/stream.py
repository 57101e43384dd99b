"""Streams of server-sent events: every job that somebody watches is followed once in a process, however many watch it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from pentaprism.core.clock import isoformat
from pentaprism.core.events.event import Event
from pentaprism.core.jobs.states import FINAL, JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.core.limits.seats import Leave
from pentaprism.core.platform import Platform
from pentaprism.faces.snapasset.documents import WORDS, Outcome, failed_reason, no_result, outcome_of, percent, result_of
from pentaprism.faces.snapasset.faults import CANCELLED_REASON
from pentaprism.faces.snapasset.links import Links
from pentaprism.web.sse import Message


@dataclass(frozen=True, slots=True)
class State:
    """A job as its row or an event tells it."""

    revision: int
    status: str
    progress: int
    message: str | None

    @property
    def shown(self) -> tuple[str, int, str | None]:
        """What a listener would see change."""
        return self.status, self.progress, self.message


@dataclass(frozen=True, slots=True)
class End:
    """A finished job. ``job`` is None where it was deleted before its row could be read again."""

    state: State
    job: Job | None
    outcome: Outcome | None


@dataclass(eq=False, slots=True)
class Watch:
    """One job under observation."""

    platform: Platform
    job_pk: str
    loop: asyncio.AbstractEventLoop
    look_seconds: float
    state: State | None = None
    end: End | None = None
    gone: bool = False
    viewers: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _subscription: Any = None
    _task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Follow the job."""
        topic = [f"job:{self.job_pk}"]
        self._subscription = self.platform.events.subscribe(topic, lambda event: self._hear_in_loop(event))
        self._task = self.loop.create_task(self._look_again())

    def stop(self) -> None:
        """Follow it no more."""
        if self._subscription is not None:
            # Closing waits for a delivery under way, which itself does not wait for the loop.
            self._subscription.close()
        if self._task is not None:
            self._task.cancel()

    async def look(self) -> None:
        """Read the row now; a job that is finished brings what it has made."""
        async with self._looking:
            found = await run_in_threadpool(self._read)
            if found is None:
                if self.end is None:
                    self.gone = True
            else:
                state, end = found
                self.end = end
                if self.state is None or state.revision >= self.state.revision:
                    self.state = state
            self._wake()

    async def change(self) -> None:
        """Wait until something may have changed."""
        await self._changed.wait()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _hear_in_loop(self, event: Event) -> None:
        with contextlib.suppress(RuntimeError):
            # The loop may have been closed by a stopping server.
            self.loop.call_soon_threadsafe(self._hear, event)

    def _hear(self, event: Event) -> None:
        data = event.data
        status = JobState(data["status"])
        state = State(event.revision, WORDS[status], percent(data["progress"]), data["message"])
        if self.state is not None and state.revision <= self.state.revision:
            return
        self.state = state
        if status in FINAL:
            self.loop.create_task(self._finish(state))
        else:
            self._wake()

    async def _finish(self, state: State) -> None:
        await self.look()
        if self.end is None and self.gone:
            self.end = End(state, None, None)
        self._wake()

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(self.look_seconds)
            if self.end is None:
                await self.look()

    def _read(self) -> tuple[State, End | None] | None:
        with self.platform.database.read() as session:
            job = session.get(Job, self.job_pk)
            if job is None:
                return None
            state = State(job.revision, WORDS[JobState(job.status)], percent(job.progress), job.message)
            return state, End(state, job, outcome_of(session, job)) if job.status in FINAL else None


class Feed:
    """The watches of one process, and how many streams are open."""

    def __init__(self, platform: Platform, look_seconds: float) -> None:
        self._platform = platform
        self._look_seconds = look_seconds
        self._watches: dict[str, Watch] = {}
        self.open_streams = 0

    @contextlib.asynccontextmanager
    async def watching(self, job_pk: str) -> AsyncIterator[Watch]:
        """The watch of a job, its row read after the subscription, so that nothing is lost between."""
        watch = self._watches.get(job_pk)
        if watch is None:
            watch = self._watches[job_pk] = Watch(self._platform, job_pk, asyncio.get_running_loop(), self._look_seconds)
            watch.start()
        watch.viewers += 1
        try:
            await watch.look()
            yield watch
        finally:
            watch.viewers -= 1
            if watch.viewers == 0:
                self._watches.pop(job_pk, None)
                watch.stop()

    async def ended(self, job_pk: str, seconds: float) -> End | None:
        """The end of a job, None if it has not come after ``seconds``."""
        with contextlib.suppress(TimeoutError):
            async with self.watching(job_pk) as watch, asyncio.timeout(seconds):
                while watch.end is None and not watch.gone:
                    await watch.change()
                return watch.end
        return None


@dataclass(frozen=True, slots=True)
class View:
    """One stream: of which job, with links for whom, and from which revision on. ``retry_ms``, ``seconds`` and ``pause`` (between two
    progress frames, in seconds) are settings."""

    public_id: str
    links: Callable[[], Links]
    last_id: int | None
    retry_ms: int
    seconds: float
    pause: float


async def frames(feed: Feed, job_pk: str, view: View, now: Callable[[], Any]) -> AsyncIterator[Message]:
    """The frames of a stream: connected, the present state, every change, and the end."""
    yield Message(retry=view.retry_ms)
    async with feed.watching(job_pk) as watch:
        yield Message({"type": "connected", "jobId": view.public_id})
        sent = watch.state
        if sent is None:
            return
        if watch.end is None and view.last_id is not None and view.last_id <= sent.revision:
            if view.last_id < sent.revision:
                yield progress_frame(view, sent, now)
        else:
            shown = {"jobId": view.public_id, "status": sent.status, "progress": sent.progress}
            yield Message({"type": "status", **shown, "timestamp": isoformat(now())})
        close_at = asyncio.get_running_loop().time() + view.seconds
        while watch.end is None and not watch.gone and (left := close_at - asyncio.get_running_loop().time()) > 0:
            newest = watch.state
            if newest is not None and newest.revision > sent.revision and newest.shown != sent.shown and newest.status not in ENDS:
                sent = newest
                yield progress_frame(view, sent, now)
                await asyncio.sleep(view.pause)
                continue
            # The timeout must not span a yield: each frame may be asked for by another task.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await watch.change()
        if watch.end is not None:
            yield done_frame(view, watch.end, now)


ENDS = {WORDS[state] for state in FINAL}


def progress_frame(view: View, state: State, now: Callable[[], Any]) -> Message:
    """The present state as a frame that moves the listener's last id on."""
    data = {"type": "progress", "jobId": view.public_id, "status": state.status, "progress": state.progress}
    return Message({**data, "timestamp": isoformat(now()), "message": state.message}, id=str(state.revision))


def done_frame(view: View, end: End, now: Callable[[], Any]) -> Message:
    """The last frame."""
    state, error = end.state, None
    result: Any
    if end.job is not None and end.outcome is not None:
        result = result_of(end.job, end.outcome, view.links())
        state = replace(state, progress=100)
    else:
        error = CANCELLED_REASON if end.job is None else failed_reason(end.job)
        result = no_result(error)
    data = {"type": "done", "jobId": view.public_id, "status": state.status, "progress": state.progress}
    return Message({**data, "result": result, "error": error, "timestamp": isoformat(now())}, id=str(state.revision))


class Counted(StreamingResponse):
    """A stream that counts in its feed and gives its places back when it is over, however that comes about."""

    def __init__(self, inner: StreamingResponse, feed: Feed, leave: Leave) -> None:
        super().__init__(inner.body_iterator, media_type="text/event-stream")
        self.raw_headers = inner.raw_headers
        self._feed, self._leave = feed, leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream."""
        self._feed.open_streams += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._feed.open_streams -= 1
            # Giving a place back may take its time, and this task may be cancelled.
            asyncio.get_running_loop().run_in_executor(None, self._leave)
