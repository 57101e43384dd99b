"""Running the lifespans of applications inside another one: a mounted application gets none from the server."""

import asyncio
from typing import Any

from starlette.types import ASGIApp, Message


class Lifespan:
    """The lifespan of one application (https://asgi.readthedocs.io/en/latest/specs/lifespan.html)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.state: dict[str, Any] = {}
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._outbox: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the application; raises RuntimeError when it cannot. An application without a lifespan is no error."""
        self._task = asyncio.create_task(self._run())
        await self._inbox.put({"type": "lifespan.startup"})
        answer = await self._outbox.get()
        if answer["type"] == "lifespan.startup.failed":
            await asyncio.wait([self._task])
            self._task.exception()
            raise RuntimeError(answer.get("message") or "the application did not start")

    async def stop(self) -> None:
        """Stop the application; raises what it raises."""
        if self._task is None or self._task.done():
            return
        await self._inbox.put({"type": "lifespan.shutdown"})
        await self._outbox.get()
        await self._task

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        started = False

        async def send(message: Message) -> None:
            nonlocal started
            started = True
            await self._outbox.put(message)

        try:
            await self.app(scope, self._inbox.get, send)
        except Exception:
            if started:
                raise
        finally:
            await self._outbox.put({"type": "lifespan.ended"})
