"""Backups, restores and moves of the installation that settings describe."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pentaprism.app.building import open_database, open_store
from pentaprism.core.blobs.store import BlobStore
from pentaprism.core.database.engine import Database
from pentaprism.core.signing import MINIMUM_SECRET_BYTES
from pentaprism.core.transfer.backup import BackedUp, back_up
from pentaprism.core.transfer.errors import ArchiveInvalid, TransferRefused
from pentaprism.core.transfer.moving import Moved, move
from pentaprism.core.transfer.progress import Report
from pentaprism.core.transfer.restoring import Restored, restore
from pentaprism.settings import Settings, SettingsError

# What became of the secret of a backup: it has none, it is now the one of this installation, it already was, or there is another one.
SecretState = Literal["none", "restored", "same", "other"]


def back_up_installation(settings: Settings, path: Path, *, with_secret: bool, report: Report) -> BackedUp:
    """Write an archive at ``path``. Raises SettingsError, PlatformError."""
    _refuse_absent(settings)
    with _opened(settings) as (database, store):
        return back_up(path, database, store, secret=settings.secret_bytes() if with_secret else None, report=report)


def restore_installation(settings: Settings, path: Path, *, replace: bool, report: Report) -> tuple[Restored, SecretState]:
    """Fill the installation from the archive at ``path``. Raises SettingsError, PlatformError."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with _opened(settings) as (database, store):
        restored = restore(path, database, store, replace=replace, report=report)
    return restored, _take_secret(settings, restored.contents.secret)


def move_installation(settings: Settings, database_url: str, storage_url: str | None, report: Report) -> Moved:
    """Copy rows to another database, and files to another storage where one is named. Raises SettingsError, PlatformError."""
    _refuse_absent(settings)
    sections = {"database": settings.database.model_copy(update={"url": database_url})}
    if storage_url is not None:
        there = settings.model_copy(update={**sections, "storage": settings.storage.model_copy(update={"url": storage_url})})
    else:
        there = settings.model_copy(update=sections)
    target = open_database(there)
    try:
        with _opened(settings) as (database, store):
            if target.url == database.url:
                raise TransferRefused("The installation is in this database already.")
            stores = (store, open_store(there)) if storage_url is not None else None
            return move(database, target, stores=stores, report=report)
    finally:
        target.dispose()


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Database, BlobStore]]:
    database = open_database(settings)
    try:
        yield database, open_store(settings)
    finally:
        database.dispose()


def _refuse_absent(settings: Settings) -> None:
    """Opening a SQLite database that is not there would make one."""
    if settings.database.url is None and not settings.path("pentaprism.sqlite3").is_file():
        raise TransferRefused(f"There is no installation in {settings.data_dir}.")


def _take_secret(settings: Settings, secret: bytes | None) -> SecretState:
    if secret is None:
        return "none"
    if len(secret) < MINIMUM_SECRET_BYTES:
        raise ArchiveInvalid(f"The secret of the backup has fewer than {MINIMUM_SECRET_BYTES} bytes; everything else is restored.")
    file = settings.path(settings.secret_file)
    if settings.secret or file.exists():
        return "same" if settings.secret_bytes() == secret else "other"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(secret)
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise SettingsError(f"everything is restored but the secret, which cannot be written: {error}") from error
    return "restored"
