"""The real face on real SQLite and local files, called through its ASGI application. Jobs run when a test says so, in its own thread."""

import io
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image as PillowImage
from sqlalchemy import update

import pentaprism
from faces_world import Loop, NoWorkers
from pentaprism.core.accounts.api_keys import ApiKeys
from pentaprism.core.accounts.mail import Mail
from pentaprism.core.accounts.passwords import Passwords
from pentaprism.core.accounts.service import Accounts
from pentaprism.core.accounts.tokens import Tokens
from pentaprism.core.blobs.local import LocalStore
from pentaprism.core.blobs.store import BlobStore
from pentaprism.core.blobs.uploads import Blobs, StorageRules
from pentaprism.core.database.engine import Database
from pentaprism.core.events.memory import MemoryBus
from pentaprism.core.jobs.heart import Heart
from pentaprism.core.jobs.queue import Jobs
from pentaprism.core.jobs.runner import Runner
from pentaprism.core.jobs.tables import Job
from pentaprism.core.limits.limiter import Limiter
from pentaprism.core.models.registry import Models
from pentaprism.core.platform import Platform
from pentaprism.core.workers.compute import Compute
from pentaprism.faces.imagineai.context import Imagineai
from pentaprism.faces.imagineai.face import create_app
from pentaprism.faces.imagineai.kinds import JOB_KINDS
from pentaprism.faces.imagineai.names import FACE
from pentaprism.faces.imagineai.settings import ImagineaiSettings

PASSWORD = "correct horse battery"
SECRET = b"a secret that only these tests know"
CARDS = Path(pentaprism.__file__).parent / "engines" / "products" / "weights"
KINDS = {kind.name: kind for kind in JOB_KINDS}


def saved(pixels: np.ndarray, kind: str = "JPEG", **options: Any) -> bytes:
    """A picture file."""
    file = io.BytesIO()
    PillowImage.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def disc(colour: tuple[int, int, int] = (200, 30, 30), width: int = 320, height: int = 240) -> np.ndarray:
    """A round thing of one colour on a white ground."""
    rows, columns = np.mgrid[:height, :width]
    inside = (rows - height / 2) ** 2 + (columns - width / 2) ** 2 < (0.35 * min(width, height)) ** 2
    picture = np.full((height, width, 3), 255, np.uint8)
    picture[inside] = colour
    return picture


class SigningStore(LocalStore):
    """A store that clients can write to by an address of its own, as S3 does."""

    def sign(self, key: str, *, method: str, expires_in: timedelta, content_type: str | None = None, size: int | None = None) -> str | None:
        bound = f"?type={content_type}&size={size}" if method == "PUT" else ""
        return f"https://store.test/{method}/{key}{bound}"


@dataclass
class Person:
    """An account with its tokens."""

    server: "Server"
    email: str
    password: str
    id: str
    access: str
    refresh: str

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.access}", **options.pop("headers", {})}
        return self.server.call(method, path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.call("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.call("POST", path, **options)

    def made(self, method: str, path: str, **options: Any) -> Any:
        """The body of a call that has to succeed."""
        response = self.call(method, path, **options)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text[:300]}"
        return response.json() if response.content else None

    def product(self, title: str = "A thing", **fields: Any) -> str:
        return str(self.made("POST", "/products", json={"title": title, **fields})["id"])

    def presign(self, product_id: str, content_type: str = "image/jpeg", **fields: Any) -> dict[str, Any]:
        body = {"product_id": product_id, "filename": "photo.jpg", "content_type": content_type, "file_size_bytes": 1000, **fields}
        found: dict[str, Any] = self.made("POST", "/uploads/presigned-url", json=body)
        return found

    def announced(self, product_id: str, content: bytes) -> str:
        """Id of an image whose bytes are there, unconfirmed."""
        ticket = self.presign(product_id)
        assert self.server.put(ticket["upload_url"], content).status_code == 200
        return str(ticket["image_id"])

    def direct(self, product_id: str, content: bytes | None = None, name: str = "photo.jpg") -> dict[str, Any]:
        """A stored image whose analysis waits."""
        content = saved(disc()) if content is None else content
        found: dict[str, Any] = self.made("POST", "/uploads/direct", data={"product_id": product_id}, files={"file": (name, content, None)})
        return found

    def analysed(self, product_id: str, content: bytes | None = None) -> str:
        """Id of an image with a result."""
        image_id = str(self.direct(product_id, content)["image_id"])
        self.server.work()
        return image_id


@dataclass
class Server:
    """The face with its platform."""

    app: Any
    platform: Platform
    loop: Loop
    folder: Path
    hearts: list[Heart] = field(default_factory=list)
    people: int = 0

    @property
    def context(self) -> Imagineai:
        context: Imagineai = self.app.state.context
        return context

    def call(self, method: str, path: str, *, address: str = "192.0.2.1", root_path: str = "", **options: Any) -> httpx.Response:
        """One request; a path without ``/api`` or a known root is one below ``/api/v1``."""
        if not path.startswith(("http", "/api/", "/health", "/ready", "/docs", "/redoc", "/openapi", "/unknown")):
            path = f"/api/v1{path}"

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(address, 40_000), root_path=root_path)
            async with httpx.AsyncClient(transport=transport, base_url="http://shop.test", follow_redirects=False) as client:
                return await client.request(method, path if path.startswith("http") else root_path + path, **options)

        return self.loop.run(send())

    def put(self, url: str, content: bytes, content_type: str = "image/jpeg") -> httpx.Response:
        """A PUT as a client makes it, without a token."""
        return self.call("PUT", url, content=content, headers={"Content-Type": content_type})

    def person(self, email: str | None = None, **fields: Any) -> Person:
        """A fresh account, logged in."""
        self.people += 1
        email = email or f"person{self.people}@example.org"
        registered = self.call("POST", "/auth/register", json={"email": email, "password": PASSWORD, **fields})
        assert registered.status_code == 201, registered.text
        pair = self.call("POST", "/auth/login", json={"email": email, "password": PASSWORD}).json()
        return Person(self, email, PASSWORD, registered.json()["id"], pair["access_token"], pair["refresh_token"])

    def runner(self, name: str = "worker") -> Runner:
        """A worker of this process."""
        heart = Heart()
        self.hearts.append(heart)
        return Runner(self.platform, name, heart=heart)

    def work(self) -> int:
        """Run whatever is ready; how many attempts that were."""
        return self.runner().run_waiting(("interactive", "batch"))

    def make_due(self) -> None:
        """Jobs that wait before their next attempt need not wait any longer."""
        with self.platform.database.write() as session:
            session.execute(update(Job).where(Job.status == "retrying").values(run_after=None))

    def later(self, **span: float) -> None:
        """Stop the clock at a later moment."""
        moment = self.platform.clock() + timedelta(**span)
        object.__setattr__(self.platform, "clock", lambda: moment)

    def stored_files(self) -> list[Path]:
        """Files in the blob store."""
        return [path for path in (self.folder / "blobs").rglob("*") if path.is_file()]


@pytest.fixture
def make_server(tmp_path: Path, empty_database: Path, loop: Loop, compute: Compute) -> Iterator[Callable[..., Server]]:
    """Builds servers; ``limits`` turns rate limits on, ``store`` replaces the local store, the rest are settings of the face."""
    servers: list[Server] = []

    def make(*, limits: bool = False, development: bool = True, store: Callable[[Path], BlobStore] = LocalStore, **settings: Any) -> Server:
        folder = tmp_path / f"server{len(servers)}"
        folder.mkdir()
        shutil.copy(empty_database, folder / "data.db")
        database, events = Database(f"sqlite:///{folder / 'data.db'}"), MemoryBus()
        jobs, used = Jobs(NoWorkers(), events, KINDS), ImagineaiSettings(**settings)
        blobs: BlobStore = store(folder / "blobs")
        platform = Platform(
            secret=SECRET,
            database=database,
            accounts=Accounts(Passwords(memory_kib=64, passes=1), events=events, on_delete=[jobs.cancel_account]),
            tokens=Tokens(SECRET, database, events),
            api_keys=ApiKeys(),
            mail=Mail(),
            blobs=Blobs(blobs, database, StorageRules(staging=folder / "staging")),
            jobs=jobs,
            events=events,
            limits=Limiter(enabled=limits),
            models=Models([CARDS], folder / "models"),
            compute=compute,
            kinds=KINDS,
            development=development,
            face_settings={FACE: used},
        )
        servers.append(Server(create_app(platform, used), platform, loop, folder))
        return servers[-1]

    yield make
    for server in servers:
        for heart in server.hearts:
            heart.stop()
        server.platform.events.close()
        server.platform.health.close()
        server.platform.database.dispose()


@pytest.fixture
def server(make_server: Callable[..., Server]) -> Server:
    """A server without rate limits."""
    return make_server()


@pytest.fixture
def ann(server: Server) -> Person:
    """An account."""
    return server.person("Ann@example.org", full_name="Ann Lee")


@pytest.fixture
def bob(server: Server) -> Person:
    """Another account."""
    return server.person("bob@example.org")
