"""A real server around a small application, on a free port."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from sqlalchemy import Engine
from starlette.types import ASGIApp

from pentaprism.core.blobs.memory import MemoryStore
from pentaprism.core.blobs.uploads import Blobs, StorageRules
from pentaprism.core.database.engine import Database
from pentaprism.core.database.tables import Base

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
    deadline = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves applications until the end of the test."""
    running = []

    def start(app: ASGIApp) -> str:
        context = serving(app)
        running.append(context)
        return context.__enter__()

    yield start
    for context in running:
        context.__exit__(None, None, None)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'web.sqlite3'}")
    engine: Engine = made.engine
    Base.metadata.create_all(engine)
    yield made
    made.dispose()


@pytest.fixture
def blobs(tmp_path: Path, database: Database) -> Blobs:
    return Blobs(MemoryStore(), database, StorageRules(staging=tmp_path / "staging"))
