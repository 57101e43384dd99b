import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from pentaprism.core.accounts.api_keys import ApiKeys
from pentaprism.core.accounts.service import Accounts
from pentaprism.core.accounts.tables import Account, ApiKey
from pentaprism.core.database.engine import Database
from pentaprism.core.errors import InvalidInput, NotAuthenticated


@pytest.fixture
def keys(watch: Any) -> ApiKeys:
    return ApiKeys(clock=watch)


def make(database: Database, keys: ApiKeys, account: Account, **options: Any) -> tuple[ApiKey, str]:
    with database.write() as session:
        return keys.create(session, account.id, "my program", ["spheroseg", "quarry:admin", "spheroseg"], **options)


def refusal(database: Database, keys: ApiKeys, plain: str) -> str:
    with database.read() as session, pytest.raises(NotAuthenticated) as caught:
        keys.verify(session, plain)
    return caught.value.reason


def test_a_key_acts_as_its_account_within_its_scopes(database: Database, keys: ApiKeys, ada: Account) -> None:
    row, plain = make(database, keys, ada)
    assert re.fullmatch(r"pp_[A-Za-z0-9]{40}", plain)
    with database.read() as session:
        found = keys.verify(session, plain)
    assert (found.account.id, found.api_key_id, found.session_id) == (ada.id, row.id, None)
    assert found.scopes == {"spheroseg", "quarry:admin"}


def test_the_key_itself_is_not_stored(database: Database, keys: ApiKeys, ada: Account) -> None:
    row, plain = make(database, keys, ada)
    with database.read() as session:
        stored = session.get_one(ApiKey, row.id)
    assert plain.startswith(stored.prefix) and len(stored.prefix) < 12
    assert plain not in str(vars(stored))


def test_unknown_keys_are_refused(database: Database, keys: ApiKeys, ada: Account) -> None:
    _, plain = make(database, keys, ada)
    assert refusal(database, keys, "") == "missing"
    assert [refusal(database, keys, wrong) for wrong in (plain[:-1], plain + "x", plain.upper(), "\ud800")] == ["invalid"] * 4


def test_a_key_ends_when_it_says(database: Database, keys: ApiKeys, ada: Account, watch: Any) -> None:
    _, plain = make(database, keys, ada, expires_at=watch() + timedelta(hours=1))
    watch.move(minutes=59)
    with database.read() as session:
        assert keys.verify(session, plain).account.id == ada.id
    watch.move(minutes=1)
    assert refusal(database, keys, plain) == "expired"
    with pytest.raises(InvalidInput):
        make(database, keys, ada, expires_at=watch())


def test_a_key_can_be_revoked_by_its_owner_only(database: Database, keys: ApiKeys, ada: Account, person: Callable[[str], Account]) -> None:
    row, plain = make(database, keys, ada)
    eve = person("eve@example.com")
    with database.write() as session:
        assert not keys.revoke(session, row.id, account_id=eve.id)
        assert keys.verify(session, plain).account.id == ada.id
        assert keys.revoke(session, row.id, account_id=ada.id)
        assert not keys.revoke(session, row.id)
    assert refusal(database, keys, plain) == "revoked"


def test_keys_of_a_disabled_account_are_refused(database: Database, keys: ApiKeys, accounts: Accounts, ada: Account) -> None:
    _, plain = make(database, keys, ada)
    with database.write() as session:
        accounts.disable(session, accounts.get(session, ada.id))
    assert refusal(database, keys, plain) == "revoked"


def test_keys_are_listed_per_account(database: Database, keys: ApiKeys, ada: Account, person: Callable[[str], Account]) -> None:
    made = [make(database, keys, ada)[0].id for _ in range(3)]
    make(database, keys, person("eve@example.com"))
    with database.read() as session:
        assert [key.id for key in keys.list(session, ada.id)] == made[::-1]


def test_the_last_use_is_written_afterwards(database: Database, keys: ApiKeys, ada: Account, watch: Any) -> None:
    row, plain = make(database, keys, ada)
    for _ in range(2):
        watch.move(minutes=5)
        with database.read() as session:
            keys.verify(session, plain)
    with database.write() as session:
        assert keys.write_last_used(session) == 1
        assert keys.write_last_used(session) == 0
    with database.read() as session:
        assert session.get_one(ApiKey, row.id).last_used_at == watch()
