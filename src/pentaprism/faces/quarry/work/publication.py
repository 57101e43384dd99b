"""The files of an extraction on their way to their names: written first, then numbered, visible with the finished job."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pentaprism.core.accounts.turns import take_turn
from pentaprism.core.blobs.staging import StagedBlob
from pentaprism.core.errors import StorageFull, TransientFault
from pentaprism.core.jobs.context import JobContext
from pentaprism.faces.quarry.kinds import FACE
from pentaprism.faces.quarry.resultfiles import FolderFiles, StoredFiles, holder_of, key_of, remove_files, result_files, unlink
from pentaprism.faces.quarry.tables import ResultFile
from pentaprism.faces.quarry.work.engines import settings_of

LOCK = ".lock"
NAME = re.compile(r"object_(\d{1,9})\.png")
TRIES = 20


class Publication(Protocol):
    """The files of one extraction in one folder."""

    def write(self, content: bytes) -> None:
        """Write one file. Raises StorageFull, Invalid."""

    def publish(self) -> list[str]:
        """Give the files their names, in the order they were written; they begin with ``./results/``."""

    def readable(self) -> list[Path]:
        """The files in the same order, from ``publish`` until ``keep``."""

    def keep(self, session: Session) -> None:
        """Make the files last, in the transaction that completes the job."""

    def withdraw(self) -> None:
        """Remove every file again."""


def publication(job: JobContext, folder: str) -> Publication:
    """A publication to ``folder``, where this installation has its result files. What an earlier attempt has left is removed."""
    found = result_files(job.platform, settings_of(job.platform))
    with job.transaction() as session:
        remove_files(session, job.id, str(found.root) if isinstance(found, FolderFiles) else None)
        session.execute(delete(ResultFile).where(ResultFile.job_id == job.id).execution_options(synchronize_session=False))
    return FolderPublication(job, folder, found) if isinstance(found, FolderFiles) else StoredPublication(job, folder, found)


class FolderPublication:
    """To a folder of this machine: drafts beside their places, numbers and links under a lock. Drafts of an attempt that was killed go."""

    def __init__(self, job: JobContext, folder: str, files: FolderFiles) -> None:
        self._job, self._files, self._place = job, files, folder
        self._folder = files.root / folder if folder else files.root
        self._drafts: list[Path] = []
        self._published: list[Path] = []
        unlink(list(self._folder.glob(f".{job.id}-*.part")))

    def write(self, content: bytes) -> None:
        """Write one file. Raises StorageFull, Invalid."""
        self._files.check(self._place)
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f".{self._job.id}-{self._job.attempt}-{len(self._drafts)}.part"
        self._drafts.append(draft)
        try:
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StorageFull from error

    def publish(self) -> list[str]:
        """Give the files their names. A link fails where a file stands, a rename would replace it."""
        with self._locked(), self._job.transaction() as session:
            taken = (entry.name for entry in os.scandir(self._folder)) if self._drafts else ()
            paths = paths_after(taken, self._place, len(self._drafts))
            for draft, path in zip(self._drafts, paths, strict=True):
                target = self._files.root / path
                os.link(draft, target)
                draft.unlink()
                self._published.append(target)
            note(session, self._job, paths)
        return shown(paths)

    def readable(self) -> list[Path]:
        """The files."""
        return self._published

    def keep(self, session: Session) -> None:
        """They last already."""

    def withdraw(self) -> None:
        """Remove every file again."""
        for path in (*self._drafts, *self._published):
            path.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._files.root.mkdir(parents=True, exist_ok=True)
        with (self._files.root / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class StoredPublication:
    """To the store that all machines share: rows reserve the names, the bytes follow with the end of the job."""

    def __init__(self, job: JobContext, folder: str, files: StoredFiles) -> None:
        self._job, self._files, self._place = job, files, folder
        self._staged: list[StagedBlob] = []
        self._paths: list[str] = []

    def write(self, content: bytes) -> None:
        """Write one file. Raises StorageFull, Invalid."""
        if not self._staged:
            self._files.check(self._place)
        self._staged.append(
            self._files.blobs.stage(
                content, account_id=self._job.account_id, face=FACE, purpose="result", content_type="image/png", suffix=".png"
            )
        )

    def publish(self) -> list[str]:
        """Give the files their names. Raises TransientFault if others take them again and again."""
        for _ in range(TRIES):
            try:
                with self._job.transaction() as session:
                    take_turn(session, self._job.account_id)
                    self._paths = paths_after(self._taken(session), self._place, len(self._staged))
                    note(session, self._job, self._paths)
                    session.flush()
            except IntegrityError:
                continue
            return shown(self._paths)
        raise TransientFault("Too many extractions write to this folder at once.")

    def readable(self) -> list[Path]:
        """The files."""
        return [staged.path for staged in self._staged]

    def keep(self, session: Session) -> None:
        """Store the bytes under their names."""
        for staged, path in zip(self._staged, self._paths, strict=True):
            self._files.blobs.keep(session, staged, holder_of(self._job.id), key=key_of(path))

    def withdraw(self) -> None:
        """Remove every file again."""
        for staged in self._staged:
            staged.discard()

    def _taken(self, session: Session) -> Iterable[str]:
        """The names in the folder that may be numbers of objects, folders among them."""
        start = f"{self._place}/" if self._place else ""
        rows = session.scalars(select(ResultFile.path).where(ResultFile.path.startswith(f"{start}object_", autoescape=True)))
        return (path[len(start) :].split("/")[0] for path in rows)


def paths_after(taken: Iterable[str], folder: str, count: int) -> list[str]:
    """``count`` paths in ``folder`` whose numbers follow the highest of the names that are ``taken``."""
    first = max((int(found[1]) for name in taken if (found := NAME.fullmatch(name))), default=-1) + 1
    start = f"{folder}/" if folder else ""
    return [f"{start}object_{first + index}.png" for index in range(count)]


def shown(paths: Iterable[str]) -> list[str]:
    """Paths as answers show them."""
    return [f"./results/{path}" for path in paths]


def note(session: Session, job: JobContext, paths: Iterable[str]) -> None:
    """Rows that say whose the files are."""
    session.add_all(ResultFile(path=path, account_id=job.account_id, job_id=job.id, number=index) for index, path in enumerate(paths))
