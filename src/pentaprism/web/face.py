"""A face as the outer application sees it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp

from pentaprism.core.jobs.kinds import JobKind

if TYPE_CHECKING:
    from pentaprism.core.platform import Platform


@dataclass(frozen=True, slots=True)
class Face:
    """One public API: its name, its own port, and how to build it on a platform.

    ``create_app`` gives the ASGI application of the face's root; ``root_mounts`` are paths that the gateway also serves at
    its own root (a socket.io client drops the path of the address it is given).
    """

    name: str
    title: str
    port: int
    create_app: "Callable[[Platform, Any], ASGIApp]"
    job_kinds: Sequence[JobKind] = ()
    root_mounts: Sequence[str] = field(default=())
