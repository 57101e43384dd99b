"""A real server around a small application, on a free port."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
import uvicorn
from starlette.types import ASGIApp

from pentaprism.core.blobs.memory import MemoryStore
from pentaprism.core.blobs.uploads import Blobs, StorageRules
from pentaprism.core.database.engine import Database
from pentaprism.core.database.tables import Base
from pentaprism.core.observability import logs

Serve = Callable[[ASGIApp], str]


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """The address of ``app`` behind uvicorn in a thread, stopped at the end."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, lifespan="auto", log_config=None, access_log=False, timeout_graceful_shutdown=2, ws="websockets-sansio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[sock])), daemon=True)
    thread.start()
    deadline = time.monotonic() + 40
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(autouse=True, scope="session")
def quiet() -> None:
    """Lines of the access log would be written between the dots."""
    logs.configure("ERROR")


def _serve() -> Iterator[Serve]:
    with ExitStack() as running:
        yield lambda app: running.enter_context(serving(app))


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves applications until the end of the test."""
    yield from _serve()


@pytest.fixture(scope="module")
def serve_long() -> Iterator[Serve]:
    """Serves applications until the end of the module's tests."""
    yield from _serve()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path_factory.mktemp('database') / 'web.sqlite3'}")
    Base.metadata.create_all(made.engine)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def blobs(tmp_path_factory: pytest.TempPathFactory, database: Database) -> Blobs:
    return Blobs(MemoryStore(), database, StorageRules(staging=tmp_path_factory.mktemp("staging")))
