from datetime import timedelta
from typing import Any

import pytest

from pentaprism.core.accounts.identity import Identity
from pentaprism.core.accounts.service import Accounts
from pentaprism.core.accounts.tables import Account, LoginSession
from pentaprism.core.accounts.token_rules import TokenPair, TokenRules
from pentaprism.core.accounts.tokens import Tokens
from pentaprism.core.database.engine import Database
from pentaprism.core.errors import NotAuthenticated
from pentaprism.core.events.event import Event

RULES = TokenRules()


def log_in(database: Database, tokens: Tokens, account: Account, rules: TokenRules = RULES, **options: Any) -> TokenPair:
    with database.write() as session:
        return tokens.issue(session, account, face="spheroseg", rules=rules, **options)


def identity(database: Database, tokens: Tokens, token: str, **options: Any) -> Identity:
    with database.read() as session:
        return tokens.verify(session, token, **options)


def refusal(database: Database, tokens: Tokens, token: str, **options: Any) -> str:
    with pytest.raises(NotAuthenticated) as caught:
        identity(database, tokens, token, **options)
    return caught.value.reason


def test_an_access_token_tells_the_account_and_its_claims(database: Database, tokens: Tokens, ada: Account, watch: Any) -> None:
    pair = log_in(database, tokens, ada, claims={"userId": ada.id, "email": ada.email, "sub": "forged", "exp": 9e9})
    found = identity(database, tokens, pair.access)
    begun = int(watch().timestamp())
    jti = found.claims.pop("jti")
    assert len(jti) == 32
    assert found.claims == {
        "sub": ada.id,
        "userId": ada.id,
        "email": "ada@example.com",
        "type": "access",
        "sid": pair.session_id,
        "iat": begun,
        "exp": begun + 900,
    }
    assert (found.account.id, found.session_id, found.scopes, found.api_key_id) == (ada.id, pair.session_id, None, None)
    assert (pair.expires_in, pair.refresh_expires_at) == (900, watch() + timedelta(days=7))


def test_remember_me_gives_thirty_days(database: Database, tokens: Tokens, ada: Account, watch: Any) -> None:
    pair = log_in(database, tokens, ada, remember=True)
    assert pair.refresh_expires_at == watch() + timedelta(days=30)
    watch.move(days=29, hours=23)
    assert identity(database, tokens, pair.refresh, kind="refresh").account.id == ada.id
    watch.move(hours=1)
    assert refusal(database, tokens, pair.refresh, kind="refresh") == "expired"


def test_the_wrong_type_is_refused(database: Database, tokens: Tokens, ada: Account) -> None:
    pair = log_in(database, tokens, ada)
    assert refusal(database, tokens, pair.refresh) == "invalid"
    assert refusal(database, tokens, pair.access, kind="refresh") == "invalid"


def test_an_access_token_ends_after_its_seconds(database: Database, tokens: Tokens, ada: Account, watch: Any) -> None:
    pair = log_in(database, tokens, ada)
    watch.move(seconds=899)
    assert identity(database, tokens, pair.access).account.id == ada.id
    watch.move(seconds=1)
    assert refusal(database, tokens, pair.access) == "expired"
    assert identity(database, tokens, pair.access, leeway=30).account.id == ada.id


def test_no_token_is_missing_and_noise_is_invalid(database: Database, tokens: Tokens) -> None:
    assert refusal(database, tokens, "") == "missing"
    assert refusal(database, tokens, "noise") == "invalid"


def test_a_logout_works_at_once_and_for_this_session_only(database: Database, tokens: Tokens, ada: Account, bus: Any) -> None:
    ended, other = log_in(database, tokens, ada), log_in(database, tokens, ada)
    with database.write() as session:
        assert tokens.revoke(session, ended.session_id, "logout")
        assert bus.published == []
    assert [(event.topic, event.name, event.data) for event in bus.published] == [
        (f"account:{ada.id}", "session-revoked", {"session_id": ended.session_id, "reason": "logout"})
    ]
    assert refusal(database, tokens, ended.access) == "revoked"
    assert refusal(database, tokens, ended.refresh, kind="refresh") == "revoked"
    assert identity(database, tokens, other.access).session_id == other.session_id
    with database.write() as session:
        assert not tokens.revoke(session, ended.session_id, "logout")
        assert not tokens.revoke(session, "unknown", "logout")
    assert len(bus.published) == 1


def test_all_sessions_but_one_can_be_ended(database: Database, tokens: Tokens, ada: Account, bus: Any) -> None:
    pairs = [log_in(database, tokens, ada) for _ in range(3)]
    with database.write() as session:
        assert tokens.revoke_account(session, ada.id, "password-changed", keep=pairs[1].session_id) == 2
    assert [refusal(database, tokens, pair.access) for pair in (pairs[0], pairs[2])] == ["revoked", "revoked"]
    assert identity(database, tokens, pairs[1].access).account.id == ada.id
    told: list[Event] = bus.published
    assert {event.data["session_id"] for event in told} == {pairs[0].session_id, pairs[2].session_id}


def test_a_rolled_back_logout_ends_nothing(database: Database, tokens: Tokens, ada: Account, bus: Any) -> None:
    pair = log_in(database, tokens, ada)
    with pytest.raises(ZeroDivisionError), database.write() as session:
        tokens.revoke(session, pair.session_id)
        raise ZeroDivisionError
    assert identity(database, tokens, pair.access).account.id == ada.id
    assert bus.published == []


def test_a_disabled_or_deleted_account_is_locked_out_at_once(database: Database, tokens: Tokens, accounts: Accounts, ada: Account) -> None:
    pair = log_in(database, tokens, ada)
    with database.write() as session:
        accounts.disable(session, accounts.get(session, ada.id))
    assert refusal(database, tokens, pair.access) == "revoked"
    with database.write() as session:
        accounts.disable(session, accounts.get(session, ada.id), disabled=False)
    assert identity(database, tokens, pair.access).account.id == ada.id
    with database.write() as session:
        accounts.delete(session, ada.id)
    assert refusal(database, tokens, pair.access) == "revoked"


def test_only_hashes_of_tokens_are_stored(database: Database, tokens: Tokens, ada: Account) -> None:
    pair = log_in(database, tokens, ada)
    jti = identity(database, tokens, pair.refresh, kind="refresh").claims["jti"]
    with database.read() as session:
        stored = str(vars(session.get_one(LoginSession, pair.session_id)))
    assert jti not in stored
    assert pair.refresh not in stored and pair.refresh.split(".")[2] not in stored


def test_tokens_of_another_secret_are_refused(database: Database, tokens: Tokens, ada: Account, bus: Any, watch: Any) -> None:
    pair = log_in(database, Tokens(b"another secret of some 32 bytes!", database, bus, clock=watch), ada)
    assert refusal(database, tokens, pair.access) == "invalid"


def test_ended_sessions_are_removed_in_time(database: Database, tokens: Tokens, ada: Account, watch: Any) -> None:
    revoked, alive, remembered = log_in(database, tokens, ada), log_in(database, tokens, ada), log_in(database, tokens, ada, remember=True)
    with database.write() as session:
        tokens.revoke(session, revoked.session_id)
        assert tokens.remove_ended(session) == 0
    watch.move(days=2)
    with database.write() as session:
        assert tokens.remove_ended(session) == 1
    watch.move(days=7)
    with database.write() as session:
        assert tokens.remove_ended(session) == 1
        assert session.get(LoginSession, alive.session_id) is None
        assert session.get(LoginSession, remembered.session_id) is not None
