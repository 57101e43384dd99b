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


@dataclass(frozen=True, slots=True)
class Places:
    """Where faces stand. ``ports`` and ``hosts`` lead to a face at the root; ``root_mounts`` are paths of the gateway's root
    that belong to a face; ``only`` puts one face at the root of everything. ``apart`` are whole applications on ports."""

    ports: Mapping[int, str] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)
    root_mounts: Mapping[str, str] = field(default_factory=dict)
    only: str | None = None
    apart: Mapping[int, ASGIApp] = field(default_factory=dict)


class Gateway:
    """Faces below ``/<name>``, on their ports, under their host names; everything else goes to ``root``.

    Below a prefix ``root_path`` ends with it, as for any mounted ASGI application, so that links lead back there.
    """

    def __init__(
        self,
        faces: Mapping[str, ASGIApp],
        root: ASGIApp,
        places: Places | None = None,
        *,
        proxies: TrustedProxies | None = None,
        on_start: Sequence[Hook] = (),
        on_stop: Sequence[Hook] = (),
    ) -> None:
        self.faces = faces
        self.root = root
        self.places = places or Places()
        self.proxies = proxies or TrustedProxies()
        self.on_start = on_start
        self.on_stop = on_stop
        self.stopping: asyncio.Event | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        app, inner = self.find(self.proxies.apply(scope))
        await app(inner, receive, send)

    def find(self, scope: Scope) -> tuple[ASGIApp, Scope]:
        """The application for a request, and the scope it gets."""
        places = self.places
        port: int = (scope.get("server") or ("", 0))[1] or 0
        if port in places.apart:
            return places.apart[port], scope
        host = Headers(scope=scope).get("host", "").rsplit(":", 1)[0].lower()
        name = places.only or places.ports.get(port) or places.hosts.get(host)
        if name:
            return self.faces[name], scope
        root: str = scope.get("root_path", "")
        path: str = scope["path"].removeprefix(root)
        first = path.removeprefix("/").split("/", 1)[0]
        if first in self.faces:
            inner = {**scope, "root_path": f"{root}/{first}", "app_root_path": f"{root}/{first}"}
            if path == f"/{first}":
                inner["path"] = f"{scope['path']}/"
            return self.faces[first], inner
        for mount, face in places.root_mounts.items():
            if face in self.faces and (path == mount or path.startswith(mount.rstrip("/") + "/")):
                return self.faces[face], scope
        return self.root, scope

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.stopping = asyncio.Event()
        if "state" in scope:
            scope["state"]["stopping"] = self.stopping
        lives = [Lifespan(app) for app in self.faces.values()]
        await receive()
        try:
            for life in lives:
                await life.start()
            for hook in self.on_start:
                await hook()
        except Exception as error:
            log.exception("start failed")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.stopping.set()
        await self._stop(lives)
        await send({"type": "lifespan.shutdown.complete"})

    async def _stop(self, lives: Sequence[Lifespan]) -> None:
        for step in [*(life.stop for life in reversed(lives)), *self.on_stop]:
            try:
                await step()
            except Exception:
                log.exception("stop failed")
