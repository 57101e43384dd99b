"""Where extracted objects lie: below RESULTS_DIR, or under the same names in the object store where the installation has one.

A path is what follows ``./results/`` in answers: ``u-0123456789ab/shoes/object_0.png``.
"""

import hashlib
import os
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pentaprism.core.blobs.keys import SEGMENT
from pentaprism.core.blobs.local import LocalStore
from pentaprism.core.blobs.tables import Blob
from pentaprism.core.blobs.uploads import Blobs
from pentaprism.core.database.engine import Database, after_commit
from pentaprism.core.errors import NotFound
from pentaprism.core.platform import Platform
from pentaprism.faces.quarry.errors import FileMissing, invalid
from pentaprism.faces.quarry.settings import QuarrySettings
from pentaprism.faces.quarry.tables import ResultFile

TOP = "results"
OCCUPIED = "A file stands where this folder would be."


class FolderFiles:
    """Files below ``root`` on this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def check(self, folder: str) -> None:
        """Raise Invalid if a link on the way to ``folder`` leads out of the root, or a file stands in its place."""
        here = self.root
        for segment in folder.split("/") if folder else []:
            here = here / segment
            if here.is_symlink() and not Path(os.path.realpath(here)).is_relative_to(self.root):
                raise invalid("save_dir", "This folder leads out of the results folder.", "save_dir")
            if here.exists() and not here.is_dir():
                raise invalid("save_dir", OCCUPIED, "save_dir")

    def read(self, path: str) -> bytes:
        """One file. Raises FileMissing."""
        try:
            return (self.root / path).read_bytes()
        except OSError as error:
            raise FileMissing from error


class StoredFiles:
    """Files in the store that all machines of the installation share."""

    def __init__(self, blobs: Blobs, database: Database) -> None:
        self.blobs = blobs
        self._database = database

    def check(self, folder: str) -> None:
        """Raise Invalid if a file stands in the place of ``folder``: no name in the store is a folder of another."""
        segments = folder.split("/")
        places = ["/".join(segments[:count]) for count in range(1, len(segments) + 1)]
        with self._database.read() as session:
            taken = session.scalar(select(ResultFile.path).where(ResultFile.path.in_(places)).limit(1))
        if taken is not None:
            raise invalid("save_dir", OCCUPIED, "save_dir")

    def read(self, path: str) -> bytes:
        """One file. Raises FileMissing."""
        try:
            with self.blobs.open(key_of(path)) as file:
                return file.read()
        except NotFound as error:
            raise FileMissing from error


def result_files(platform: Platform, settings: QuarrySettings) -> FolderFiles | StoredFiles:
    """The result files of an installation."""
    if isinstance(platform.blobs.store, LocalStore):
        return FolderFiles((platform.data_dir / Path(settings.results_dir).expanduser()).resolve())
    return StoredFiles(platform.blobs, platform.database)


def key_of(path: str) -> str:
    """The name of a file in the store: the path itself, but for folders whose names no key may have, which carry a checksum."""
    return "/".join((TOP, *map(_plain, path.split("/"))))


def _plain(segment: str) -> str:
    if SEGMENT.fullmatch(segment):
        return segment
    return f"{segment.replace(' ', '_')}-{hashlib.sha256(segment.encode()).hexdigest()[:12]}"


def holder_of(job_id: str) -> str:
    """What keeps the files of a job in the store."""
    return f"quarry-result:{job_id}"


def remove_files(session: Session, job_id: str, root: str | None) -> None:
    """Remove the files of a job with the commit of ``session``; ``root`` is their folder where they lie on this machine."""
    rows = update(Blob).where(Blob.holder == holder_of(job_id), Blob.state != "released")
    session.execute(rows.values(state="released", holder=None, expires_at=None).execution_options(synchronize_session=False))
    paths = session.scalars(select(ResultFile.path).where(ResultFile.job_id == job_id)).all()
    if root and paths:
        files = [Path(root) / path for path in paths]
        after_commit(session, lambda: unlink(files))


def unlink(files: list[Path]) -> None:
    """Remove files, those that are gone already left out."""
    for file in files:
        file.unlink(missing_ok=True)
