"""The composition root: settings become a platform, and the platform the outer application.

Workers and commands do without the web framework, so each function loads what it needs.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pentaprism.core.events.event import Event
    from pentaprism.core.platform import Platform
    from pentaprism.settings import Settings
    from pentaprism.web.gateway import Gateway


def build_platform(settings: "Settings", *, role: Literal["server", "worker", "cli"] = "server") -> "Platform":
    """Every core service behind ``settings``, nothing of it running yet. Raises SettingsError."""
    from pentaprism.app.building import build_platform as build  # noqa: PLC0415 -- the core's libraries load when needed

    return build(settings, role)


def build_worker_platform(settings_json: str, publish: "Callable[[Iterable[Event]], None]") -> "Platform":
    """The platform inside a worker process; ``publish`` carries events to the server."""
    from pentaprism.app.building import build_worker_platform as build  # noqa: PLC0415 -- as above

    return build(settings_json, publish)


def build_gateway(settings: "Settings", *, platform: "Platform | None" = None, only: str | None = None) -> "Gateway":
    """The outer ASGI application with all faces, or ``only`` one at its root. Its lifespan runs the platform."""
    from pentaprism.app.serving import build_gateway as build  # noqa: PLC0415 -- the web framework loads in servers only

    return build(settings, platform=platform, only=only)


def serve(settings: "Settings", *, face: str | None = None, port_given: bool = True) -> None:
    """Serve until told to stop; ``face`` alone at the root, on its own port unless another was given."""
    from pentaprism.app.serving import serve as run  # noqa: PLC0415 -- as above

    run(settings, face=face, port_given=port_given)


def run_worker(settings: "Settings", queues: Sequence[str]) -> int:
    """Run worker processes without a server until told to stop; gives the exit status. Raises SettingsError."""
    from pentaprism.app.working import run_worker as run  # noqa: PLC0415 -- as above

    return run(settings, queues)
