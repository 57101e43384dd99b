"""The socket.io server: connections, authentication, and what clients may ask for."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import structlog
from socketio import ASGIApp, AsyncServer
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp as App

from pentaprism.core.accounts.identity import Identity
from pentaprism.core.clock import isoformat, now
from pentaprism.core.errors import NotAuthenticated, PlatformError
from pentaprism.core.events.bus import Subscription
from pentaprism.core.events.event import Event
from pentaprism.core.ids import is_id
from pentaprism.faces.spheroseg.context import TOPIC, Spheroseg
from pentaprism.faces.spheroseg.sockets.feed import NAMESPACES, Feed
from pentaprism.faces.spheroseg.sockets.handshakes import Handshakes
from pentaprism.faces.spheroseg.sockets.lookups import Lookups
from pentaprism.faces.spheroseg.sockets.members import Member, Members
from pentaprism.faces.spheroseg.sockets.payloads import Message
from pentaprism.faces.spheroseg.sockets.requests import Admit, Ask, Join
from pentaprism.web.gateway import FACE_BELOW

log = structlog.get_logger(__name__)

MOUNT = "/socket.io"
SESSION_CHECK_EVERY = 30.0
CLOSE_AFTER = 1.0
LARGEST_MESSAGE = 100_000


def build_sockets(context: Spheroseg) -> App:
    """The ASGI application to mount at ``/socket.io``."""
    sockets = Sockets(context)
    context.on_access_lost.append(sockets.access_lost)
    context.platform.on_close.append(sockets.close)
    return Handshakes(context, ASGIApp(sockets.server, socketio_path=None))


class Sockets:
    """Starts with the first connection, in the loop that serves it."""

    def __init__(self, context: Spheroseg) -> None:
        self._context = context
        self._lookups = Lookups(context)
        self._members = Members()
        self._feed: Feed | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loop_thread = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._face: Subscription | None = None
        self._accounts: dict[str, Subscription] = {}
        self.server = AsyncServer(
            async_mode="asgi",
            cors_allowed_origins=[],
            always_connect=True,
            async_handlers=False,
            namespaces=list(NAMESPACES),
            max_http_buffer_size=LARGEST_MESSAGE,
            logger=False,
            engineio_logger=False,
        )
        for namespace in NAMESPACES:
            for event, handler in self._handlers(namespace).items():
                self.server.on(event, handler, namespace=namespace)

    # -- connections

    def _handlers(self, namespace: str) -> dict[str, Callable[..., Any]]:
        async def connect(sid: str, environ: dict[str, Any], auth: Any = None) -> None:
            self._start()
            member = Member(sid, self.server.manager.eio_sid_from_sid(sid, namespace), namespace, self._base(environ))
            self._members.add(member)
            self._spawn(self._enter(member, token_of(environ, auth)))

        async def disconnect(sid: str, _reason: str = "") -> None:
            self._gone(sid)

        def asked(method: Callable[..., Any]) -> Callable[..., Any]:
            async def handler(sid: str, *arguments: Any) -> Any:
                member = self._members.by_sid.get(sid)
                return await method(member, arguments[0] if arguments else None) if member is not None and member.admitted else None

            return handler

        return {
            "connect": connect,
            "disconnect": disconnect,
            "authenticate": asked(self._renew),
            "join_project": asked(self._join_project),
            "join-project": asked(self._join_project),
            "join": asked(self._join),
            "leave_project": asked(self._leave_project),
            "leave-project": asked(self._leave_project),
            "leave": asked(self._leave),
            "get_image_status": asked(self._image_status),
            "ping": asked(self._ping),
        }

    def _start(self) -> None:
        if self._feed is not None:
            return
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._feed = Feed(self.server, self._members, self._lookups, self._refuse_ended)
        self._face = self._context.platform.events.subscribe([TOPIC], self._feed.arrived)
        for work in (self._feed.run(), self._feed.reconcile(), self._check_sessions()):
            self._spawn(work)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Stop listening to the bus; the tasks end with their loop."""
        for subscription in (self._face, *self._accounts.values()):
            if subscription is not None:
                subscription.close()

    def _base(self, environ: dict[str, Any]) -> str:
        """Address of the face's root as the client reaches it."""
        scope = environ["asgi.scope"]
        base = self._context.base(HTTPConnection(scope)).removesuffix(MOUNT)
        below = scope.get(FACE_BELOW, "")
        return base if base.endswith(below) else base + below

    # -- authentication

    async def _enter(self, member: Member, token: str) -> None:
        """Second phase of a connection: the token becomes an account, or the socket is sent away."""
        try:
            identity = await asyncio.to_thread(self._verify, token)
            account_id = identity.account.id
            if not self._members.claim(member, account_id, identity.session_id, self._context.settings.sockets_per_account):
                raise NotAuthenticated("This account has too many open sockets.", reason="too_many_sockets")
        except PlatformError as error:
            await self._refuse(member, error)
            return
        if member.sid not in self._members.by_sid:
            self._members.add(member)
            self._gone(member.sid)
            return
        if account_id not in self._accounts:
            self._accounts[account_id] = self._context.platform.events.subscribe([f"account:{account_id}"], self._account_event)
        self._to_feed(Admit(member))

    def _verify(self, token: str) -> Identity:
        with self._context.platform.database.read() as session:
            return self._context.platform.tokens.verify(session, token)

    async def _renew(self, member: Member, data: Any) -> None:
        """``authenticate``: a newer token of the same account."""
        try:
            identity = await asyncio.to_thread(self._verify, plain_token(data.get("token") if isinstance(data, dict) else data))
            if identity.account.id != member.account_id:
                raise NotAuthenticated("The token belongs to another account.", reason="invalid")
        except PlatformError as error:
            await self._refuse(member, error)
            return
        member.session_id = identity.session_id
        self._to_feed(Admit(member, again=True))

    async def _refuse(self, member: Member, error: PlatformError) -> None:
        """``authentication_error``, then the disconnect."""
        member.admitted = False
        payload = {"error": "AUTHENTICATION_REQUIRED", "message": error.message, "reason": error.details.get("reason", "invalid")}
        if member.sid in self._members.by_sid:
            await self._say(member, "authentication_error", payload)
            self._gone(member.sid)
        await self.server.disconnect(member.sid, namespace=member.namespace)
        self._spawn(self._close_connection(member.eio_sid))

    async def _refuse_ended(self, member: Member) -> None:
        await self._refuse(member, NotAuthenticated("The session has ended.", reason="revoked"))

    async def _close_connection(self, eio_sid: str) -> None:
        """Close the connection below, unless a socket of another namespace still uses it."""
        await asyncio.sleep(CLOSE_AFTER)
        if not any(member.eio_sid == eio_sid for member in self._members.by_sid.values()):
            await self.server.eio.disconnect(eio_sid)

    def _gone(self, sid: str) -> None:
        member = self._members.remove(sid)
        account_id = member.account_id if member else None
        if account_id is not None and account_id not in self._members.by_account:
            subscription = self._accounts.pop(account_id, None)
            if subscription is not None:
                self._spawn(asyncio.to_thread(subscription.close))

    def _account_event(self, event: Event) -> None:
        """Called in the bus thread: a session or the account itself has ended."""
        if event.name in {"session-revoked", "account-deleted"} and self._loop is not None:
            self._loop.call_soon_threadsafe(self._ended, event)

    def _ended(self, event: Event) -> None:
        account_id = event.topic.removeprefix("account:")
        session_id = event.data.get("session_id") if event.name == "session-revoked" else None
        for member in list(self._members.by_account.get(account_id, ())):
            if session_id is None or member.session_id == session_id:
                member.admitted = False
                self._spawn(self._refuse_ended(member))

    async def _check_sessions(self) -> None:
        """Sockets live as long as their log-in; an end that no event told is found here."""
        while True:
            await asyncio.sleep(SESSION_CHECK_EVERY)
            members = [member for member in self._members.by_sid.values() if member.admitted and member.session_id]
            try:
                alive = await asyncio.to_thread(self._lookups.alive, {str(member.session_id) for member in members})
            except Exception:
                log.exception("sessions of sockets could not be checked")
                continue
            for member in members:
                if member.session_id not in alive:
                    await self._refuse_ended(member)

    def access_lost(self, project_id: str, _account_id: str | None) -> None:
        """Called in a thread after a right has ended: when this returns, no socket without a right hears of the project."""
        feed, loop = self._feed, self._loop
        if feed is None or loop is None or loop.is_closed():
            return
        fencing = asyncio.run_coroutine_threadsafe(feed.fence(self._lookups.allowed(project_id)), loop)
        if threading.get_ident() != self._loop_thread:
            fencing.result(timeout=5)

    # -- what clients ask for

    def _to_feed(self, item: Admit | Ask | Join) -> None:
        assert self._feed is not None
        self._feed.put(item)

    async def _say(self, member: Member, event: str, payload: dict[str, Any]) -> None:
        assert self._feed is not None
        await self._feed.send(Message(event, payload, to=member.sid))

    async def _join_project(self, member: Member, data: Any) -> dict[str, Any]:
        found = data.get("projectId") if isinstance(data, dict) else data
        return await self._joining(member, "project", found, f"project-{found}", "joined_project")

    async def _join(self, member: Member, data: Any) -> dict[str, Any]:
        room = data.get("room") if isinstance(data, dict) else data
        kind, found = split_room(room)
        return await self._joining(member, kind, found, str(room), "joined")

    async def _joining(self, member: Member, kind: str, found: Any, room: str, event: str) -> dict[str, Any]:
        if kind not in {"project", "image"} or not isinstance(found, str) or not is_id(found):
            answer = {"error": "RESOURCE_NOT_FOUND", "message": "There is no such room.", "room": room[:200]}
            await self._say(member, "error", answer)
            return answer
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        name = f"{kind}-{found.lower()}"
        self._to_feed(Join(member, "project" if kind == "project" else "image", found, name, event, future))
        return await future

    async def _leave_project(self, member: Member, data: Any) -> dict[str, Any]:
        found = data.get("projectId") if isinstance(data, dict) else data
        return await self._leave(member, f"project-{found}")

    async def _leave(self, member: Member, data: Any) -> dict[str, Any]:
        kind, found = split_room(data.get("room") if isinstance(data, dict) else data)
        name = f"{kind}-{str(found).lower()}"
        if name in member.joined and self._feed is not None:
            await self._feed.leave(member, name)
        return {"left": name}

    async def _image_status(self, member: Member, data: Any) -> dict[str, Any]:
        found = data.get("imageId") if isinstance(data, dict) else data
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._to_feed(Ask(member, found if isinstance(found, str) else "", future))
        return await future

    async def _ping(self, member: Member, data: Any) -> dict[str, Any]:
        sent = data.get("timestamp") if isinstance(data, dict) else data
        answer = {"timestamp": sent, "serverTime": isoformat(now())}
        await self._say(member, "pong", answer)
        return answer


def split_room(room: Any) -> tuple[str, str]:
    """``project-<id>`` or ``project:<id>`` as kind and id; empty for any other name."""
    if not isinstance(room, str):
        return "", ""
    for kind in ("project", "image"):
        for separator in "-:":
            if room.startswith(kind + separator):
                return kind, room[len(kind) + 1 :]
    return "", ""


def token_of(environ: dict[str, Any], auth: Any) -> str:
    """The token of a connection: from ``auth``, the query, or the Authorization header."""
    if isinstance(auth, dict) and isinstance(auth.get("token"), str) and auth["token"]:
        return plain_token(auth["token"])
    in_query = parse_qs(environ.get("QUERY_STRING", "")).get("token")
    return plain_token(in_query[0] if in_query else environ.get("HTTP_AUTHORIZATION", ""))


def plain_token(value: Any) -> str:
    """The token without a ``Bearer`` in front."""
    text = value.strip() if isinstance(value, str) else ""
    return text[7:].strip() if text[:7].lower() == "bearer " else text
