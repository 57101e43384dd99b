"""The outer application, and the server around it."""

import asyncio
import contextlib
import socket
from collections.abc import Mapping, Sequence

import anyio.to_thread
import structlog
import uvicorn

from pentaprism.app.building import build_platform
from pentaprism.app.faces import all_faces
from pentaprism.app.root import build_metrics_app, build_root
from pentaprism.core.database.migrate import is_current, upgrade
from pentaprism.core.observability import logs
from pentaprism.core.platform import Platform
from pentaprism.settings import Settings, SettingsError
from pentaprism.web.face import Face
from pentaprism.web.gateway import Gateway, Places
from pentaprism.web.proxies import TrustedProxies

log = structlog.get_logger("pentaprism")
BACKLOG = 2048
START_AFTER_SECONDS = 0.05


def build_gateway(
    settings: Settings,
    faces: Sequence[Face] | None = None,
    *,
    platform: Platform | None = None,
    only: str | None = None,
    ports: Mapping[int, str] | None = None,
    metrics_port: int | None = None,
) -> Gateway:
    """The outer ASGI application. Its lifespan starts and stops everything, the platform included.

    ``only`` puts one face at the root of everything, ``ports`` faces at the root of a port each.
    """
    chosen = tuple(all_faces() if faces is None else faces)
    whole = platform if platform is not None else build_platform(settings)
    if settings.database.upgrade and not is_current(whole.database):
        upgrade(whole.database)
    apps = {face.name: face.create_app(whole, getattr(settings, face.name)) for face in chosen}
    unknown = sorted({*settings.server.hosts.values(), *(ports or {}).values(), *([only] if only else [])} - set(apps))
    if unknown:
        raise SettingsError(f"there is no face {', '.join(unknown)}; there are {', '.join(sorted(apps))}")
    with_metrics = settings.server.metrics and metrics_port is None
    root = build_root(chosen, whole.health, whole.metrics, with_metrics=with_metrics, public_url=settings.public_url)
    places = Places(
        ports=dict(ports or {}),
        hosts={host.lower(): name for host, name in settings.server.hosts.items()},
        root_mounts={path: face.name for face in chosen for path in face.root_mounts},
        only=only,
        apart={metrics_port: build_metrics_app(whole.health, whole.metrics)} if metrics_port is not None else {},
    )
    background = _Background(whole, settings.server.threads)
    proxies = TrustedProxies(settings.server.trusted_proxies)
    return Gateway(apps, root, places, proxies=proxies, on_start=[background.start], on_stop=[background.stop])


def serve(settings: Settings, *, face: str | None = None, port_given: bool = True) -> None:
    """Serve until told to stop. ``face`` serves one face alone, on its own port unless another was given."""
    logs.configure(settings.logs.level, style=settings.logs.style)
    by_name = {item.name: item for item in all_faces()}
    if face is not None and face not in by_name:
        raise SettingsError(f"there is no face {face}; there are {', '.join(sorted(by_name))}")
    port = by_name[face].port if face is not None and not port_given else settings.server.port
    with contextlib.ExitStack() as open_sockets:
        main = open_sockets.enter_context(listen(settings.server.host, port))
        ports: dict[int, str] = {}
        sockets = [main]
        if settings.server.native_ports and face is None:
            for item in by_name.values():
                sockets.append(open_sockets.enter_context(listen(settings.server.host, item.port)))
                ports[item.port] = item.name
        metrics_port = settings.server.metrics_port
        if metrics_port is not None:
            sockets.append(open_sockets.enter_context(listen(settings.server.host, metrics_port)))
            metrics_port = sockets[-1].getsockname()[1]
        gateway = build_gateway(settings, only=face, ports=ports, metrics_port=metrics_port)
        Server(gateway, settings).run(sockets)


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address; SettingsError where that cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise SettingsError(f"{host}:{port} cannot be used: {error.strerror or error}") from error
    sock.set_inheritable(False)
    return sock


class Server(uvicorn.Server):
    """uvicorn, telling long-lived connections of the end as soon as it is asked to stop."""

    def __init__(self, gateway: Gateway, settings: Settings) -> None:
        self.gateway = gateway
        super().__init__(
            uvicorn.Config(
                gateway,
                lifespan="on",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                backlog=BACKLOG,
                timeout_keep_alive=settings.server.keep_alive_seconds,
                timeout_graceful_shutdown=max(1, round(settings.server.drain_seconds)),
                ws_max_size=16 * 1024 * 1024,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's; then says where it listens."""
        await super().startup(sockets)
        for sock in sockets or []:
            host, port = sock.getsockname()[:2]
            log.info("listening", address=f"http://{host}:{port}")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell streams and sockets first: they would hold the server for the whole grace."""
        if self.gateway.stopping is not None:
            self.gateway.stopping.set()
        await super().shutdown(sockets)
        # uvicorn would raise the signal again and end the process by it; having stopped in good order is a success.
        self._captured_signals.clear()
        log.info("stopped")


class _Background:
    """Starts the platform's background work shortly after the server listens, and stops it at the end."""

    def __init__(self, platform: Platform, threads: int) -> None:
        self._platform = platform
        self._threads = threads
        self._starting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns at once; the first requests are answered before the workers take the processor."""
        anyio.to_thread.current_default_thread_limiter().total_tokens = self._threads
        self._starting = asyncio.create_task(self._start_soon())

    async def stop(self) -> None:
        """Hand running jobs back and close everything."""
        if self._starting is not None:
            await asyncio.wait([self._starting])
        await asyncio.to_thread(self._platform.close)

    async def _start_soon(self) -> None:
        await asyncio.sleep(START_AFTER_SECONDS)
        try:
            await asyncio.to_thread(self._platform.start)
        except Exception:
            log.exception("the background work did not start")
