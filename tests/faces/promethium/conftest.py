"""The real face on real SQLite and local files, called through its ASGI application; jobs run when a test asks for it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from faces_world import Loop, NoWorkers
from pentaprism.app.parts import add_checks
from pentaprism.core.accounts.api_keys import ApiKeys
from pentaprism.core.accounts.mail import Mail
from pentaprism.core.accounts.passwords import Passwords
from pentaprism.core.accounts.service import Accounts
from pentaprism.core.accounts.tokens import Tokens
from pentaprism.core.blobs.local import LocalStore
from pentaprism.core.blobs.uploads import Blobs, StorageRules
from pentaprism.core.database.engine import Database
from pentaprism.core.events.memory import MemoryBus
from pentaprism.core.jobs.queue import Jobs
from pentaprism.core.jobs.runner import Runner
from pentaprism.core.limits.limiter import Limiter
from pentaprism.core.models.registry import Models
from pentaprism.core.platform import Platform
from pentaprism.core.workers.compute import Compute
from pentaprism.faces.promethium.face import create_app
from pentaprism.faces.promethium.kinds import JOB_KINDS
from pentaprism.faces.promethium.settings import PromethiumSettings
from seismic_files import segy_bytes, shots

PASSWORD = "correct horse battery"
SECRET = b"a secret that only these tests know"
API = "/api/v1"


class Clock:
    """The time of the tests, moved on by hand."""

    def __init__(self) -> None:
        self.shift = timedelta()

    def __call__(self) -> datetime:
        moment = datetime.now(UTC) + self.shift
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@dataclass
class Person:
    """An account with its token."""

    server: "Server"
    email: str
    token: str
    id: str

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A request below the base URL with the token."""
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.server.call(method, path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """GET."""
        return self.call("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        """POST."""
        return self.call("POST", path, **options)

    def upload(self, content: bytes, name: str = "line.sgy", **fields: Any) -> httpx.Response:
        """Upload a file."""
        return self.post("/datasets", files={"file": (name, content, None)}, data=fields)

    def dataset(self, content: bytes | None = None, name: str = "line.sgy", **fields: Any) -> dict[str, Any]:
        """A dataset whose file was read."""
        response = self.upload(self.server.line if content is None else content, name, **fields)
        assert response.status_code == 201, response.text
        self.server.work()
        document: dict[str, Any] = self.get(f"/datasets/{response.json()['id']}").json()
        return document

    def job(self, dataset_id: str, model: str = "linear", job_type: str = "reconstruction", **parameters: Any) -> httpx.Response:
        """A request for a job."""
        body = {"type": job_type, "dataset_id": dataset_id, "model_id": model, "parameters": parameters}
        return self.post("/jobs", json=body)


@dataclass
class Server:
    """The face with its platform."""

    app: Any
    platform: Platform
    loop: Loop
    folder: Path
    clock: Clock
    line: bytes
    people: int = 0

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request below the base URL; a path with ``//`` in front is one of the face's root."""
        return self.send(method, path[1:] if path.startswith("//") else API + path, **options)

    def send(self, method: str, path: str, *, address: str = "192.0.2.1", root_path: str = "", **options: Any) -> httpx.Response:
        """One request without a token, from ``address``; ``root_path`` is the prefix the face is mounted under."""

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(address, 40_000), root_path=root_path)
            async with httpx.AsyncClient(transport=transport, base_url="http://seismic.test", follow_redirects=False) as client:
                return await client.request(method, root_path + path, **options)

        return self.loop.run(send())

    def person(self, email: str | None = None) -> Person:
        """A fresh account, logged in."""
        self.people += 1
        email = email or f"person{self.people}@example.org"
        response = self.call("POST", "/auth/register", json={"email": email, "password": PASSWORD})
        assert response.status_code == 201, response.text
        return Person(self, email, self.login(email).json()["access_token"], response.json()["id"])

    def login(self, email: str, password: str = PASSWORD) -> httpx.Response:
        """An attempt to log in."""
        return self.call("POST", "/auth/login", json={"username": email, "password": password})

    def work(self) -> int:
        """Run what waits; how many jobs."""
        return Runner(self.platform, "test-worker").run_waiting(("interactive", "batch"))

    def stored_files(self) -> list[Path]:
        """Files of the store and on their way into it."""
        places = (self.folder / "blobs", self.folder / "staging")
        return [path for place in places for path in place.rglob("*") if path.is_file()]


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A SEG-Y file of two shots of 24 traces; traces 5, 6 and 30 are dead."""
    data = shots(2, 24)
    data[[5, 6, 30]] = 0
    return segy_bytes(tmp_path_factory.mktemp("line"), data, per_shot=24)


@pytest.fixture
def make_server(tmp_path: Path, empty_database: Path, loop: Loop, compute: Compute, line: bytes) -> Iterator[Callable[..., Server]]:
    """Builds servers; ``limits`` turns rate limits on, the rest are settings of the face."""
    closing: list[Callable[[], None]] = []

    def make(*, limits: bool = False, **changes: Any) -> Server:
        folder = tmp_path / f"server{len(closing)}"
        folder.mkdir()
        shutil.copy(empty_database, folder / "data.db")
        database, events, clock = Database(f"sqlite:///{folder / 'data.db'}"), MemoryBus(), Clock()
        kinds = {kind.name: kind for kind in JOB_KINDS}
        jobs = Jobs(NoWorkers(), events, kinds, clock)
        settings = PromethiumSettings(**changes)
        platform = Platform(
            secret=SECRET,
            database=database,
            accounts=Accounts(Passwords(memory_kib=64, passes=1), events=events, on_delete=[jobs.cancel_account], clock=clock),
            tokens=Tokens(SECRET, database, events, clock=clock),
            api_keys=ApiKeys(clock=clock),
            mail=Mail(),
            blobs=Blobs(LocalStore(folder / "blobs"), database, StorageRules(staging=folder / "staging")),
            jobs=jobs,
            events=events,
            limits=Limiter(enabled=limits),
            models=Models([], folder / "models"),
            compute=compute,
            kinds=kinds,
            data_dir=folder,
            face_settings={"promethium": settings},
            clock=clock,
        )
        add_checks(platform)
        closing.extend([events.close, platform.health.close, database.dispose])
        return Server(create_app(platform, settings), platform, loop, folder, clock, line)

    yield make
    for close in closing:
        close()


@pytest.fixture
def server(make_server: Callable[..., Server]) -> Server:
    """A server without rate limits."""
    return make_server()


@pytest.fixture
def ann(server: Server) -> Person:
    """An account."""
    return server.person("ann@example.org")


@pytest.fixture
def bob(server: Server) -> Person:
    """Another account."""
    return server.person("bob@example.org")
