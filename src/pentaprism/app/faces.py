"""The faces of this installation."""

import importlib
from functools import cache

from pentaprism.web.face import Face

MODULES = ("pentaprism.faces.spheroseg.face",)


@cache
def all_faces() -> tuple[Face, ...]:
    """Every face, each the ``face`` of its module."""
    return tuple(_face(module) for module in MODULES)


def _face(module: str) -> Face:
    face = importlib.import_module(module).face
    if not isinstance(face, Face):
        raise TypeError(f"{module}.face is no Face")
    return face
