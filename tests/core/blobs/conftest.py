"""Stored files on a database and a folder of their own, with a clock that runs ahead when it is moved."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

import pentaprism.core.jobs.tables  # noqa: F401 -- all tables of the core belong to the metadata
from pentaprism.core.accounts.tables import Account
from pentaprism.core.blobs.local import LocalStore
from pentaprism.core.blobs.uploads import Blobs, StorageRules
from pentaprism.core.clock import now
from pentaprism.core.database.engine import Database


class Watch:
    """The real time, which file times follow as well, plus what it was moved by."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return now() + self.ahead

    def move(self, **duration: float) -> None:
        self.ahead += timedelta(**duration)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


@pytest.fixture
def blobs(store: LocalStore, database: Database, tmp_path: Path, watch: Watch) -> Blobs:
    return Blobs(store, database, StorageRules(tmp_path / "staging"), clock=watch)


@pytest.fixture
def owner(database: Database) -> str:
    with database.write() as session:
        account = Account(email="ada@example.com", email_key="ada@example.com")
        session.add(account)
        session.flush()
        return account.id
