"""The real face on real SQLite and local files; jobs run in the test's own process."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from faces_world import Loop
from pentaprism.app.building import build_platform
from pentaprism.core.database.migrate import upgrade
from pentaprism.core.jobs.runner import Runner
from pentaprism.core.jobs.sweeper import Sweeper
from pentaprism.core.platform import Platform
from pentaprism.core.workers.compute import Compute
from pentaprism.core.workers.identity import worker_name
from pentaprism.faces.snapasset.context import Snapasset
from pentaprism.faces.snapasset.face import create_app
from pentaprism.settings import Settings

PASSWORD = "correct horse battery"


@dataclass
class Person:
    """An account with its token."""

    server: "Server"
    id: str
    headers: dict[str, str]

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A request with the token."""
        return self.server.call(method, path, headers={**self.headers, **options.pop("headers", {})}, **options)

    def create(self, prompt: str = "A beautiful sunset over mountains", **fields: Any) -> str:
        """Id of a new job for one small picture."""
        body = {"userId": "u", "prompt": prompt, "platforms": ["custom-80x64"], **fields}
        response = self.call("POST", "/api/jobs", json=body)
        assert response.status_code == 201, response.text
        return str(response.json()["jobId"])

    def job(self, job_id: str) -> dict[str, Any]:
        """A job's document."""
        found: dict[str, Any] = self.call("GET", f"/api/jobs/{job_id}").json()
        return found


@dataclass
class Server:
    """The face with its platform."""

    app: Any
    platform: Platform
    loop: Loop
    people: int = 0

    @property
    def context(self) -> Snapasset:
        """The face's own context."""
        context: Snapasset = self.app.state.context
        return context

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request."""

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://snap.test") as client:
                return await client.request(method, path, **options)

        return self.loop.run(send())

    def person(self) -> Person:
        """A fresh account."""
        self.people += 1
        body = {"email": f"person{self.people}@example.com", "password": PASSWORD}
        made = self.call("POST", "/api/auth/register", json=body).json()
        return Person(self, made["user"]["id"], {"Authorization": f"Bearer {made['access_token']}"})

    def work(self) -> int:
        """Run the jobs that are ready; how many."""
        runner = Runner(self.platform, worker_name())
        try:
            return runner.run_waiting(["interactive", "batch"])
        finally:
            runner._heart.stop()

    def sweep(self) -> None:
        """What the server does from time to time."""
        Sweeper(self.platform).sweep()


@pytest.fixture
def face_settings() -> dict[str, Any]:
    """Settings of the face; tests override this."""
    return {}


@pytest.fixture
def server(tmp_path: Path, loop: Loop, compute: Compute, face_settings: dict[str, Any]) -> Iterator[Server]:
    """A fresh server without workers of its own."""
    settings = Settings(data_dir=tmp_path, limits={"enabled": False}, snapasset=face_settings)
    platform = build_platform(settings, "cli")
    object.__setattr__(platform, "compute", compute)
    upgrade(platform.database)
    app = create_app(platform, settings.snapasset)
    yield Server(app, platform, loop)
    platform.on_close.clear()
    platform.events.close()
    platform.database.dispose()
