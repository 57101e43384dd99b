import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from pentaprism.core.accounts.one_time import OneTimeTokens
from pentaprism.core.accounts.tables import Account, OneTimeToken
from pentaprism.core.database.engine import Database

HOUR = timedelta(hours=1)


@pytest.fixture
def one_time(watch: Any) -> OneTimeTokens:
    return OneTimeTokens(clock=watch)


def make(database: Database, one_time: OneTimeTokens, account: Account, purpose: str = "reset") -> str:
    with database.write() as session:
        return one_time.create(session, purpose, account_id=account.id, payload={"to": "x"}, lifetime=HOUR)


def test_a_token_is_good_for_one_use(database: Database, one_time: OneTimeTokens, ada: Account) -> None:
    plain = make(database, one_time, ada)
    with database.write() as session:
        assert one_time.peek(session, "reset", plain) is not None
        used = one_time.redeem(session, "reset", plain)
        assert used is not None and (used.account_id, used.payload) == (ada.id, {"to": "x"}) and used.used_at is not None
        assert one_time.redeem(session, "reset", plain) is None
        assert one_time.peek(session, "reset", plain) is None


def test_a_rolled_back_use_is_none(database: Database, one_time: OneTimeTokens, ada: Account) -> None:
    plain = make(database, one_time, ada)
    with pytest.raises(ZeroDivisionError), database.write() as session:
        assert one_time.redeem(session, "reset", plain) is not None
        raise ZeroDivisionError
    with database.write() as session:
        assert one_time.redeem(session, "reset", plain) is not None


def test_of_many_simultaneous_users_one_gets_it(database: Database, one_time: OneTimeTokens, ada: Account) -> None:
    plain = make(database, one_time, ada)
    got: list[bool] = []

    def redeem() -> None:
        with database.write() as session:
            got.append(one_time.redeem(session, "reset", plain) is not None)

    threads = [threading.Thread(target=redeem) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 9 + [True]


def test_a_token_serves_its_purpose_only(database: Database, one_time: OneTimeTokens, ada: Account) -> None:
    plain = make(database, one_time, ada)
    with database.write() as session:
        assert one_time.redeem(session, "verify", plain) is None
        assert [one_time.redeem(session, "reset", wrong) for wrong in ("", plain + "x", "\ud800")] == [None] * 3


def test_a_token_expires(database: Database, one_time: OneTimeTokens, ada: Account, watch: Any) -> None:
    plain = make(database, one_time, ada)
    watch.move(hours=1)
    with database.write() as session:
        assert one_time.redeem(session, "reset", plain) is None


def test_withdrawing_ends_the_unused_tokens_of_one_purpose(
    database: Database, one_time: OneTimeTokens, ada: Account, person: Callable[[str], Account]
) -> None:
    mine, checking, foreign = (
        make(database, one_time, ada),
        make(database, one_time, ada, "verify"),
        make(database, one_time, person("eve@example.com")),
    )
    with database.write() as session:
        one_time.withdraw(session, "reset", ada.id)
        assert one_time.redeem(session, "reset", mine) is None
        assert one_time.redeem(session, "verify", checking) is not None
        assert one_time.redeem(session, "reset", foreign) is not None


def test_the_token_itself_is_not_stored_and_its_row_goes_in_time(
    database: Database, one_time: OneTimeTokens, ada: Account, watch: Any
) -> None:
    plain = make(database, one_time, ada)
    assert len(plain) == 43
    with database.read() as session:
        assert plain not in str(vars(session.query(OneTimeToken).one()))
    watch.move(days=7)
    with database.write() as session:
        assert one_time.remove_ended(session) == 0
    watch.move(hours=2)
    with database.write() as session:
        assert one_time.remove_ended(session) == 1
