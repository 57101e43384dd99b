"""The real face on real SQLite and local files, called through its ASGI application; only workers are left out."""

import io
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jsonschema_rs
import numpy as np
import pytest
import tifffile
from PIL import Image as PillowImage

from faces_world import Loop, NoWorkers
from pentaprism.core.accounts.api_keys import ApiKeys
from pentaprism.core.accounts.mail import Mail
from pentaprism.core.accounts.passwords import Passwords
from pentaprism.core.accounts.service import Accounts
from pentaprism.core.accounts.tokens import Tokens
from pentaprism.core.blobs.local import LocalStore
from pentaprism.core.blobs.uploads import Blobs, StorageRules
from pentaprism.core.database.engine import Database
from pentaprism.core.events.event import Event
from pentaprism.core.events.memory import MemoryBus
from pentaprism.core.jobs.queue import Jobs
from pentaprism.core.limits.limiter import Limiter
from pentaprism.core.models.registry import Models
from pentaprism.core.platform import Platform
from pentaprism.core.workers.compute import Compute
from pentaprism.engines import cells
from pentaprism.faces.spheroseg.context import TOPIC, Spheroseg
from pentaprism.faces.spheroseg.face import create_app
from pentaprism.faces.spheroseg.kinds import JOB_KINDS
from pentaprism.faces.spheroseg.settings import SpherosegSettings

PASSWORD = "correct horse battery"
CARDS = Path(str(cells.__file__)).parent / "weights"
SECRET = b"a secret that only these tests know"


@dataclass
class Person:
    """An account with its token."""

    server: "Server"
    email: str
    password: str
    body: dict[str, Any]

    @property
    def id(self) -> str:
        """Id of the account."""
        return str(self.body["user"]["id"])

    @property
    def headers(self) -> dict[str, str]:
        """The bearer token."""
        return {"Authorization": f"Bearer {self.body['accessToken']}"}

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A request with the token."""
        headers = {**self.headers, **options.pop("headers", {})}
        return self.server.call(method, path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """GET."""
        return self.call("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        """POST."""
        return self.call("POST", path, **options)

    def project(self, title: str = "Spheroids", **fields: Any) -> str:
        """Id of a fresh project."""
        response = self.post("/api/projects", json={"title": title, **fields})
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    def upload(self, project_id: str, *files: tuple[str, bytes], query: str = "", **options: Any) -> httpx.Response:
        """Upload files whose parts have no type."""
        parts = [("images", (name, content, None)) for name, content in files]
        return self.post(f"/api/projects/{project_id}/images{query}", files=parts, **options)

    def image(self, project_id: str, name: str = "cells.png", content: bytes | None = None) -> dict[str, Any]:
        """Image document of one stored file."""
        response = self.upload(project_id, (name, content if content is not None else self.server.pictures.png()))
        assert response.status_code == 201, response.text
        document: dict[str, Any] = response.json()["uploaded"][0]
        return document

    def share(self, project_id: str, other: "Person", permission: str) -> str:
        """Share a project with another account; id of the share."""
        response = self.post(f"/api/project-shares/{project_id}", json={"email": other.email, "permission": permission})
        assert response.status_code == 201, response.text
        return str(response.json()["data"]["id"])


class Pictures:
    """Small picture files with noise in them."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(7)

    def noise(self, width: int = 96, height: int = 64, top: int = 255) -> np.ndarray:
        """Integers 0..top, uint8 or uint16."""
        return self.random.integers(0, top + 1, (height, width)).astype(np.uint8 if top < 256 else np.uint16)

    def saved(self, kind: str, width: int = 96, height: int = 64) -> bytes:
        """A file in a format that Pillow writes."""
        file = io.BytesIO()
        PillowImage.fromarray(self.noise(width, height)).save(file, kind)
        return file.getvalue()

    def png(self, width: int = 96, height: int = 64) -> bytes:
        """An 8-bit PNG."""
        return self.saved("PNG", width, height)

    def tiff(self, planes: int = 1, top: int = 60_000, **metadata: Any) -> bytes:
        """A 16-bit TIFF, with several planes a stack."""
        file = io.BytesIO()
        data = np.stack([self.noise(top=top) for _ in range(planes)]) if planes > 1 else self.noise(top=top)
        tifffile.imwrite(file, data, photometric="minisblack", **metadata)
        return file.getvalue()


BARE = re.compile(r"^/(auth|users|projects|images|segmentations?)(/|$)")


class Promises:
    """What the OpenAPI document says of answers."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {}
        self._operations: list[tuple[str, re.Pattern[str], dict[str, Any]]] = []
        self._validators: dict[str, Any] = {}

    def learn(self, app: Any) -> None:
        """Take the document of the first application; all are equal."""
        if self.document:
            return
        self.document = app.openapi()
        for path, operations in sorted(self.document["paths"].items(), key=lambda item: item[0].count("{")):
            pattern = re.compile("^" + re.sub(r"\{[^}]+\}", "[^/]+", path) + "$")
            self._operations += [(method.upper(), pattern, operation) for method, operation in operations.items()]

    def check(self, method: str, path: str, response: httpx.Response) -> None:
        """Fail unless the status is documented and a JSON body fits its schema."""
        path = path.rstrip("/") or "/"
        path = f"/api{path}" if BARE.match(path) else path
        operation = next((found for name, pattern, found in self._operations if name == method and pattern.match(path)), None)
        if operation is None:
            return
        status = str(response.status_code)
        assert status in operation["responses"], f"{method} {path}: {status} is not documented: {response.text[:300]}"
        content = operation["responses"][status].get("content", {}).get("application/json")
        if content is None or "json" not in response.headers.get("content-type", "") or isinstance(response.json(), list):
            return
        key = f"{operation['operationId']} {status}"
        if key not in self._validators:
            schema = {**content["schema"], "components": self.document["components"]}
            self._validators[key] = jsonschema_rs.Draft202012Validator(schema)
        problems = [f"{list(error.instance_path)}: {error.message[:200]}" for error in self._validators[key].iter_errors(response.json())]
        assert not problems, f"{key}: {problems[:5]}"


@dataclass
class Server:
    """The face with its platform."""

    app: Any
    platform: Platform
    loop: Loop
    pictures: Pictures
    folder: Path
    promises: Promises
    events: list[Event] = field(default_factory=list)
    people: int = 0

    @property
    def context(self) -> Spheroseg:
        """The face's own context."""
        context: Spheroseg = self.app.state.context
        return context

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """As ``send``; the answer is held against the face's OpenAPI document."""
        response = self.send(method, path, **options)
        self.promises.check(method, urlsplit(path).path, response)
        return response

    def send(self, method: str, path: str, *, address: str = "192.0.2.1", root_path: str = "", **options: Any) -> httpx.Response:
        """One request without a token, from ``address``; ``root_path`` is the prefix the face is mounted under."""

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(address, 40_000), root_path=root_path)
            async with httpx.AsyncClient(transport=transport, base_url="http://cells.test", follow_redirects=False) as client:
                return await client.request(method, root_path + path, **options)

        return self.loop.run(send())

    def get(self, path: str, **options: Any) -> httpx.Response:
        """GET."""
        return self.call("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        """POST."""
        return self.call("POST", path, **options)

    def person(self, email: str | None = None, password: str = PASSWORD, **fields: Any) -> Person:
        """A fresh account."""
        self.people += 1
        email = email or f"person{self.people}@example.org"
        response = self.post("/api/auth/register", json={"email": email, "password": password, **fields})
        assert response.status_code == 201, response.text
        return Person(self, email, password, response.json())

    def login(self, email: str, password: str = PASSWORD, **fields: Any) -> httpx.Response:
        """An attempt to log in."""
        return self.post("/api/auth/login", json={"email": email, "password": password, **fields})

    def told(self, name: str) -> list[dict[str, Any]]:
        """Data of the face's events of this name, once the bus is idle."""
        idle = threading.Event()
        subscription = self.platform.events.subscribe(["test:idle"], lambda _event: idle.set())
        self.platform.events.publish([Event("test:idle", "idle")])
        assert idle.wait(10)
        subscription.close()
        return [event.data for event in self.events if event.name == name]

    def stored_files(self) -> list[Path]:
        """Files in the blob store."""
        return [path for path in (self.folder / "blobs").rglob("*") if path.is_file()]


@pytest.fixture(scope="session")
def pictures() -> Pictures:
    """Picture files."""
    return Pictures()


@pytest.fixture(scope="session")
def promises() -> Promises:
    """The OpenAPI document that answers are held against."""
    return Promises()


@pytest.fixture
def make_server(
    tmp_path: Path, empty_database: Path, loop: Loop, compute: Compute, pictures: Pictures, promises: Promises
) -> Iterator[Callable[..., Server]]:
    """Builds servers; ``limits`` turns rate limits on, the rest are settings of the face."""
    closing: list[Callable[[], None]] = []

    def make(*, limits: bool = False, **settings: Any) -> Server:
        folder = tmp_path / f"server{len(closing)}"
        folder.mkdir()
        shutil.copy(empty_database, folder / "data.db")
        database, events = Database(f"sqlite:///{folder / 'data.db'}"), MemoryBus()
        jobs = Jobs(NoWorkers(), events, {kind.name: kind for kind in JOB_KINDS})
        platform = Platform(
            secret=SECRET,
            database=database,
            accounts=Accounts(Passwords(memory_kib=64, passes=1), events=events, on_delete=[jobs.cancel_account]),
            tokens=Tokens(SECRET, database, events),
            api_keys=ApiKeys(),
            mail=Mail(),
            blobs=Blobs(LocalStore(folder / "blobs"), database, StorageRules(staging=folder / "staging")),
            jobs=jobs,
            events=events,
            limits=Limiter(enabled=limits),
            models=Models([CARDS], folder / "models"),
            compute=compute,
            kinds={kind.name: kind for kind in JOB_KINDS},
        )
        app = create_app(platform, SpherosegSettings(**settings))
        promises.learn(app)
        server = Server(app, platform, loop, pictures, folder, promises)
        events.subscribe([TOPIC], server.events.append)
        closing.extend([events.close, platform.health.close, database.dispose])
        return server

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
    return server.person("ann@example.org", name="Ann Lee")


@pytest.fixture
def bob(server: Server) -> Person:
    """Another account."""
    return server.person("bob@example.org", name="Bob")
