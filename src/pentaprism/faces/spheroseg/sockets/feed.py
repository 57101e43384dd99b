"""One queue for everything a socket may hear, answered strictly in order; look-ups happen in threads, a batch at a time."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from socketio import AsyncServer

from pentaprism.core.clock import isoformat, now
from pentaprism.core.events.event import Event
from pentaprism.core.jobs.announce import job_events
from pentaprism.faces.spheroseg.segmentation.queue import SEGMENT_KIND
from pentaprism.faces.spheroseg.sockets.audience import Audience, View
from pentaprism.faces.spheroseg.sockets.lookups import Lookups
from pentaprism.faces.spheroseg.sockets.members import Member, Members, part, reader_room, user_room
from pentaprism.faces.spheroseg.sockets.payloads import Message
from pentaprism.faces.spheroseg.sockets.requests import Admit, Ask, FaceNews, Item, JobNews, Join, Outcome, QueueOf
from pentaprism.faces.spheroseg.sockets.thinning import Thinning

log = structlog.get_logger(__name__)

NAMESPACES = ("/", "/spheroseg")
MOST_AT_ONCE = 500
QUEUE_EVERY = 1.0
RECONCILE_EVERY = 3.0
FENCE_SECONDS = 60.0
SUBJECT = "image:"


class Feed:
    """The consumer of the queue. Everything runs in the event loop except :meth:`arrived`, which the bus may call in its thread."""

    def __init__(self, server: AsyncServer, members: Members, lookups: Lookups, refuse: Callable[[Member], Awaitable[None]]) -> None:
        self._server = server
        self._members = members
        self._lookups = lookups
        self._refuse = refuse
        self._items: asyncio.Queue[Item | Event] = asyncio.Queue()
        self._thinning = Thinning()
        self._loop = asyncio.get_running_loop()
        self._seq = itertools.count(time.time_ns() // 1000)
        self._queues_due: dict[QueueKey, float] = {}
        self._queues_set: set[QueueKey] = set()
        self._fences: dict[str, tuple[float, Audience]] = {}

    # -- what comes in

    def arrived(self, event: Event) -> None:
        """An event of the bus."""
        self._loop.call_soon_threadsafe(self._items.put_nowait, event)

    def put(self, item: Item) -> None:
        """Something that a socket asks for."""
        self._items.put_nowait(item)

    # -- the consumer

    async def run(self) -> None:
        """Answer items until cancelled. A batch that fails is logged and lost, the next one is not."""
        while True:
            first = await self._items.get()
            waiting = [first]
            while len(waiting) < MOST_AT_ONCE and not self._items.empty():
                waiting.append(self._items.get_nowait())
            items = [item for item in (self._wanted(item) for item in waiting) if item is not None]
            if not items:
                continue
            try:
                view = View(
                    {
                        account: self._members.bases_of(account)
                        for account in list(self._members.by_account)
                        if self._members.listening(account)
                    },
                    {room: self._members.accounts_in(room) for room in self._members.rooms()},
                )
                for outcome in await asyncio.to_thread(self._lookups.describe, items, view):
                    await self._settle(outcome)
            except Exception:
                log.exception("events were lost")
                for item in items:
                    if isinstance(item, Join | Ask) and not item.answer.done():
                        item.answer.set_result({"error": "INTERNAL_ERROR", "message": "The state could not be read.", "room": None})

    def _wanted(self, item: Item | Event) -> Item | None:
        """The item as it is answered, None when nobody hears it or it has to wait."""
        if not isinstance(item, Event):
            return item
        if not self._members.by_account:
            return None
        if item.name != "job":
            return FaceNews(item) if "project_id" in item.data else None
        subject = item.data.get("subject") or ""
        if item.data.get("kind") != SEGMENT_KIND or not subject.startswith(SUBJECT):
            return None
        return self._job(item.data, subject.removeprefix(SUBJECT))

    def _job(self, data: Any, image_id: str) -> JobNews | None:
        verdict = self._thinning.judge(data, image_id, time.monotonic())
        if verdict.wait is not None:
            self._loop.call_later(verdict.wait, self._release, data["id"], image_id)
        if not verdict.tell:
            return None
        return JobNews(data, image_id, self._thinning.raised(data["id"], image_id, float(data["progress"])), verdict.changed)

    def _release(self, task_id: str, image_id: str) -> None:
        held = self._thinning.release(task_id)
        if held is not None:
            self._items.put_nowait(Event("", "job", {**held, "kind": SEGMENT_KIND, "subject": SUBJECT + image_id}))

    # -- what goes out

    async def _settle(self, outcome: Outcome) -> None:
        item = outcome.item
        match item:
            case Admit() if not outcome.granted:
                await self._refuse(item.member)
                return
            case Admit():
                await self._admit(item, outcome)
                return
            case Join() if outcome.granted and item.member.admitted:
                await self._enter(item.member, item.room, outcome.project_id or "")
        for message in outcome.messages:
            await self.send(message)
        if isinstance(item, Join | Ask) and not item.answer.done():
            item.answer.set_result(outcome.answer or {})
        if outcome.queues_of or (isinstance(item, JobNews) and item.changed):
            self._queues_changed(outcome)

    async def _admit(self, item: Admit, outcome: Outcome) -> None:
        """First the greeting, then the rooms, then the snapshot; whatever happens from here on follows in the queue."""
        member = item.member
        if self._members.by_sid.get(member.sid) is not member:
            return
        await self.send(outcome.messages[0])
        if not item.again:
            member.admitted = True
            account_id = member.account_id or ""
            await self._server.enter_room(member.sid, user_room(account_id), namespace=member.namespace)
            await self._server.enter_room(member.sid, reader_room(account_id, member.base), namespace=member.namespace)
        for message in outcome.messages[1:]:
            if message.event == "segmentation-progress":
                task_id, image_id = message.payload["taskId"], message.payload["imageId"]
                message.payload["progress"] = self._thinning.raised(task_id, image_id, message.payload["progress"])
            await self.send(message)

    async def _enter(self, member: Member, room: str, project_id: str) -> None:
        if self._members.by_sid.get(member.sid) is not member:
            return
        account_id = member.account_id or ""
        self._members.join(member, room, project_id)
        for name in (part(room, account_id), part(room, f"{account_id} {member.base}")):
            await self._server.enter_room(member.sid, name, namespace=member.namespace)

    async def leave(self, member: Member, room: str) -> None:
        """Take a socket out of a joined room."""
        account_id = member.account_id or ""
        self._members.leave(member, room)
        for name in (part(room, account_id), part(room, f"{account_id} {member.base}")):
            await self._server.leave_room(member.sid, name, namespace=member.namespace)

    async def send(self, message: Message) -> None:
        """Emit a message with its number, and its time unless it has one."""
        payload = {"timestamp": isoformat(now()), **message.payload, "seq": next(self._seq)}
        if message.to is not None:
            member = self._members.by_sid.get(message.to)
            if member is not None:
                await self._server.emit(message.event, payload, to=member.sid, namespace=member.namespace)
            return
        rooms = self._still_allowed(message)
        if rooms:
            for namespace in NAMESPACES:
                await self._server.emit(message.event, payload, room=rooms, namespace=namespace)

    def _still_allowed(self, message: Message) -> list[str]:
        """The rooms without accounts whose right ended after the message was looked up."""
        fence = self._fences.get(message.project_id or "")
        if fence is None or fence[0] < message.looked_at:
            return message.rooms
        return [room for room, account in zip(message.rooms, message.accounts, strict=True) if fence[1].allows(account)]

    # -- rights that end

    async def fence(self, audience: Audience) -> None:
        """From now on only ``audience`` hears of its project, whatever was looked up before."""
        moment = time.monotonic()
        self._fences = {key: fence for key, fence in self._fences.items() if fence[0] > moment - FENCE_SECONDS}
        self._fences[audience.project_id] = (moment, audience)
        for member, room in self._members.in_project(audience.project_id):
            if not audience.allows(member.account_id or ""):
                await self.leave(member, room)

    # -- queues

    def _queues_changed(self, outcome: Outcome) -> None:
        for account_id in outcome.queues_of:
            if self._members.listening(account_id):
                self._queue_due(("account", account_id))
        if outcome.project_id is not None and self._members.accounts_in(f"project-{outcome.project_id}"):
            self._queue_due(("project", outcome.project_id))

    def _queue_due(self, key: "QueueKey") -> None:
        """Tell a queue now, or when a second has passed since it was told."""
        if key in self._queues_set:
            return
        self._queues_set.add(key)
        self._loop.call_later(max(0.0, self._queues_due.get(key, 0.0) - time.monotonic()), self._tell_queue, key)

    def _tell_queue(self, key: "QueueKey") -> None:
        moment = time.monotonic()
        self._queues_set.discard(key)
        self._queues_due = {known: due for known, due in self._queues_due.items() if due > moment}
        self._queues_due[key] = moment + QUEUE_EVERY
        kind, value = key
        self.put(QueueOf(account_id=value) if kind == "account" else QueueOf(project_id=value))

    # -- what the bus may have lost

    async def reconcile(self) -> None:
        """Look up tasks that have been silent, for ever; an end whose event was lost is told after all."""
        while True:
            await asyncio.sleep(RECONCILE_EVERY)
            if not self._members.by_account:
                self._thinning.forget()
                continue
            silent = self._thinning.silent(time.monotonic() - RECONCILE_EVERY)
            if not silent:
                continue
            try:
                for job in await asyncio.to_thread(self._lookups.finished, silent):
                    self._items.put_nowait(job_events(job)[0])
            except Exception:
                log.exception("silent tasks could not be looked up")


QueueKey = tuple[str, str]
