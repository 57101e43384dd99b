"""Following jobs and datasets: what the rows say first, then what happens, with nothing lost or doubled in between.

Events of the bus are doorbells: a worker publishes after each commit of progress and log lines, so whoever hears one reads the
lines after the last it has seen, and the row. Only changes of status are taken from the events themselves, because the row may
have moved on.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.concurrency import run_in_threadpool

from pentaprism.core.clock import isoformat, now
from pentaprism.core.errors import NotFound
from pentaprism.core.events.event import Event
from pentaprism.core.jobs.states import JobState
from pentaprism.faces.promethium.context import FACE, Promethium
from pentaprism.faces.promethium.kinds import KIND_OF
from pentaprism.faces.promethium.schemas.queries import LogQuery
from pentaprism.faces.promethium.serialise import STATUS, progress_of
from pentaprism.faces.promethium.sockets.lookups import LINES_AT_ONCE, Document, JobView, Lookups
from pentaprism.web import sse
from pentaprism.web.bridge import Bridge, Feed

UPDATE_EVERY = 0.2
LOOK_EVERY = 5.0
"""Seconds after which the row is looked at although no event has come."""
SHOWN = ("status", "progress", "step", "message")


class Tails:
    """Makes tails; one bridge brings the events of all of them into the loop."""

    def __init__(self, context: Promethium) -> None:
        self.lookups = Lookups(context)
        self.context = context
        self._bridge: Bridge | None = None

    @property
    def bridge(self) -> Bridge:
        """The bridge of the running loop."""
        if self._bridge is None:
            self._bridge = Bridge(self.context.platform.events)
        return self._bridge

    def close(self) -> None:
        """Hear nothing any more."""
        if self._bridge is not None:
            self._bridge.close()
            self._bridge = None

    def job(self, job_id: str, *, since: datetime | None = None, past: bool = False, level: str = "info") -> AsyncIterator[Document]:
        """``job_log`` and ``job_update`` frames of a job, to its terminal update. ``past``: begin with the lines after ``since``."""
        return JobTail(self, job_id, since, past=past or since is not None, level=level).frames()

    async def jobs(self, account_id: str) -> AsyncIterator[Document]:
        """``job_update`` frames of all jobs of an account, first those that have not ended."""
        seq = Numbers()
        known: dict[str, Document] = {}
        async with self.bridge.feed([f"account:{account_id}"]) as feed:
            for view in await run_in_threadpool(self.lookups.unfinished, account_id):
                known[view.update["job_id"]] = view.update
                yield seq.stamped(view.update, snapshot=True)
            while (events := await _batch(feed, UPDATE_EVERY)) is not None:
                mine = [event for event in events if event.data.get("face") == FACE and event.data.get("kind") in KIND_OF.values()]
                for frame in await self._updates(mine, known):
                    yield seq.stamped(frame, snapshot=False)

    async def _updates(self, events: Sequence[Event], known: dict[str, Document]) -> list[Document]:
        found: list[Document] = []
        for job_id in dict.fromkeys(str(event.data["id"]) for event in events):
            try:
                view = await run_in_threadpool(self.lookups.job, job_id, None)
            except NotFound:
                continue
            last = known.get(job_id, {})
            for frame in (*_steps([event for event in events if event.data["id"] == job_id], last.get("status"), view), view.update):
                if _differs(last, frame):
                    found.append(frame)
                    last = frame
            known[job_id] = last
        return found

    async def dataset(self, dataset_id: str) -> AsyncIterator[Document]:
        """``dataset_update`` frames: the present one, and one for each change of status."""
        view = await run_in_threadpool(self.lookups.dataset, dataset_id, None)
        async with self.bridge.feed([f"job:{view.ingest_id}"]) as feed:
            status = None
            while True:
                view = await run_in_threadpool(self.lookups.dataset, dataset_id, None)
                if view.status != status:
                    status = view.status
                    yield view.update
                if status != "processing" or await _batch(feed, 0.0) is None:
                    return

    async def log_messages(self, job_id: str, query: LogQuery) -> AsyncIterator[sse.Message]:
        """The lines of a log as server-sent events until the job ends; the last event is named ``end``."""
        async for frame in self.job(job_id, since=query.since, past=True, level=query.level):
            if frame["type"] == "job_log":
                line = {key: frame[key] for key in ("timestamp", "level", "message")}
                yield sse.Message(data=line, event="log", id=line["timestamp"])
            elif frame["status"] in {"completed", "failed", "cancelled"}:
                yield sse.Message(data={"status": frame["status"]}, event="end")


@dataclass(slots=True)
class Numbers:
    """Numbers that rise within a job, over reconnections too: milliseconds of the clock, moved on where they would repeat."""

    last: int = 0

    def stamped(self, frame: Document, *, snapshot: bool | None = None) -> Document:
        """``frame`` with the next number."""
        self.last = max(self.last + 1, time.time_ns() // 1_000_000)
        return {**frame, "seq": self.last} if snapshot is None else {**frame, "seq": self.last, "snapshot": snapshot}


@dataclass(slots=True)
class JobTail:
    """One listener of one job."""

    tails: Tails
    job_id: str
    cursor: datetime | None
    past: bool
    level: str
    seq: Numbers = field(default_factory=Numbers)
    shown: Document = field(default_factory=dict)
    over: bool = False

    async def frames(self) -> AsyncIterator[Document]:
        """Everything from the snapshot to the terminal update. A listener that events outran begins anew with a snapshot."""
        while not self.over:
            async with self.tails.bridge.feed([f"job:{self.job_id}"]) as feed:
                async for frame in self._opening():
                    yield frame
                while not self.over:
                    events = await _batch(feed, UPDATE_EVERY, self.shown["status"])
                    if events is None:
                        self.over = not feed.lost
                        break
                    view = await self._view()
                    if view is None:
                        return
                    async for frame in self._news(events, view):
                        yield frame
                    self.over = view.final

    async def _opening(self) -> AsyncIterator[Document]:
        """The snapshot; before it the lines that were asked for, after it those that came meanwhile."""
        lines_first, self.past = self.past, True
        if not lines_first:
            self.cursor = await run_in_threadpool(self.tails.lookups.last_line, self.job_id)
        view = await self._view()
        self.over = view is None or view.final
        if view is None:
            return
        if lines_first:
            async for frame in self._lines():
                yield frame
        self.shown = view.update
        yield self.seq.stamped(view.update, snapshot=True)
        if not self.over:
            # Their events may have come before the feed was listened to.
            async for frame in self._lines():
                yield frame

    async def _view(self) -> JobView | None:
        try:
            return await run_in_threadpool(self.tails.lookups.job, self.job_id, None)
        except NotFound:
            return None

    async def _lines(self) -> AsyncIterator[Document]:
        while True:
            lines, self.cursor = await run_in_threadpool(self.tails.lookups.lines, self.job_id, self.cursor, self.level)
            for line in lines:
                yield self.seq.stamped({"type": "job_log", "job_id": self.job_id, **line})
            if len(lines) < LINES_AT_ONCE:
                return

    async def _news(self, events: Sequence[Event], view: JobView) -> AsyncIterator[Document]:
        for frame in _steps(events, self.shown["status"], view):
            self.shown = frame
            yield self.seq.stamped(frame, snapshot=False)
        async for line in self._lines():
            yield line
        if _differs(self.shown, view.update):
            self.shown = view.update
            yield self.seq.stamped(view.update, snapshot=False)


def _differs(last: Document, frame: Document) -> bool:
    return any(last.get(key) != frame[key] for key in SHOWN)


def _steps(events: Sequence[Event], status: str | None, view: JobView) -> list[Document]:
    """Changes of status that the row has left behind already, as the events tell them."""
    words = [(STATUS[JobState(event.data["status"])], event) for event in events if event.revision < view.revision]
    found: list[Document] = []
    for position, (word, event) in enumerate(words):
        is_last = all(later == view.status for later, _ in words[position:])
        if word != status and not (is_last and word == view.status):
            found.append(_told(event.data, word))
        status = word
    return found


def _told(data: dict[str, Any], word: str) -> Document:
    return {
        "type": "job_update",
        "job_id": data["id"],
        "status": word,
        "progress": progress_of(data["status"], float(data["progress"])),
        "step": data["step"],
        "message": data["message"],
        "started_at": data["started_at"],
        "completed_at": None,
        "output_dataset_id": None,
        "error": None,
        "eta_seconds": None,
        "timestamp": isoformat(now()),
    }


async def _batch(feed: Feed, pause: float, status: str | None = None) -> list[Event] | None:
    """The next events: all that come within ``pause`` seconds, fewer where one tells another status than ``status``.

    Empty where none came for a while; None once the feed has ended.
    """
    events: list[Event] = []
    try:
        first = await feed.next(LOOK_EVERY)
    except TimeoutError:
        return events
    if first is None:
        return None
    events.append(first)
    give_up = asyncio.get_running_loop().time() + pause
    try:
        while not _changes(events[-1], status):
            following = await feed.next(max(0.0, give_up - asyncio.get_running_loop().time()))
            if following is None:
                break
            events.append(following)
    except TimeoutError:
        return events
    return events


def _changes(event: Event, status: str | None) -> bool:
    return status is not None and event.name == "job" and STATUS[JobState(event.data["status"])] != status
