"""``/ws/processing/{job_id}``: the state of a job, then what happens to it, to its end."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect

from pentaprism.core.accounts.identity import Identity
from pentaprism.core.errors import NotAllowed, NotAuthenticated
from pentaprism.core.events.event import Event
from pentaprism.core.ids import is_id
from pentaprism.core.limits.seats import Leave
from pentaprism.faces.imagineai import frames
from pentaprism.faces.imagineai.context import READ, Imagineai, require
from pentaprism.faces.imagineai.frames import Frame, News
from pentaprism.faces.imagineai.names import FACE, account_topic
from pentaprism.faces.imagineai.tables import ProcessingJob
from pentaprism.web.auth import Credential, bearer, remember
from pentaprism.web.bridge import Bridge
from pentaprism.web.websocket import Hangup, converse

BAD_TOKEN = (4001, "Invalid or missing token")
DENIED = (4003, "Access denied")
TOO_MANY = (4029, "Too many open sockets")
TOO_SLOW = (1013, "The client is too slow; connect again")
LARGEST_MESSAGE = 4096
MOST_WAITING = 256
LOOK_SECONDS = 5.0


class Sockets:
    """The sockets of this process, fed by one subscription per account."""

    def __init__(self, context: Imagineai) -> None:
        self.context = context
        self._bridge: Bridge | None = None

    @property
    def bridge(self) -> Bridge:
        """From the event bus into the loop that runs the sockets."""
        if self._bridge is None:
            self._bridge = Bridge(self.context.platform.events)
        return self._bridge

    async def serve(self, socket: WebSocket, job_id: str) -> None:
        """One client, from its handshake to its end. It is accepted first, so that it can see the code."""
        await socket.accept()
        try:
            identity = await run_in_threadpool(self.recognised, socket)
        except NotAuthenticated:
            await _close(socket, BAD_TOKEN)
            return
        except NotAllowed:
            await _close(socket, DENIED)
            return
        account_id = identity.account.id
        if not await run_in_threadpool(self._owns, account_id, job_id):
            await _close(socket, DENIED)
            return
        leave = await run_in_threadpool(self._place, account_id)
        if leave is None:
            await _close(socket, TOO_MANY)
            return
        try:
            await Listening(self, identity, job_id.lower()).run(socket)
        finally:
            # Giving a place back may take its time, and this task may be cancelled.
            asyncio.get_running_loop().run_in_executor(None, leave)

    def _place(self, account_id: str) -> Leave | None:
        """Room among the account's sockets, in all processes together; None where there is none."""
        platform = self.context.platform
        if not platform.limits.enabled:
            return lambda: None
        return platform.seats.take(f"{FACE}:sockets:{account_id}", self.context.settings.sockets_per_account)

    def recognised(self, socket: WebSocket) -> Identity:
        """Whose token it is. Raises NotAuthenticated, NotAllowed."""
        token = socket.query_params.get("token") or bearer(socket) or socket.headers.get("x-api-key", "")
        with self.context.platform.database.read() as session:
            identity = self.context.authenticator.verify(session, Credential("bearer", token))
        require(identity, READ)
        remember(socket, identity)
        return identity

    def _owns(self, account_id: str, job_id: str) -> bool:
        if not is_id(job_id):
            return False
        with self.context.platform.database.read() as session:
            run = session.get(ProcessingJob, job_id.lower())
        return run is not None and run.account_id == account_id


class Listening:
    """One client of one job. Events only say that there is something new; what it is stands in the rows."""

    def __init__(self, sockets: Sockets, identity: Identity, job_id: str) -> None:
        self._sockets = sockets
        self._identity = identity
        self._job_id = job_id
        self._woken = asyncio.Event()
        self._over: asyncio.Future[Hangup] = asyncio.get_running_loop().create_future()
        self._waiting: deque[Frame | None] = deque()
        self._arrived = asyncio.Event()

    async def run(self, socket: WebSocket) -> None:
        """Talk until one side ends it."""
        end = self._sockets.bridge.listen([account_topic(self._identity.account.id)], self._hear)
        follower = asyncio.create_task(self._follow())
        try:
            # The session may have ended before anybody listened.
            await run_in_threadpool(self._sockets.recognised, socket)
        except (NotAuthenticated, NotAllowed):
            self._hang_up(BAD_TOKEN)
        try:
            await converse(socket, self._outgoing(), _ignore, largest=LARGEST_MESSAGE, over=self._over)
        finally:
            end()
            follower.cancel()
            with suppress(asyncio.CancelledError):
                await follower

    def _hear(self, event: Event) -> None:
        session_id = event.data.get("session_id") if event.name == "session-revoked" else None
        if event.name == "account-deleted" or (session_id is not None and session_id == self._identity.session_id):
            self._hang_up(BAD_TOKEN)
        elif self._job_id in {event.data.get("job_id"), event.data.get("id"), event.data.get("parent_id")}:
            self._woken.set()

    async def _follow(self) -> None:
        """Put every frame into the queue of the sender, which must keep up with those that come after the snapshot."""
        news = await run_in_threadpool(self._read, frames.snapshot, self._job_id)
        while news is not None:
            fresh = len(self._waiting)
            self._waiting.extend(news.frames)
            if news.ended:
                break
            self._arrived.set()
            if fresh and len(self._waiting) > MOST_WAITING + self._snapshot_left():
                self._hang_up(TOO_SLOW)
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._woken.wait()
            self._woken.clear()
            news = await run_in_threadpool(self._read, frames.after, self._job_id, news.seq)
        self._waiting.append(None)
        self._arrived.set()

    def _snapshot_left(self) -> int:
        return sum(1 for frame in self._waiting if frame is not None and frame.get("snapshot"))

    def _read(self, look: Any, *arguments: Any) -> News | None:
        with self._sockets.context.platform.database.read() as session:
            found: News | None = look(session, *arguments)
            return found

    async def _outgoing(self) -> AsyncIterator[Frame]:
        while True:
            while self._waiting:
                frame = self._waiting.popleft()
                if frame is None:
                    raise Hangup(1000)
                yield frame
            self._arrived.clear()
            await self._arrived.wait()

    def _hang_up(self, why: tuple[int, str]) -> None:
        if not self._over.done():
            self._over.set_result(Hangup(*why))


async def _ignore(_message: Any) -> None:
    """Nothing that clients say matters."""


async def _close(socket: WebSocket, why: tuple[int, str]) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        await socket.close(*why)
