"""The outer application: finds the face of a request by port, host name or path prefix."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from pentaprism.web.early import PATHS, early, inner_path
from pentaprism.web.lifespan import Lifespan
from pentaprism.web.proxies import TrustedProxies

log = structlog.get_logger(__name__)
Hook = Callable[[], Awaitable[None]]
EARLY = ("/health", "/health/", "/health/live", "/health/ready", "/metrics")
FACE_BELOW = "pentaprism.face_below"
"""Scope key: where the face stands below the root that the request came in at. Set for paths of a face that the root serves too."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where faces stand. ``ports`` and ``hosts`` lead to a face at the root; ``root_mounts`` are paths of the gateway's root
    that belong to a face; ``only`` puts one face at the root of everything."""

    ports: Mapping[int, str] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)
    root_mounts: Mapping[str, str] = field(default_factory=dict)
    only: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """The faces that a gateway serves, by name, and where they stand; ``root`` takes what belongs to none.

    ``apart`` are whole applications on ports of their own.
    """

    faces: Mapping[str, ASGIApp]
    root: ASGIApp
    apart: Mapping[int, ASGIApp] = field(default_factory=dict)
    places: Places = field(default_factory=Places)


class Gateway:
    """Faces below ``/<name>``, on their ports, under their host names.

    ``opening`` gives the faces once the server listens already: until then health is answered as starting, and every other
    request waits. If it fails, ``on_failure`` is called. ``on_open`` and ``on_stop`` run after opening and at the end.

    Below a prefix ``root_path`` ends with it, as for any mounted ASGI application, so that links lead back there.
    """

    def __init__(
        self,
        opening: Callable[[], Awaitable[Opened]],
        *,
        proxies: TrustedProxies | None = None,
        on_open: Hook | None = None,
        on_stop: Hook | None = None,
        on_failure: Callable[[Exception], None] | None = None,
    ) -> None:
        self.opened: Opened | None = None
        self.stopping: asyncio.Event | None = None
        self._opening = opening
        self._proxies = proxies or TrustedProxies()
        self._on_open = on_open
        self._on_stop = on_stop
        self.on_failure = on_failure
        self._is_open = asyncio.Event()
        self._lives: list[Lifespan] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        applied = self._proxies.apply(scope)
        if self.opened is None and not (scope["type"] == "http" and inner_path(applied) in PATHS):
            await self._is_open.wait()
        if self.opened is not None:
            app, inner = self.find(self.opened, applied)
            await app(inner, receive, send)
        elif scope["type"] == "http":
            await early(applied, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1013})

    @staticmethod
    def find(opened: Opened, scope: Scope) -> tuple[ASGIApp, Scope]:
        """The application for a request, and the scope it gets."""
        faces, places, port = opened.faces, opened.places, (scope.get("server") or ("", 0))[1]
        if port in opened.apart:
            return opened.apart[port], scope
        host = Headers(scope=scope).get("host", "").rsplit(":", 1)[0].lower()
        name = places.only or places.ports.get(port) or places.hosts.get(host)
        if name:
            return faces[name], scope
        path = inner_path(scope)
        first = path.removeprefix("/").split("/", 1)[0]
        if first in faces:
            mounted = f"{scope.get('root_path', '')}/{first}"
            inner = {**scope, "root_path": mounted, "app_root_path": mounted}
            if path == f"/{first}":
                inner["path"] = f"{scope['path']}/"
            return faces[first], inner
        for mount, face in places.root_mounts.items():
            if path == mount or path.startswith(mount.rstrip("/") + "/"):
                return faces[face], {**scope, FACE_BELOW: f"/{face}"}
        return opened.root, scope

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.stopping = asyncio.Event()
        scope.setdefault("state", {})["stopping"] = self.stopping
        await receive()
        opening = asyncio.create_task(self._open())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.stopping.set()
        await asyncio.wait([opening])
        steps: Sequence[Hook] = [life.stop for life in reversed(self._lives)]
        for step in [*steps, *([self._on_stop] if self._on_stop else [])]:
            try:
                await step()
            except Exception:
                log.exception("stop failed")
        await send({"type": "lifespan.shutdown.complete"})

    async def _open(self) -> None:
        try:
            opened = await self._opening()
            for app in opened.faces.values():
                life = Lifespan(app)
                await life.start()
                self._lives.append(life)
            self.opened = opened
            self._is_open.set()
            if self._on_open is not None:
                await self._on_open()
        except Exception as error:
            # Whoever hears of the failure raises it again, with its traceback where it is a surprise.
            log.exception("the start failed", error=str(error), exc_info=self.on_failure is None)
            self._is_open.set()
            if self.on_failure is not None:
                self.on_failure(error)


def at_once(faces: Mapping[str, ASGIApp], root: ASGIApp, places: Places | None = None) -> Callable[[], Awaitable[Opened]]:
    """The opening of faces that are there already."""

    async def opening() -> Opened:
        return Opened(faces, root, places=places or Places())

    return opening
