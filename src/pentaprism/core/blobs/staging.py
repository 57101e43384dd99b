"""Uploads on their way: a file that grows chunk by chunk while it is hashed."""

import hashlib
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pentaprism.core.blobs.faults import storage_faults
from pentaprism.core.blobs.keys import content_key, new_key
from pentaprism.core.errors import TooLarge

BUFFER = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """Whose bytes come, and what they are. ``limit`` is in bytes; ``by_content`` gives equal bytes of an owner one key."""

    account_id: str | None
    face: str
    purpose: str = "original"
    content_type: str = "application/octet-stream"
    suffix: str = ""
    limit: int | None = None
    by_content: bool = False


@dataclass(frozen=True, slots=True)
class StagedBlob:
    """A complete upload that nothing holds yet. It can be read at ``path`` until it is kept or discarded; ``key`` is its future key."""

    upload: Upload
    key: str
    path: Path
    size: int
    sha256: str

    def discard(self) -> None:
        """Remove the bytes, unless they were kept."""
        self.path.unlink(missing_ok=True)


class StagingWriter:
    """Takes the chunks of one upload. Whatever goes wrong, no file is left; leaving the ``with`` block unfinished is an abort."""

    def __init__(self, folder: Path, upload: Upload) -> None:
        self.upload = upload
        self.size = 0
        self._hash = hashlib.sha256()
        self._path = folder / f"{os.getpid()}-{secrets.token_hex(8)}{upload.suffix}"
        new_key(upload.face, upload.purpose, upload.suffix)
        with storage_faults():
            self._file = self._path.open("xb", buffering=BUFFER)

    def write(self, chunk: bytes) -> None:
        """Add ``chunk``; raises TooLarge as soon as the limit is passed, StorageFull when there is no room."""
        self.size += len(chunk)
        limit = self.upload.limit
        if limit is not None and self.size > limit:
            self.abort()
            raise TooLarge(f"The file is larger than {limit} bytes", details={"limit": limit})
        try:
            with storage_faults():
                self._file.write(chunk)
        except BaseException:
            self.abort()
            raise
        self._hash.update(chunk)

    def finish(self) -> StagedBlob:
        """Everything was written: flush it to the disk."""
        try:
            with storage_faults():
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()
        except BaseException:
            self.abort()
            raise
        upload, sha256 = self.upload, self._hash.hexdigest()
        if upload.by_content:
            key = content_key(upload.face, upload.account_id, sha256, upload.suffix)
        else:
            key = new_key(upload.face, upload.purpose, upload.suffix)
        return StagedBlob(upload, key, self._path, self.size, sha256)

    def abort(self) -> None:
        """Remove what was written."""
        with suppress(OSError):
            self._file.close()
        self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._file.closed:
            self.abort()
