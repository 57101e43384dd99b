"""Who may come in: looked at before anything of a body is read. What needs nobody, such as health, waits for no thread."""

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from pentaprism.faces.imagineai.context import ACCESS, Access, Imagineai


class Gate:
    """Admits calls of known operations by their access marks; unknown addresses are for the router to refuse."""

    def __init__(self, app: ASGIApp, face: FastAPI, context: Imagineai) -> None:
        self.app = app
        self._face = face
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] != "OPTIONS":
            access = self._access(scope)
            if access is not None and (access.tier is not None or not access.open):
                await run_in_threadpool(self._context.admit, Request(scope), access)
        await self.app(scope, receive, send)

    def _access(self, scope: Scope) -> Access | None:
        for route in self._face.router.routes:
            match, inner = route.matches(scope)
            if match is Match.FULL:
                found: Access | None = getattr(inner.get("endpoint"), ACCESS, None)
                return found
        return None
