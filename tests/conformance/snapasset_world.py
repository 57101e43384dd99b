"""A running server of the snapasset face, its clients, and what they read from it."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import jwt

from pentaprism.core.accounts.api_keys import ApiKeys
from pentaprism.core.database.engine import Database
from running_server import QUIET_LIMITS, RunningServer, running_server

PASSWORD = "correct horse battery"
SMALL = "custom-96x64"
PROMPT = "A beautiful sunset over mountains"
SECRET = "the shared secret of the token project, long enough"


@dataclass
class Person:
    """An account with its token, or whoever holds other headers."""

    client: httpx.Client
    headers: dict[str, str]
    id: str = ""

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A request with the credential."""
        return self.client.request(method, path, headers={**self.headers, **options.pop("headers", {})}, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """GET."""
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """POST of JSON."""
        return self.call("POST", path, json=body, **options)

    def delete(self, path: str) -> httpx.Response:
        """DELETE."""
        return self.call("DELETE", path)

    def create(self, prompt: str = PROMPT, platforms: tuple[str, ...] = (SMALL,), **options: Any) -> str:
        """Id of a new job."""
        body = {"userId": "user-123", "prompt": prompt, "platforms": list(platforms), "options": options}
        response = self.post("/api/jobs", body)
        assert response.status_code == 201, response.text
        return str(response.json()["jobId"])

    def job(self, job_id: str) -> dict[str, Any]:
        """A job's document."""
        response = self.get(f"/api/jobs/{job_id}")
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    def wait(self, job_id: str, *statuses: str, patience: float = 60.0) -> dict[str, Any]:
        """The job as soon as it is in one of ``statuses`` (by default: finished)."""
        wanted = statuses or ("completed", "failed", "cancelled")
        return until(lambda: (job := self.job(job_id))["status"] in wanted and job, patience)

    def finished(self, prompt: str = PROMPT, platforms: tuple[str, ...] = (SMALL,), **options: Any) -> dict[str, Any]:
        """A completed job."""
        job = self.wait(self.create(prompt, platforms, **options))
        assert job["status"] == "completed", job
        return job


def until(look: Callable[[], Any], patience: float = 60.0, pause: float = 0.05) -> Any:
    """The first true value of ``look``."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(pause)
    raise AssertionError(f"nothing in {patience} s")


@dataclass
class World:
    """A server and everybody who uses it."""

    server: RunningServer
    base: str
    client: httpx.Client = field(init=False)
    _database: Database | None = None

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.base, timeout=90)

    @property
    def nobody(self) -> Person:
        """Somebody without a credential."""
        return Person(self.client, {})

    def workers(self) -> int:
        """How many workers are ready."""
        health = self.client.get("/health" if "--face" in self.server.arguments else "/snapasset/health").json()
        return int(health.get("queue", {}).get("workers", 0))

    def person(self) -> Person:
        """A fresh account."""
        email = f"{uuid.uuid4().hex[:12]}@example.com"
        response = self.client.post("/api/auth/register", json={"email": email, "password": PASSWORD})
        assert response.status_code == 201, response.text
        body = response.json()
        return Person(self.client, {"Authorization": f"Bearer {body['access_token']}"}, body["user"]["id"])

    def admin(self) -> Person:
        """A fresh administrator of the token project."""
        return self.external(app_metadata={"role": "admin"})

    def external(self, **claims: Any) -> Person:
        """Whoever has a token of the project, with these claims in place of the usual ones."""
        return Person(self.client, {"Authorization": f"Bearer {project_token(**claims)}"})

    def key_of(self, person: Person, *scopes: str, ends: datetime | None = None) -> tuple[str, Person]:
        """Id of a fresh API key, and whoever holds it."""
        with self.database().write() as session:
            key, plain = ApiKeys().create(session, person.id, "test", scopes, ends)
            return key.id, Person(self.client, {"X-API-Key": plain}, person.id)

    def database(self) -> Database:
        """The server's own database."""
        if self._database is None:
            self._database = Database(self.server.database_url)
        return self._database

    def close(self) -> None:
        """Let go of all connections."""
        self.client.close()
        if self._database is not None:
            self._database.dispose()

    def events(self, job_id: str, *, query: str = "", headers: dict[str, str] | None = None) -> "Listener":
        """A listener on a job's stream."""
        return Listener(self.base, f"/api/sse/jobs/{job_id}{query}", headers or {})


def project_token(*, secret: str = SECRET, algorithm: str = "HS256", key_id: str | None = None, **claims: Any) -> str:
    """A token as the project signs it; claims that are None are left out."""
    usual = {"iss": "ISSUER", "aud": "authenticated", "role": "authenticated", "sub": str(uuid.uuid4()), "exp": int(time.time()) + 600}
    wanted = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    if wanted.get("iss") == "ISSUER":
        wanted["iss"] = f"{project_token.url}/auth/v1"  # type: ignore[attr-defined]
    return jwt.encode(wanted, secret, algorithm, headers={"kid": key_id} if key_id else None)


class Listener:
    """Reads a stream in a thread of its own."""

    def __init__(self, base: str, path: str, headers: dict[str, str]) -> None:
        self.lines: list[str] = []
        self.times: list[float] = []
        self.status = 0
        self.headers = httpx.Headers()
        self.body = b""
        self.closed = threading.Event()
        self.opened = threading.Event()
        self._client = httpx.Client(base_url=base, timeout=httpx.Timeout(60))
        self._thread = threading.Thread(target=self._read, args=(path, headers), daemon=True)
        self._thread.start()
        assert self.opened.wait(20)

    @property
    def frames(self) -> list[dict[str, Any]]:
        """What the ``data:`` lines held."""
        return [json.loads(line.removeprefix("data: ")) for line in self.lines if line.startswith("data: ")]

    @property
    def kinds(self) -> list[str]:
        """Types of the frames."""
        return [frame["type"] for frame in self.frames]

    @property
    def ids(self) -> list[int]:
        """What the ``id:`` lines held."""
        return [int(line.removeprefix("id: ")) for line in self.lines if line.startswith("id: ")]

    def done(self, patience: float = 60.0) -> dict[str, Any]:
        """The last frame, once the server has closed the stream."""
        assert self.closed.wait(patience)
        frame = self.frames[-1]
        assert frame["type"] == "done", self.frames
        return frame

    def close(self) -> None:
        """Go away."""
        self._client.close()

    def _read(self, path: str, headers: dict[str, str]) -> None:
        try:
            with self._client.stream("GET", path, headers=headers) as response:
                self.status, self.headers = response.status_code, response.headers
                self.opened.set()
                if "event-stream" not in response.headers.get("content-type", ""):
                    self.body = response.read()
                    return
                for line in response.iter_lines():
                    self.lines.append(line)
                    self.times.append(time.monotonic())
        except (httpx.HTTPError, RuntimeError, OSError):
            return
        finally:
            self._client.close()
            self.opened.set()
            self.closed.set()


@contextmanager
def open_world(folder: Path, *arguments: str, provider_url: str = "", limits: bool = False, **settings: str) -> Iterator[World]:
    """A server with the face alone at its root; ``settings`` are those of the face."""
    environment = {} if limits else dict(QUIET_LIMITS)
    environment |= {f"PENTAPRISM_SNAPASSET__{name.upper()}": value for name, value in settings.items()}
    if provider_url:
        environment |= {
            "PENTAPRISM_SNAPASSET__SUPABASE_URL": provider_url,
            "PENTAPRISM_SNAPASSET__SUPABASE_JWT_SECRET": SECRET,
            "PENTAPRISM_SNAPASSET__OPENAI_API_KEY": "sk-test-secret",
            "PENTAPRISM_SNAPASSET__OPENAI_BASE_URL": f"{provider_url}/v1",
            "PENTAPRISM_SNAPASSET__ENGINE": "procedural",
        }
        project_token.url = provider_url  # type: ignore[attr-defined]
    with running_server(folder / "data", *(arguments or ("--face", "snapasset")), environment=environment) as server:
        world = World(server, server.url)
        with closing(world):
            if "0" not in arguments:
                until(world.workers, 120)
            yield world
