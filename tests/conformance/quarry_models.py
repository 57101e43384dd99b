"""Segment Anything checkpoints with random weights in the official layout, their cards, and a server that hands them out."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pentaprism
from engines.sam import sam_reference as reference
from engines.sam.pth_files import write_zip

SIDE = 80
CARDS = Path(pentaprism.__file__).parent / "engines/sam/weights"
MEBIBYTE = 1_048_576


class WeightServer(ThreadingHTTPServer):
    """Serves the files of a folder. While ``hold`` is set, an answer stops after that many bytes until it is cleared."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.hold: int | None = None
        self.go_on = threading.Event()
        self.asked: list[str] = []
        threading.Thread(target=self.serve_forever, args=[0.05], daemon=True).start()

    @property
    def url(self) -> str:
        """Address of the folder."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: WeightServer

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        content = (self.server.folder / self.path.rpartition("/")[2]).read_bytes()
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        stop = self.server.hold or len(content)
        self.wfile.write(content[start:stop])
        self.wfile.flush()
        if stop < len(content):
            self.server.go_on.wait(60)
            self.wfile.write(content[stop:])

    def log_message(self, *_: object) -> None:
        return


def checkpoints(folder: Path) -> dict[str, Path]:
    """Files of vit_b and vit_t in ``folder`` under their official names."""
    folder.mkdir(parents=True, exist_ok=True)
    return {
        "vit_b": write_zip(folder / "sam_vit_b_01ec64.pth", reference.vit_weights(3, SIDE)),
        "vit_t": write_zip(folder / "mobile_sam.pt", reference.tinyvit_weights(5)),
    }


@contextmanager
def published(folder: Path) -> Iterator[tuple[dict[str, Path], WeightServer]]:
    """The files of :func:`checkpoints`, and a server that hands them out for the length of the block."""
    files = checkpoints(folder)
    with WeightServer(folder) as weights:
        yield files, weights
        weights.shutdown()


def write_card(models: Path, name: str, file: Path, url: str, memory_mb: int) -> dict[str, Any]:
    """Describe ``file`` as the weights of a model in the folder ``models`` of an installation."""
    card: dict[str, Any] = json.loads((CARDS / f"{name}.json").read_text())
    content = file.read_bytes()
    card |= {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content), "memory_bytes": memory_mb * MEBIBYTE}
    card["url"] = f"{url}/{file.name}"
    models.mkdir(parents=True, exist_ok=True)
    (models / f"{name}.json").write_text(json.dumps(card))
    return card
