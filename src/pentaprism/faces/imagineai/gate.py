"""Who may come in: looked at before anything of a body is read."""

from collections.abc import Callable

from fastapi import FastAPI
from starlette.requests import Request
from starlette.routing import Match
from starlette.types import Scope

from pentaprism.faces.imagineai.context import ACCESS, Access, Imagineai


def gate(face: FastAPI, context: Imagineai) -> Callable[[Request], None]:
    """Admits calls of known operations by their access marks; unknown addresses are for the router to refuse."""

    def admit(request: Request) -> None:
        access = _access(face, request.scope)
        if access is not None:
            context.admit(request, access)

    return admit


def _access(face: FastAPI, scope: Scope) -> Access | None:
    for route in face.router.routes:
        match, inner = route.matches(scope)
        if match is Match.FULL:
            found: Access | None = getattr(inner.get("endpoint"), ACCESS, None)
            return found
    return None
