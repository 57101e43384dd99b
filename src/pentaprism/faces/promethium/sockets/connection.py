"""One WebSocket: its log-in, its subscriptions, its limits."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket

from pentaprism.core.accounts.identity import Identity
from pentaprism.core.clock import isoformat, now
from pentaprism.core.errors import NotAllowed, NotAuthenticated, NotFound
from pentaprism.core.events.event import Event
from pentaprism.core.limits.seats import Leave, Seats
from pentaprism.faces.promethium.context import FACE
from pentaprism.faces.promethium.schemas.texts import Moment
from pentaprism.faces.promethium.sockets.tail import Tails
from pentaprism.web.auth import find_credential
from pentaprism.web.websocket import TOO_MANY, UNAUTHENTICATED, Hangup, converse

LARGEST_FRAME = 16_384
FRAMES_AT_ONCE = 60
FRAME_SECONDS = 10.0
FAULTY_FRAMES = 20
SUBSCRIPTIONS = 100
FAULTY = 4400
TRY_LATER = 1013
MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)
Frame = dict[str, Any]


class Refusal(Exception):
    """A frame that cannot be followed."""

    def __init__(self, code: str, message: str, job_id: object = None) -> None:
        super().__init__(message)
        self.frame: Frame = {"type": "error", "code": code, "message": message, "job_id": job_id if isinstance(job_id, str) else None}


class Hub:
    """All sockets of this process."""

    def __init__(self, tails: Tails) -> None:
        self.tails = tails
        self.context = tails.context

    async def serve(self, socket: WebSocket) -> None:
        """Talk to a client until one side ends it."""
        await socket.accept()
        await Connection(self, socket).run()


class Connection:
    """Frames are handled in the order they come; answers and news leave through one queue."""

    def __init__(self, hub: Hub, socket: WebSocket) -> None:
        self.hub = hub
        self.socket = socket
        self.settings = hub.context.settings
        self.identity: Identity | None = None
        self.expires_at: float | None = None
        self._queue: asyncio.Queue[Frame | Hangup] = asyncio.Queue()
        self._over: asyncio.Future[Hangup] = asyncio.get_running_loop().create_future()
        self._ending = False
        self._faulty = 0
        self._heard: deque[float] = deque(maxlen=FRAMES_AT_ONCE + 1)
        self._followed: dict[tuple[str, str | None], asyncio.Task[None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._end_listening: Callable[[], None] | None = None
        self._leave: Leave | None = None

    async def run(self) -> None:
        """The whole conversation."""
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self.settings.socket_auth_seconds, self._timed_out)
        try:
            if find_credential(self.socket, self.hub.context.authenticator.rules) is not None:
                await self._by_handshake()
            await converse(self.socket, self._outgoing(), self._hear, largest=LARGEST_FRAME, over=self._over)
        finally:
            self._timer.cancel()
            if self._end_listening is not None:
                self._end_listening()
            if self._leave is not None:
                # Giving a place back may take its time, and this task may be cancelled.
                loop.run_in_executor(None, self._leave)
            for task in self._followed.values():
                task.cancel()
            await asyncio.gather(*self._followed.values(), return_exceptions=True)

    # -- sending

    async def _outgoing(self) -> AsyncIterator[Frame]:
        while True:
            item = await self._queue.get()
            if isinstance(item, Hangup):
                raise item
            yield item

    def _send(self, frame: Frame) -> None:
        if self._ending:
            return
        if self._queue.qsize() >= self.settings.socket_waiting:
            self._ending = True
            if not self._over.done():
                self._over.set_result(Hangup(TRY_LATER, "the client is too slow"))
            return
        self._queue.put_nowait(frame)

    def _hang_up(self, code: int, refusal: Refusal | None = None) -> None:
        """Close after what is waiting; an error frame goes first."""
        if refusal is not None:
            self._send(refusal.frame)
        if not self._ending:
            self._ending = True
            self._queue.put_nowait(Hangup(code, refusal.frame["message"] if refusal else ""))

    # -- hearing

    async def _hear(self, message: Any) -> None:
        if self._ending:
            return
        moment = asyncio.get_running_loop().time()
        self._heard.append(moment)
        if len(self._heard) > FRAMES_AT_ONCE and moment - self._heard[0] <= FRAME_SECONDS:
            self._hang_up(TOO_MANY, Refusal("RATE_LIMITED", "Too many frames"))
            return
        try:
            await self._follow(message)
        except Refusal as refusal:
            self._send(refusal.frame)
            if refusal.frame["code"] == "VALIDATION_ERROR":
                self._faulty += 1
                if self._faulty >= FAULTY_FRAMES:
                    self._hang_up(FAULTY)

    async def _follow(self, message: Any) -> None:
        kind = message.get("type") if isinstance(message, dict) else None
        if kind == "ping":
            given = message.get("id")
            self._send({"type": "pong", "id": given if isinstance(given, str | int | float) else None, "timestamp": isoformat(now())})
        elif kind == "auth":
            await self._authenticate(message.get("token"))
        elif self.identity is None:
            self._hang_up(UNAUTHENTICATED, Refusal("AUTHENTICATION_ERROR", "Not authenticated"))
        elif not isinstance(message, dict):
            raise Refusal("VALIDATION_ERROR", "Not a JSON object")
        elif kind == "subscribe":
            await self._subscribe(message, self.identity.account.id)
        elif kind == "unsubscribe":
            self._unsubscribe(message)
        else:
            raise Refusal("VALIDATION_ERROR", "Unknown type; known are auth, subscribe, unsubscribe, ping")

    # -- log-in

    async def _by_handshake(self) -> None:
        await self._log_in(lambda: self.hub.context.identify(self.socket))

    async def _authenticate(self, token: Any) -> None:
        if not isinstance(token, str):
            raise Refusal("VALIDATION_ERROR", "token: Field required")
        await self._log_in(lambda: self._verified(token))

    def _verified(self, token: str) -> Identity:
        platform = self.hub.context.platform
        with platform.database.read() as session:
            return platform.tokens.verify(session, token, rules=self.hub.context.tokens)

    async def _log_in(self, verify: Callable[[], Identity]) -> None:
        try:
            if await self._admitted(await run_in_threadpool(verify)):
                # The session may have ended before anybody listened.
                await run_in_threadpool(verify)
                self._welcome()
        except (NotAuthenticated, NotAllowed):
            self._hang_up(UNAUTHENTICATED, Refusal("AUTHENTICATION_ERROR", "Invalid or expired token"))

    async def _admitted(self, identity: Identity) -> bool:
        """Take the identity on and listen for the end of its session; False where the socket is closed instead."""
        account_id = identity.account.id
        if self.identity is not None and self.identity.account.id != account_id:
            self._hang_up(UNAUTHENTICATED, Refusal("AUTHENTICATION_ERROR", "The token belongs to another account"))
            return False
        if self._leave is None:
            self._leave = await _seat(self.hub.context.platform.seats, account_id, self.settings.sockets_per_account)
        if self._leave is None:
            self._hang_up(TOO_MANY, Refusal("RATE_LIMITED", f"At most {self.settings.sockets_per_account} sockets are accepted"))
            return False
        if self.identity is None:
            self._end_listening = self.hub.tails.bridge.listen([f"account:{account_id}"], self._account_event)
        self.identity = identity
        self.expires_at = identity.claims.get("exp")
        return True

    def _welcome(self) -> None:
        assert self.identity is not None
        if self._timer is not None:
            self._timer.cancel()
        if self.expires_at is not None:
            wait = max(0.0, self.expires_at - self.hub.context.platform.clock().timestamp())
            self._timer = asyncio.get_running_loop().call_later(wait, self._timed_out)
        until = None if self.expires_at is None else isoformat(datetime.fromtimestamp(self.expires_at, now().tzinfo))
        self._send({"type": "auth_ok", "user_id": self.identity.account.id, "expires_at": until})

    def _timed_out(self) -> None:
        message = "Not authenticated" if self.identity is None else "Invalid or expired token"
        self._hang_up(UNAUTHENTICATED, Refusal("AUTHENTICATION_ERROR", message))

    def _account_event(self, event: Event) -> None:
        session_id = self.identity.session_id if self.identity is not None else None
        revoked = event.name == "session-revoked" and event.data.get("session_id") == session_id
        if revoked or event.name == "account-deleted":
            self._hang_up(UNAUTHENTICATED, Refusal("AUTHENTICATION_ERROR", "Invalid or expired token"))

    # -- subscriptions

    async def _subscribe(self, message: Frame, account_id: str) -> None:
        channel, thing = _target(message)
        since = _since(message.get("since"), thing)
        if (channel, thing) not in self._followed and len(self._followed) >= SUBSCRIPTIONS:
            raise Refusal("RATE_LIMITED", f"At most {SUBSCRIPTIONS} subscriptions are accepted", thing)
        tails, lookups = self.hub.tails, self.hub.tails.lookups
        try:
            if channel == "job":
                await run_in_threadpool(lookups.job, thing, account_id)
            elif channel == "dataset":
                await run_in_threadpool(lookups.dataset, thing, account_id)
        except NotFound as error:
            raise Refusal("NOT_FOUND", error.message, thing) from error
        earlier = self._followed.pop((channel, thing), None)
        if earlier is not None:
            earlier.cancel()
            await asyncio.gather(earlier, return_exceptions=True)
        self._send(_acknowledged("subscribed", channel, thing))
        if channel == "jobs":
            frames = tails.jobs(account_id)
        elif channel == "job":
            frames = tails.job(str(thing), since=since)
        else:
            frames = tails.dataset(str(thing))
        self._followed[channel, thing] = asyncio.create_task(self._relay(frames))

    def _unsubscribe(self, message: Frame) -> None:
        channel, thing = _target(message)
        task = self._followed.pop((channel, thing), None)
        if task is not None:
            task.cancel()
        self._send(_acknowledged("unsubscribed", channel, thing))

    async def _relay(self, frames: AsyncIterator[Frame]) -> None:
        with contextlib.suppress(NotFound):
            async for frame in frames:
                self._send(frame)


async def _seat(seats: Seats, account_id: str, limit: int) -> Leave | None:
    """A place among the account's sockets of all processes; it is given back where nobody waits for it any more."""
    taking = asyncio.ensure_future(run_in_threadpool(seats.take, f"{FACE}:sockets:{account_id}", limit))
    try:
        return await asyncio.shield(taking)
    except asyncio.CancelledError:
        taking.add_done_callback(_give_back)
        raise


def _give_back(taking: "asyncio.Future[Leave | None]") -> None:
    if not taking.cancelled() and taking.exception() is None and (leave := taking.result()) is not None:
        leave()


def _target(message: Frame) -> tuple[str, str | None]:
    """Channel and id that a frame names."""
    channel = message.get("channel")
    if channel == "jobs":
        return channel, None
    if channel not in {"job", "dataset"}:
        raise Refusal("VALIDATION_ERROR", "Unknown channel; known are job, jobs, dataset")
    key = f"{channel}_id"
    if key not in message:
        raise Refusal("VALIDATION_ERROR", f"{key}: Field required")
    thing = message[key]
    if not isinstance(thing, str):
        raise Refusal("NOT_FOUND", f"{channel.capitalize()} not found")
    return str(channel), thing.lower()


def _since(value: Any, thing: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        return MOMENT.validate_python(value)
    except ValidationError as error:
        raise Refusal("VALIDATION_ERROR", "since: Not a date or a date and time in ISO 8601", thing) from error


def _acknowledged(kind: str, channel: str, thing: str | None) -> Frame:
    frame: Frame = {"type": kind, "channel": channel, "job_id": thing if channel == "job" else None}
    return frame | ({"dataset_id": thing} if channel == "dataset" else {})
