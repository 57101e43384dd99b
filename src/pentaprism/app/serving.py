"""The outer application, and the server around it.

The server listens first and loads the faces behind its open sockets, so that it tells at once that it is there.
"""

import asyncio
import contextlib
import gc
import ipaddress
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING

import anyio.to_thread
import structlog
import uvicorn

from pentaprism.core.observability import logs
from pentaprism.settings import Settings, SettingsError
from pentaprism.web.gateway import Gateway, Opened, Places
from pentaprism.web.proxies import TrustedProxies

if TYPE_CHECKING:
    from pentaprism.core.platform import Platform

log = structlog.get_logger("pentaprism")
BACKLOG = 2048
METRICS_PORT = 9090
GOODBYE_SECONDS = 1.0
"""How long a stopping server waits for its WebSockets to be closed in good order."""


class Opening:
    """Loads the faces and the platform in a thread, starts the background work, and closes it all."""

    def __init__(self, settings: Settings, places: Places, metrics_port: int | None, platform: "Platform | None") -> None:
        self._settings = settings
        self._places = places
        self._metrics_port = metrics_port
        self._platform = platform

    async def open(self) -> Opened:
        """The faces, ready to serve. Raises SettingsError, and whatever a database that cannot be used raises."""
        anyio.to_thread.current_default_thread_limiter().total_tokens = self._settings.server.threads
        return await asyncio.to_thread(self._load)

    async def start(self) -> None:
        """Start workers, helpers and maintenance."""
        # What is loaded now stays to the end: the garbage collector need not look at it again and again.
        gc.freeze()
        if self._platform is not None:
            await asyncio.to_thread(self._platform.start)

    async def close(self) -> None:
        """Hand running jobs back and close everything."""
        if self._platform is not None:
            await asyncio.to_thread(self._platform.close)

    def _load(self) -> Opened:
        from pentaprism.app.opening import load_faces, open_platform  # noqa: PLC0415 -- loads everything, after the server listens

        self._platform = open_platform(self._settings, self._platform)
        return load_faces(self._settings, self._platform, self._places, self._metrics_port)


def build_gateway(
    settings: Settings,
    *,
    platform: "Platform | None" = None,
    only: str | None = None,
    ports: Mapping[int, str] | None = None,
    metrics_port: int | None = None,
) -> Gateway:
    """The outer ASGI application. Its lifespan starts and stops everything, the platform included.

    ``only`` puts one face at the root of everything, ``ports`` faces at the root of a port each.
    """
    hosts = {host.lower(): name for host, name in settings.server.hosts.items()}
    opening = Opening(settings, Places(ports=dict(ports or {}), hosts=hosts, only=only), metrics_port, platform)
    proxies = TrustedProxies(settings.server.trusted_proxies)
    return Gateway(opening.open, proxies=proxies, on_open=opening.start, on_stop=opening.close)


def serve(settings: Settings, *, face: str | None = None, port_given: bool = True) -> None:
    """Serve until told to stop. ``face`` serves one face alone, on its own port unless another was given."""
    from pentaprism.app.faces import NATIVE_PORTS  # noqa: PLC0415 -- beside its one use

    logs.configure(settings.logs.level, style=settings.logs.style)
    native_ports = {name: settings.server.face_ports.get(name, port) for name, port in NATIVE_PORTS.items()}
    unknown = sorted({*([face] if face else []), *settings.server.face_ports} - set(native_ports))
    if unknown:
        raise SettingsError(f"there is no face {', '.join(unknown)}; there are {', '.join(sorted(native_ports))}")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    settings.secret_bytes()
    # Some faces have an address of their own for being served alone.
    alone = getattr(settings, face) if face is not None else None
    port = getattr(alone, "port", native_ports[face]) if face is not None and not port_given else settings.server.port
    host = getattr(alone, "host", None) or settings.server.host
    if settings.snapasset.anonymous and face in {None, "snapasset"} and not is_loopback(host):
        raise SettingsError("snapasset.anonymous lets everybody in, so it needs a loopback address such as 127.0.0.1")
    if not is_loopback(host) and face in {None, "quarry"} and not settings.quarry.api_keys and not settings.quarry.require_auth:
        log.warning("the quarry face is open to everybody who can reach this address; set API_KEYS or quarry.require_auth", host=host)
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(listen(host, port))]
        ports: dict[int, str] = {}
        if settings.server.native_ports and face is None:
            for name, native in native_ports.items():
                sockets.append(stack.enter_context(listen(host, native)))
                ports[native] = name
        metrics_port = settings.server.metrics_port
        if metrics_port is None and settings.quarry.enable_metrics:
            metrics_port = METRICS_PORT
        if metrics_port is not None:
            sockets.append(stack.enter_context(listen(host, metrics_port)))
            metrics_port = sockets[-1].getsockname()[1]
        gateway = build_gateway(settings, only=face, ports=ports, metrics_port=metrics_port)
        try:
            Server(gateway, settings).serve_on(sockets)
        finally:
            gc.freeze()


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server on ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
    return sock


class Server(uvicorn.Server):
    """uvicorn, telling long-lived connections of the end as soon as it is asked to stop."""

    def __init__(self, gateway: Gateway, settings: Settings) -> None:
        self.gateway = gateway
        self.failure: Exception | None = None
        gateway.on_failure = self._fail
        super().__init__(
            uvicorn.Config(
                gateway,
                lifespan="on",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                backlog=BACKLOG,
                ws_per_message_deflate=False,
                timeout_keep_alive=settings.server.keep_alive_seconds,
                timeout_graceful_shutdown=max(1, round(settings.server.drain_seconds)),
            )
        )

    def serve_on(self, sockets: list[socket.socket]) -> None:
        """Serve until told to stop; raises what kept the faces from loading."""
        self.run(sockets)
        if self.failure is not None:
            raise self.failure

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
        await self._sockets_closed()
        await super().shutdown(sockets)
        # uvicorn would raise the signal again and end the process by it; having stopped in good order is a success.
        self._captured_signals.clear()
        log.info("stopped")

    async def _sockets_closed(self) -> None:
        """Until the faces have closed their WebSockets, each with its own code: uvicorn would close them with 1012 at once."""
        for server in self.servers:
            server.close()
        clock, kind = asyncio.get_running_loop().time, self.config.ws_protocol_class
        give_up = clock() + GOODBYE_SECONDS
        while kind is not None and clock() < give_up and any(isinstance(one, kind) for one in self.server_state.connections):
            await asyncio.sleep(GOODBYE_SECONDS / 100)

    def _fail(self, error: Exception) -> None:
        self.failure = error
        self.should_exit = True
