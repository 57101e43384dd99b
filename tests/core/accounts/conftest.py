"""A database of its own for each test, a clock that can be moved, a bus that remembers."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import pytest

import pentaprism.core.blobs.tables
import pentaprism.core.jobs.tables  # noqa: F401 -- all tables of the core belong to the metadata
from pentaprism.core.accounts.passwords import Passwords
from pentaprism.core.accounts.service import Accounts
from pentaprism.core.accounts.tables import Account
from pentaprism.core.accounts.tokens import Tokens
from pentaprism.core.database.engine import Database
from pentaprism.core.events.bus import Listener, Subscription
from pentaprism.core.events.event import Event

SECRET = bytes(range(32))


class Watch:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 31, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def move(self, **duration: float) -> None:
        self.moment += timedelta(**duration)


class RecordingBus:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.published: list[Event] = []

    def publish(self, events: Iterable[Event]) -> None:
        self.published.extend(events)

    def subscribe(self, topics: Iterable[str], listener: Listener) -> Subscription:
        raise LookupError("nobody listens here")

    def close(self) -> None:
        self.published.clear()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def bus() -> RecordingBus:
    return RecordingBus()


@pytest.fixture(scope="session")
def passwords() -> Passwords:
    """Cheap hashes: what they cost is the matter of one test only."""
    return Passwords(memory_kib=64, passes=1)


@pytest.fixture
def accounts(passwords: Passwords, bus: RecordingBus, watch: Watch) -> Accounts:
    return Accounts(passwords, events=bus, clock=watch)


@pytest.fixture
def tokens(database: Database, bus: RecordingBus, watch: Watch) -> Tokens:
    return Tokens(SECRET, database, bus, clock=watch)


@pytest.fixture
def ada(database: Database, accounts: Accounts) -> Account:
    with database.write() as session:
        return accounts.register(session, "ada@example.com", "correct horse", name="Ada")


@pytest.fixture
def person(database: Database, accounts: Accounts) -> Callable[[str], Account]:
    """Makes further accounts."""

    def register(email: str) -> Account:
        with database.write() as session:
            return accounts.register(session, email, "correct horse")

    return register
