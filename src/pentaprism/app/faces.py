"""The faces of this installation."""

import importlib
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from pentaprism.core.jobs.kinds import JobKind

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from pentaprism.core.platform import Platform
    from pentaprism.settings import Settings
    from pentaprism.web.face import Face

NATIVE_PORTS = {"spheroseg": 5001, "quarry": 8001, "imagineai": 8002, "promethium": 8003, "snapasset": 3001}
"""Every face by name, and the port of its own; known before the face itself is loaded."""


@cache
def all_faces() -> "tuple[Face, ...]":
    """Every face: the value ``face`` of the module ``face`` in its folder."""
    return tuple(importlib.import_module(f"pentaprism.faces.{name}.face").face for name in NATIVE_PORTS)


def all_kinds(settings: "Settings | None" = None) -> tuple[JobKind, ...]:
    """The job kinds of every face, without loading what serves requests: from the module ``kinds`` in its folder.

    That is ``JOB_KINDS``, or ``kinds_for`` the face's settings where the face lets an installation choose.
    """
    found: list[JobKind] = []
    for name in NATIVE_PORTS:
        module = importlib.import_module(f"pentaprism.faces.{name}.kinds")
        chosen: Callable[[object], Sequence[JobKind]] | None = getattr(module, "kinds_for", None)
        found.extend(module.JOB_KINDS if settings is None or chosen is None else chosen(getattr(settings, name)))
    return tuple(found)


def before_account_goes(platform: "Platform", settings: "Settings", session: "Session", account_id: str) -> None:
    """What the faces do before an account is deleted by a process that serves none; an application of a face does it itself."""
    for name in NATIVE_PORTS:
        removal = importlib.import_module(f"pentaprism.faces.{name}.service.removal")
        removal.account_hook(platform, getattr(settings, name))(session, account_id)
