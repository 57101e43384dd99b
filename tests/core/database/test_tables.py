from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError

from pentaprism.core.accounts.tables import Account, OneTimeToken
from pentaprism.core.blobs.tables import Blob
from pentaprism.core.database.engine import Database
from pentaprism.core.database.migrate import upgrade
from pentaprism.core.jobs.tables import Job

MOMENT = datetime(2026, 3, 29, 1, 30, 0, 123000, tzinfo=UTC)


@pytest.fixture
def database(url: str, opened: Callable[[str], Database]) -> Database:
    database = opened(url)
    upgrade(database)
    return database


def test_a_moment_comes_back_as_it_was_in_utc(database: Database) -> None:
    eastern = timezone(timedelta(hours=5, minutes=30))
    with database.write() as session:
        account = Account(email_key="ada", created_at=MOMENT.astimezone(eastern), disabled_at=None)
        session.add(account)
    with database.read() as session:
        found = session.get_one(Account, account.id)
        assert found.created_at == MOMENT and found.created_at.tzinfo is UTC and found.disabled_at is None
        assert session.scalar(select(Account.id).where(Account.created_at <= MOMENT)) == account.id
        assert session.scalar(select(Account.id).where(Account.created_at < MOMENT.astimezone(eastern))) is None


def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="time zone"), database.write() as session:
        session.add(Account(email_key="ada", created_at=MOMENT.replace(tzinfo=None)))


def test_json_comes_back_as_it_was(database: Database) -> None:
    payload = {"text": "ä\u2028😀", "list": [1, 2.5, None, True], "nested": {"a": {}}}
    with database.write() as session:
        token = OneTimeToken(purpose="x", token_hash="0" * 64, payload=payload, expires_at=MOMENT)
        session.add(token)
    with database.read() as session:
        assert session.get_one(OneTimeToken, token.id).payload == payload


def test_rows_of_an_account_go_with_it_and_its_blobs_stay(database: Database) -> None:
    with database.write() as session:
        account = Account(email_key="ada")
        session.add(account)
        session.flush()
        session.add(Job(account_id=account.id, face="spheroseg", kind="spheroseg.segment"))
        session.add(Blob(key="a", account_id=account.id, face="spheroseg", size=1, sha256="0" * 64))
    with database.write() as session:
        session.delete(session.get_one(Account, account.id))
    with database.read() as session:
        assert session.query(Job).count() == 0
        assert session.get_one(Blob, "a").account_id is None
