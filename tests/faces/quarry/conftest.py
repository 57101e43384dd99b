"""The real face on real SQLite and local files, without workers."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from faces_world import Loop
from pentaprism.app.building import build_platform
from pentaprism.app.parts import add_checks
from pentaprism.core.database.migrate import upgrade
from pentaprism.core.platform import Platform
from pentaprism.faces.quarry.face import create_app
from pentaprism.settings import Settings


@dataclass
class Server:
    """The face with its platform."""

    app: Any
    platform: Platform
    loop: Loop

    def get(self, path: str) -> httpx.Response:
        """One request."""

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://quarry.test") as client:
                return await client.get(path)

        return self.loop.run(send())


@pytest.fixture
def server(tmp_path: Path, loop: Loop) -> Iterator[Server]:
    """A fresh server that looks after its parts."""
    settings = Settings(data_dir=tmp_path, limits={"enabled": False})
    platform = build_platform(settings, "cli")
    upgrade(platform.database)
    add_checks(platform)
    yield Server(create_app(platform, settings.quarry), platform, loop)
    platform.on_close.clear()
    platform.health.close()
    platform.events.close()
    platform.database.dispose()
