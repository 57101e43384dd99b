"""Blobs in memory, for tests and for commands that keep nothing."""

import hashlib
import io
import itertools
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from pentaprism.core.blobs.faults import storage_faults
from pentaprism.core.blobs.keys import check_key
from pentaprism.core.blobs.local import CHUNK
from pentaprism.core.blobs.store import BlobStat
from pentaprism.core.clock import Clock, now
from pentaprism.core.errors import Conflict, NotFound


class MemoryStore:
    """Only ``local_path`` writes to the disk, into a folder that goes with the store."""

    def __init__(self, *, clock: Clock = now) -> None:
        self._blobs: dict[str, tuple[bytes, datetime, str]] = {}
        self._writes = itertools.count(1)
        self._lock = threading.Lock()
        self._clock = clock
        self._folder = Path(tempfile.mkdtemp(prefix="pentaprism-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def put(self, key: str, chunks: Iterable[bytes]) -> BlobStat:
        check_key(key)
        content = b"".join(chunks)
        with self._lock:
            parents = {key[:index] for index, character in enumerate(key) if character == "/"}
            if parents & self._blobs.keys() or any(other.startswith(key + "/") for other in self._blobs):
                raise Conflict("One of two stored files would be a folder of the other")
            self._blobs[key] = (content, self._clock(), str(next(self._writes)))
        return self.stat(key)

    def adopt(self, key: str, path: Path) -> BlobStat:
        check_key(key)
        with storage_faults():
            content = path.read_bytes()
        stat = self.put(key, [content])
        path.unlink()
        return stat

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        if start < 0 or (end is not None and end < start):
            raise ValueError(f"there are no bytes from {start} to {end}")
        part = self._find(key)[0][start:end]
        return (part[offset : offset + CHUNK] for offset in range(0, len(part), CHUNK))

    def open(self, key: str) -> BinaryIO:
        return io.BytesIO(self._find(key)[0])

    def local_path(self, key: str) -> Path:
        content = self._find(key)[0]
        path = self._folder / (hashlib.sha256(key.encode()).hexdigest() + Path(key).suffix[:16])
        path.write_bytes(content)
        return path

    def stat(self, key: str) -> BlobStat:
        content, moment, version = self._find(key)
        return BlobStat(key, len(content), moment, version)

    def delete(self, key: str) -> None:
        check_key(key)
        with self._lock:
            self._blobs.pop(key, None)

    def list(self, prefix: str = "") -> Iterator[BlobStat]:
        with self._lock:
            found = sorted((key, len(entry[0]), *entry[1:]) for key, entry in self._blobs.items() if key.startswith(prefix))
        return (BlobStat(*entry) for entry in found)

    def sign(self, key: str, **_: object) -> str | None:  # noqa: ARG002 -- nobody else can serve these bytes
        return None

    def sweep(self, before: datetime) -> int:  # noqa: ARG002 -- an interrupted write leaves nothing in memory
        return 0

    def _find(self, key: str) -> tuple[bytes, datetime, str]:
        check_key(key)
        with self._lock:
            found = self._blobs.get(key)
        if found is None:
            raise NotFound("File not found")
        return found
