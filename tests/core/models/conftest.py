"""Cards, a file with its checksum, and an HTTP server that can fail in the ways that servers fail."""

import hashlib
import json
import random
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pentaprism.core.models.card import ModelCard

CONTENT = random.Random(5).randbytes(3_000_000)


class FileServer(ThreadingHTTPServer):
    """Serves CONTENT. ``breaks`` lists after how many bytes the coming answers break off; None does not."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), FileHandler)
        self.content = CONTENT
        self.breaks: list[int | None] = []
        self.ranges = True
        self.status: int | None = None
        self.asked: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/model.onnx"


class FileHandler(BaseHTTPRequestHandler):
    server: FileServer

    def do_GET(self) -> None:
        server = self.server
        asked = self.headers.get("Range")
        server.asked.append(asked)
        if server.status is not None:
            self.send_error(server.status)
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and server.ranges else 0  # type: ignore[index]
        if asked and server.ranges and start >= len(server.content):
            self.send_error(416)
            return
        body = server.content[start:]
        self.send_response(206 if asked and server.ranges else 200)
        if asked and server.ranges:
            self.send_header("Content-Range", f"bytes {start}-{len(server.content) - 1}/{len(server.content)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        limit = server.breaks.pop(0) if server.breaks else None
        self.wfile.write(body[:limit])

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def content() -> bytes:
    return CONTENT


@pytest.fixture
def make_card() -> Callable[..., ModelCard]:
    def make(name: str = "net", **changes: Any) -> ModelCard:
        whole = {
            "id": f"test-{name}",
            "name": name,
            "version": "1.0",
            "task": "cells",
            "architecture": "U-Net",
            "file": f"{name}.onnx",
            "sha256": hashlib.sha256(CONTENT).hexdigest(),
            "size_bytes": len(CONTENT),
            "licence": "Apache-2.0",
            "origin": "a test",
            "training_data": "none",
            "scores": {},
            "limitations": ["none"],
        }
        return ModelCard.model_validate({**whole, **changes})

    return make


@pytest.fixture
def ship(tmp_path: Path) -> Callable[..., Path]:
    """Write cards, and the files of those that are to be shipped, into a folder."""

    def write(*cards: ModelCard, files: bool = True) -> Path:
        folder = tmp_path / "shipped"
        folder.mkdir(exist_ok=True)
        for card in cards:
            (folder / f"{card.name}.json").write_text(json.dumps(card.model_dump()))
            if files and card.file is not None:
                (folder / card.file).write_bytes(CONTENT)
        return folder

    return write
