"""Services of the core when many write at once, on both kinds of database."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from pentaprism.core.accounts.one_time import OneTimeTokens
from pentaprism.core.accounts.passwords import Passwords
from pentaprism.core.accounts.service import Accounts
from pentaprism.core.accounts.tables import Account
from pentaprism.core.accounts.token_rules import TokenRules
from pentaprism.core.accounts.tokens import Tokens
from pentaprism.core.blobs.memory import MemoryStore
from pentaprism.core.blobs.tables import Blob
from pentaprism.core.blobs.uploads import Blobs, StorageRules
from pentaprism.core.clock import now
from pentaprism.core.database.engine import Database
from pentaprism.core.database.migrate import upgrade
from pentaprism.core.errors import EmailTaken, NotAuthenticated, QuotaExceeded
from pentaprism.core.events.bus import Listener, Subscription
from pentaprism.core.events.event import Event

Outcome = TypeVar("Outcome")
RULES = TokenRules()
WRITERS = 8


class SilentBus:
    """Nobody listens."""

    def publish(self, events: Iterable[Event]) -> None:
        self.last = list(events)

    def subscribe(self, topics: Iterable[str], listener: Listener) -> Subscription:
        raise LookupError("nobody listens here")

    def close(self) -> None:
        return


@pytest.fixture
def database(url: str, opened: Callable[[str], Database]) -> Database:
    database = opened(url)
    upgrade(database)
    return database


@pytest.fixture
def accounts() -> Accounts:
    return Accounts(Passwords(memory_kib=64, passes=1))


@pytest.fixture
def ada(database: Database, accounts: Accounts) -> Account:
    with database.write() as session:
        return accounts.register(session, "ada@example.com", "correct horse")


def at_once(call: Callable[[int], Outcome]) -> list[Outcome]:
    """What WRITERS threads get that begin together."""
    together = threading.Barrier(WRITERS)

    def run(number: int) -> Outcome:
        together.wait()
        return call(number)

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(run, range(WRITERS)))


def test_overlapping_refreshes_get_one_pair_and_a_retired_token_ends_it(database: Database, ada: Account) -> None:
    tokens = Tokens(bytes(range(32)), database, SilentBus())
    with database.write() as session:
        first = tokens.issue(session, ada, face="spheroseg", rules=RULES)
    arrived = now()
    (pair,) = set(at_once(lambda _: tokens.refresh(first.refresh, RULES, face="spheroseg", arrived_at=arrived)))
    newest = tokens.refresh(pair.refresh, RULES, face="spheroseg")

    def reuse(_: int) -> str:
        with pytest.raises(NotAuthenticated) as caught:
            tokens.refresh(first.refresh, RULES, face="spheroseg", arrived_at=now() + timedelta(seconds=1))
        return caught.value.reason

    assert sorted(set(at_once(reuse))) == ["reused", "revoked"]
    with database.read() as session, pytest.raises(NotAuthenticated):
        tokens.verify(session, newest.access)


def test_gateways_with_memories_of_their_own_give_one_pair(database: Database, ada: Account) -> None:
    gateways = [Tokens(bytes(range(32)), database, SilentBus()) for _ in range(WRITERS)]
    with database.write() as session:
        first = gateways[0].issue(session, ada, face="spheroseg", rules=RULES)
    arrived = now()
    pairs = at_once(lambda number: gateways[number].refresh(first.refresh, RULES, face="spheroseg", arrived_at=arrived))
    assert len(set(pairs)) == 1


def test_the_last_room_of_a_quota_is_given_once(database: Database, ada: Account, tmp_path: Path) -> None:
    blobs = Blobs(MemoryStore(), database, StorageRules(tmp_path / "staging"))

    def upload(number: int) -> bool:
        staged = blobs.stage(b"x" * 30, account_id=ada.id, face="spheroseg")
        try:
            with database.write() as session:
                blobs.keep(session, staged, f"image:{number}", quota=100)
        except QuotaExceeded:
            return False
        return True

    assert sum(at_once(upload)) == 3
    with database.read() as session:
        assert blobs.usage(session, ada.id, "spheroseg") == 90


def test_keeping_and_collecting_the_same_content_loses_nothing(database: Database, ada: Account, tmp_path: Path) -> None:
    blobs = Blobs(MemoryStore(), database, StorageRules(tmp_path / "staging"))

    def work(number: int) -> None:
        for _ in range(10):
            if number % 2:
                blobs.collect_garbage()
                continue
            staged = blobs.stage_content(b"embedding", account_id=ada.id, face="quarry", content_type="application/x-npy")
            with database.write() as session:
                blobs.keep(session, staged, "cache:embeddings")
            with database.write() as session:
                row = session.get(Blob, staged.key, with_for_update=True)
                if row is not None and row.state == "kept":
                    assert b"".join(blobs.read(staged.key)) == b"embedding"
                    blobs.release(session, staged.key)

    at_once(work)
    blobs.collect_garbage()
    with database.read() as session:
        assert session.query(Blob).count() == 0
    assert list(blobs.store.list()) == []


def test_an_email_is_registered_once_and_a_token_redeemed_once(database: Database, accounts: Accounts, ada: Account) -> None:
    one_time = OneTimeTokens()
    with database.write() as session:
        plain = one_time.create(session, "reset", account_id=ada.id, lifetime=timedelta(hours=1))

    def register(_: int) -> bool:
        try:
            with database.write() as session:
                accounts.register(session, "eve@example.com", "correct horse")
        except EmailTaken:
            return False
        return True

    def redeem(_: int) -> bool:
        with database.write() as session:
            return one_time.redeem(session, "reset", plain) is not None

    def bind(_: int) -> str:
        with database.write() as session:
            return accounts.service_account(session, "https://issuer.example", "42", "Program").id

    assert (sum(at_once(register)), sum(at_once(redeem)), len(set(at_once(bind)))) == (1, 1, 1)
