"""The outer application: finds the face of a request by port, host name or path prefix."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

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
    """The faces that a gateway serves, by name, and where they stand."""

    faces: Mapping[str, ASGIApp]
    places: Places = field(default_factory=Places)


class Gateway:
    """Faces below ``/<name>``, on their ports, under their host names; everything else goes to ``root``.

    ``opening`` gives the faces once the server listens already: until then health and metrics are answered, and every other
    request waits. If it fails, ``on_failure`` is called. ``on_open`` and ``on_stop`` run after opening and at the end.
    ``apart`` are whole applications on ports of their own.

    Below a prefix ``root_path`` ends with it, as for any mounted ASGI application, so that links lead back there.
    """

    def __init__(
        self,
        root: ASGIApp,
        opening: Callable[[], Awaitable[Opened]],
        *,
        apart: Mapping[int, ASGIApp] | None = None,
        proxies: TrustedProxies | None = None,
        on_open: Hook | None = None,
        on_stop: Hook | None = None,
        on_failure: Callable[[Exception], None] | None = None,
    ) -> None:
        self.root = root
        self.opened: Opened | None = None
        self.stopping: asyncio.Event | None = None
        self._opening = opening
        self._apart = dict(apart or {})
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
        early = self._apart.get(_port(scope)) or (self.root if self.opened is None and _path(applied) in EARLY else None)
        if early is not None:
            await early(applied, receive, send)
            return
        await self._is_open.wait()
        app, inner = self.find(applied)
        await app(inner, receive, send)

    def find(self, scope: Scope) -> tuple[ASGIApp, Scope]:
        """The application for a request, and the scope it gets."""
        if self.opened is None:
            return self.root, scope
        faces, places = self.opened.faces, self.opened.places
        host = Headers(scope=scope).get("host", "").rsplit(":", 1)[0].lower()
        name = places.only or places.ports.get(_port(scope)) or places.hosts.get(host)
        if name:
            return faces[name], scope
        path = _path(scope)
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
        return self.root, scope

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
            log.exception("the start failed")
            self._is_open.set()
            if self.on_failure is not None:
                self.on_failure(error)


def at_once(faces: Mapping[str, ASGIApp], places: Places | None = None) -> Callable[[], Awaitable[Opened]]:
    """The opening of faces that are there already."""

    async def opening() -> Opened:
        return Opened(faces, places or Places())

    return opening


def _path(scope: Scope) -> str:
    root: str = scope.get("root_path", "")
    path: str = scope["path"]
    return path.removeprefix(root)


def _port(scope: Scope) -> int:
    return (scope.get("server") or ("", 0))[1] or 0
