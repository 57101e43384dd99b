"""Model files: finding, checking, downloading."""

import fcntl
import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

import httpx

from pentaprism.core.blobs.faults import storage_faults
from pentaprism.core.errors import Unavailable
from pentaprism.core.models.card import ModelCard

LOG = logging.getLogger(__name__)
TRIES = 5
TIMEOUT = httpx.Timeout(30, connect=15)

Progress = Callable[[int, int], None]
FileState = Literal["built in", "absent", "verified", "broken"]


class ModelUnavailable(Unavailable):
    """The weights of the model are missing or invalid."""

    code = "MODEL_UNAVAILABLE"

    def __init__(self, card: ModelCard, reason: str, message: str) -> None:
        details = {"model": card.name, "reason": reason, "file": card.file, "sha256": card.sha256, "url": card.url}
        super().__init__(message, details=details)
        self.reason = reason


class ModelFiles:
    """Files in the folders of the cards (shipped with the package) and below ``cache_dir`` (downloaded).

    A file is used only if its SHA-256 is the card's; it is calculated once a process and again when the file has changed.
    """

    def __init__(self, cache_dir: Path, *, pause_seconds: float = 1.0) -> None:
        self.cache_dir = cache_dir
        self._pause = pause_seconds
        self._checked: dict[tuple[Path, int, int, str], bool] = {}
        self._lock = threading.Lock()

    def find(self, card: ModelCard, shipped: Path | None = None) -> Path:
        """The verified file of ``card``. Raises ModelUnavailable with the reason ``missing`` or ``checksum``."""
        if card.file is None:
            raise ModelUnavailable(card, "missing", f"The model {card.name} is built in and has no file")
        found = False
        for path in self._places(card, shipped):
            if path.is_file():
                found = True
                if self._matches(path, card):
                    return path
        if found:
            raise ModelUnavailable(card, "checksum", f"The file of the model {card.name} differs from its card; download it again")
        raise ModelUnavailable(card, "missing", f"The file of the model {card.name} is not here; download it first")

    def verify(self, card: ModelCard, shipped: Path | None = None) -> FileState:
        """The state of the file of ``card``, calculated anew."""
        if card.file is None:
            return "built in"
        with self._lock:
            self._checked.clear()
        try:
            self.find(card, shipped)
        except ModelUnavailable as error:
            return "broken" if error.reason == "checksum" else "absent"
        return "verified"

    def pull(self, card: ModelCard, progress: Progress | None = None) -> Path:
        """Download the file of ``card`` into the cache, unless a right one is there; an interrupted download goes on.

        ``progress`` gets bytes done and bytes in all. Raises ModelUnavailable (``no address``, ``download``, ``checksum``), StorageFull.
        """
        if card.file is None or card.sha256 is None or card.url is None:
            raise ModelUnavailable(card, "no address", f"The model {card.name} cannot be downloaded: its card names no address")
        target = self.cache_dir / card.file
        with storage_faults(), self._alone(card):
            if target.is_file() and self._matches(target, card):
                return target
            part = self._part(card)
            self._download(card, part, progress or (lambda _done, _total: None))
            if not self._matches(part, card):
                part.unlink()
                raise ModelUnavailable(card, "checksum", f"The downloaded file of the model {card.name} differs from its card")
            part.replace(target)
            _flush(self.cache_dir)
        return target

    def fetched(self, card: ModelCard) -> int:
        """Bytes that a download under way, or one that was interrupted, has brought here."""
        try:
            return self._part(card).stat().st_size
        except FileNotFoundError:
            return 0

    def _part(self, card: ModelCard) -> Path:
        return self.cache_dir / f"{card.file}.{(card.sha256 or '')[:16]}.part"

    def _places(self, card: ModelCard, shipped: Path | None) -> Iterator[Path]:
        if shipped is not None and card.file is not None:
            yield shipped / card.file
        if card.file is not None:
            yield self.cache_dir / card.file

    def _matches(self, path: Path, card: ModelCard) -> bool:
        found = path.stat()
        key = (path, found.st_size, found.st_mtime_ns, card.sha256 or "")
        with self._lock:
            known = self._checked.get(key)
        if known is None:
            known = found.st_size == card.size_bytes and _sha256(path) == card.sha256
            with self._lock:
                self._checked[key] = known
        return known

    @contextmanager
    def _alone(self, card: ModelCard) -> Iterator[None]:
        """Of several processes that download one file, the others wait; the lock ends with its process."""
        self.cache_dir.mkdir(parents=True, exist_ok=True)
        with (self.cache_dir / f".{card.file}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _download(self, card: ModelCard, part: Path, progress: Progress) -> None:
        """Bring ``part`` to its full size, in several tries that each go on where the last one stopped."""
        for attempt in range(1, TRIES + 1):
            try:
                with part.open("ab") as file:
                    if file.tell() < card.size_bytes:
                        _fetch(card, file, progress)
                    file.flush()
                    os.fsync(file.fileno())
            except httpx.HTTPStatusError as error:
                raise ModelUnavailable(
                    card, "download", f"The model {card.name} cannot be downloaded: the server answered {error.response.status_code}"
                ) from error
            except httpx.HTTPError as error:
                LOG.warning("download of %s was interrupted (try %d): %s", card.file, attempt, type(error).__name__)
                if attempt == TRIES:
                    message = f"The model {card.name} cannot be downloaded: the connection failed"
                    raise ModelUnavailable(card, "download", message) from error
                time.sleep(self._pause * attempt)
            else:
                return


def _fetch(card: ModelCard, file: BinaryIO, progress: Progress) -> None:
    done = file.tell()
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={done}-"} if done else {})}
    with httpx.stream("GET", card.url or "", headers=headers, follow_redirects=True, timeout=TIMEOUT) as response:
        if response.status_code == 416:
            file.truncate(0)
            raise httpx.RemoteProtocolError("the server does not have the rest of the file")
        response.raise_for_status()
        if not response.headers.get("content-range", "").startswith(f"bytes {done}-"):
            done = 0
            file.truncate(0)
        for chunk in response.iter_bytes():
            done += len(chunk)
            file.write(chunk)
            if done > card.size_bytes:
                return
            progress(done, card.size_bytes)
    if done < card.size_bytes:
        raise httpx.RemoteProtocolError("the file ended early")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
