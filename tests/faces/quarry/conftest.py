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

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request."""

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://quarry.test") as client:
                return await client.request(method, path, **options)

        return self.loop.run(send())

    def get(self, path: str) -> httpx.Response:
        """GET."""
        return self.call("GET", path)


@pytest.fixture
def face_settings() -> dict[str, Any]:
    """Settings of the face; tests override this."""
    return {}


@pytest.fixture
def server(tmp_path: Path, loop: Loop, face_settings: dict[str, Any]) -> Iterator[Server]:
    """A fresh server that looks after its parts."""
    settings = Settings(data_dir=tmp_path, limits={"enabled": bool(face_settings)}, quarry=face_settings)
    platform = build_platform(settings, "cli")
    upgrade(platform.database)
    add_checks(platform)
    yield Server(create_app(platform, settings.quarry), platform, loop)
    platform.on_close.clear()
    platform.health.close()
    platform.events.close()
    platform.database.dispose()
