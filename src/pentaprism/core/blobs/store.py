"""The blob store port. Contract: ``tests/contracts/test_blob_store.py``."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class BlobStat:
    """What the store knows of a blob. ``version`` differs between any two writes of a key whose bytes differ."""

    key: str
    size: int
    modified_at: datetime
    version: str


class BlobStore(Protocol):
    """Bytes under keys. A key is a relative slash-separated path of ``A-Za-z0-9._-`` segments that do not begin with a dot.

    A blob appears whole or not at all, and lasts from the return of the call that wrote it; writing an existing key replaces
    it at once. No key is a folder of another. Reading a missing key raises NotFound, a key of another form InvalidInput, a
    full disk StorageFull, and any other failure of the storage Unavailable.
    """

    def put(self, key: str, chunks: Iterable[bytes]) -> BlobStat: ...

    def adopt(self, key: str, path: Path) -> BlobStat:
        """Take over the finished file at ``path`` (on the same file system where possible); the file is gone afterwards."""

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Bytes ``start`` to ``end`` (exclusive; None = to the end) in chunks of bounded size."""

    def open(self, key: str) -> BinaryIO:
        """A seekable file of the blob."""

    def local_path(self, key: str) -> Path:
        """A path where the blob can be read as a file until the process ends; may fetch it into a cache first.

        The file is of the version that is stored at the call; where it is the stored file itself, it follows later writes.
        """

    def stat(self, key: str) -> BlobStat: ...

    def delete(self, key: str) -> None:
        """Remove the blob; a missing one is no error."""

    def list(self, prefix: str = "") -> Iterator[BlobStat]: ...

    def sign(self, key: str, *, method: str, expires_in: timedelta, content_type: str | None = None, size: int | None = None) -> str | None:
        """A URL that opens the blob for ``method`` without credentials, or None where only the platform serves bytes.

        A ``PUT`` is bound to the ``content_type`` and ``size`` that are named: the client sends the same headers.
        """

    def sweep(self, before: datetime) -> int:
        """Remove what interrupted writes have left behind, if older than ``before``; how many."""
