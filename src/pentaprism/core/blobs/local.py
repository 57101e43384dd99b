"""Blobs as files below a folder."""

import errno
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from pentaprism.core.blobs.faults import storage_faults
from pentaprism.core.blobs.keys import check_key
from pentaprism.core.blobs.store import BlobStat
from pentaprism.core.errors import Conflict

DRAFTS = ".drafts"
CHUNK = 256 * 1024
OVERLAP = "One of two stored files would be a folder of the other"
TRIES = 8
MOST_SETTLED = 100_000


class LocalStore:
    """A file is written under a draft name, flushed to the disk with fsync, renamed, and its folders are flushed as well.

    So a blob is whole whenever it is visible, and it survives a power cut once ``put`` has returned.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._drafts = self.root / DRAFTS
        self._settled: set[Path] = set()
        with storage_faults():
            self._drafts.mkdir(parents=True, exist_ok=True)

    def put(self, key: str, chunks: Iterable[bytes]) -> BlobStat:
        path = self._path(key)
        with storage_faults(), self._draft() as draft:
            with draft.open("xb") as file:
                for chunk in chunks:
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            self._publish(draft, path)
        return self.stat(key)

    def adopt(self, key: str, path: Path) -> BlobStat:
        target = self._path(key)
        with storage_faults():
            _flush_file(path)
            os.utime(path)
            try:
                self._publish(path, target)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                with path.open("rb") as file:
                    self.put(key, iter(lambda: file.read(CHUNK), b""))
                path.unlink()
        return self.stat(key)

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        if start < 0 or (end is not None and end < start):
            raise ValueError(f"there are no bytes from {start} to {end}")
        self.stat(key)
        return self._chunks(key, start, end)

    def open(self, key: str) -> BinaryIO:
        with storage_faults():
            return self._path(key).open("rb")

    def local_path(self, key: str) -> Path:
        self.stat(key)
        return self._path(key)

    def stat(self, key: str) -> BlobStat:
        path = self._path(key)
        with storage_faults():
            if not path.is_file():
                raise FileNotFoundError(errno.ENOENT, "no such blob")
            found = path.stat()
        return _stat_of(key, found)

    def delete(self, key: str) -> None:
        path = self._path(key)
        with storage_faults():
            try:
                path.unlink()
            except (FileNotFoundError, NotADirectoryError):
                return
            for folder in path.parents:
                if folder == self.root:
                    break
                self._settled.discard(folder)
                try:
                    folder.rmdir()
                except OSError:
                    break

    def list(self, prefix: str = "") -> Iterator[BlobStat]:
        start = self.root / prefix.rpartition("/")[0]
        if start != self.root:
            check_key(prefix.rpartition("/")[0])
        for path in _files(start):
            key = path.relative_to(self.root).as_posix()
            if key.startswith(prefix):
                with suppress(FileNotFoundError):
                    yield _stat_of(key, path.stat())

    def sign(self, key: str, **_: object) -> str | None:  # noqa: ARG002 -- only the platform serves these files
        return None

    def sweep(self, before: datetime) -> int:
        return remove_older(self._drafts, before)

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)

    def _chunks(self, key: str, start: int, end: int | None) -> Iterator[bytes]:
        with storage_faults(), self._path(key).open("rb", buffering=0) as file:
            file.seek(start)
            left = end - start if end is not None else None
            while left is None or left > 0:
                chunk = file.read(CHUNK if left is None else min(CHUNK, left))
                if not chunk:
                    return
                left = left if left is None else left - len(chunk)
                yield chunk

    @contextmanager
    def _draft(self) -> Iterator[Path]:
        draft = self._drafts / f"{os.getpid()}-{secrets.token_hex(8)}"
        try:
            yield draft
        finally:
            draft.unlink(missing_ok=True)

    def _publish(self, draft: Path, path: Path) -> None:
        """Rename ``draft`` to ``path``. A folder that is deleted meanwhile, because it has become empty, is made again."""
        for attempt in range(TRIES):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                draft.replace(path)
                break
            except FileNotFoundError:
                if attempt == TRIES - 1:
                    raise
            except FileExistsError as error:
                # mkdir looks twice, and a deleter may have taken the empty folder in between: then nothing stands in the way.
                if attempt == TRIES - 1 or any(parent.is_file() for parent in path.parents):
                    raise Conflict(OVERLAP) from error
            except (NotADirectoryError, IsADirectoryError) as error:
                raise Conflict(OVERLAP) from error
        self._flush_folders(path)

    def _flush_folders(self, path: Path) -> None:
        """Flush the folder of ``path``, and those above it up to one that this process has flushed since it was made."""
        fresh = []
        for folder in path.parents:
            _flush_folder(folder)
            if folder == self.root or folder in self._settled:
                break
            fresh.append(folder)
        if len(self._settled) > MOST_SETTLED:
            self._settled.clear()
        self._settled.update(fresh)


def remove_older(folder: Path, before: datetime) -> int:
    """Remove the files of ``folder`` that were last written before ``before``; how many."""
    removed = 0
    with storage_faults():
        for path in folder.iterdir():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before.timestamp():
                    path.unlink()
                    removed += 1
    return removed


def _stat_of(key: str, found: os.stat_result) -> BlobStat:
    """A blob is replaced by renaming another file to it, whose time is its own too."""
    version = f"{found.st_ino:x}-{found.st_mtime_ns:x}-{found.st_size:x}"
    return BlobStat(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC), version)


def _files(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry.path)


def _flush_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    with suppress(FileNotFoundError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
