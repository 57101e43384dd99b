"""Rotation of refresh tokens: renewing, overlapping, reusing."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from pentaprism.core.accounts.service import Accounts
from pentaprism.core.accounts.tables import Account
from pentaprism.core.accounts.token_rules import TokenPair, TokenRules
from pentaprism.core.accounts.tokens import Tokens
from pentaprism.core.clock import now
from pentaprism.core.database.engine import Database
from pentaprism.core.errors import NotAuthenticated

RULES = TokenRules()
GRACE = TokenRules(grace_seconds=10)
SINGLE = TokenRules(access_seconds=3600, family_seconds=604_800, grace_seconds=30, grace_repeats=True, single=True, late_seconds=86_400)


def log_in(database: Database, tokens: Tokens, account: Account, rules: TokenRules = RULES, **options: Any) -> TokenPair:
    with database.write() as session:
        return tokens.issue(session, account, face="spheroseg", rules=rules, **options)


def claims_of(account: Account) -> dict[str, Any]:
    return {"userId": account.id, "email": account.email}


def refresh(tokens: Tokens, token: str, rules: TokenRules = RULES, **options: Any) -> TokenPair:
    return tokens.refresh(token, rules, **{"face": "spheroseg", "claims_for": claims_of, **options})


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(NotAuthenticated) as caught:
        call()
    return caught.value.reason


def opens(database: Database, tokens: Tokens, token: str, rules: TokenRules | None = None) -> bool:
    try:
        with database.read() as session:
            tokens.verify(session, token, rules=rules)
    except NotAuthenticated:
        return False
    return True


def test_a_hundred_refreshes_in_a_row_work(database: Database, tokens: Tokens, ada: Account, watch: Any) -> None:
    pair = log_in(database, tokens, ada)
    seen = {pair.access, pair.refresh}
    for _ in range(100):
        watch.move(minutes=1)
        pair = refresh(tokens, pair.refresh)
        seen |= {pair.access, pair.refresh}
        assert opens(database, tokens, pair.access)
    assert len(seen) == 202


def test_a_refresh_renews_the_life_it_was_given(database: Database, tokens: Tokens, ada: Account, watch: Any) -> None:
    short, long = log_in(database, tokens, ada), log_in(database, tokens, ada, remember=True)
    watch.move(days=6)
    assert refresh(tokens, short.refresh).refresh_expires_at == watch() + timedelta(days=7)
    assert refresh(tokens, long.refresh).refresh_expires_at == watch() + timedelta(days=30)


def test_a_family_ends_after_ninety_days(database: Database, tokens: Tokens, ada: Account, watch: Any) -> None:
    begun = watch()
    pair = log_in(database, tokens, ada, remember=True)
    for _ in range(4):
        watch.move(days=20)
        pair = refresh(tokens, pair.refresh)
    assert pair.refresh_expires_at == begun + timedelta(days=90)
    watch.move(days=9, hours=23, minutes=55)
    pair = refresh(tokens, pair.refresh)
    assert pair.expires_in == 300
    watch.move(minutes=5)
    assert refusal(lambda: refresh(tokens, pair.refresh)) == "expired"
    assert not opens(database, tokens, pair.access)


def test_an_unused_refresh_token_expires(database: Database, tokens: Tokens, ada: Account, watch: Any) -> None:
    pair = log_in(database, tokens, ada)
    watch.move(days=7)
    assert refusal(lambda: refresh(tokens, pair.refresh)) == "expired"


def test_the_claims_are_those_of_the_moment(database: Database, tokens: Tokens, accounts: Accounts, ada: Account) -> None:
    pair = log_in(database, tokens, ada, claims=claims_of(ada))
    with database.write() as session:
        accounts.change_email(session, accounts.get(session, ada.id), "countess@example.com")
    with database.read() as session:
        assert tokens.verify(session, refresh(tokens, pair.refresh).access).claims["email"] == "countess@example.com"


def test_a_retired_token_kills_the_whole_family(database: Database, tokens: Tokens, ada: Account, watch: Any, bus: Any) -> None:
    other = log_in(database, tokens, ada)
    first = log_in(database, tokens, ada)
    watch.move(seconds=1)
    second = refresh(tokens, first.refresh)
    watch.move(seconds=1)
    third = refresh(tokens, second.refresh)
    watch.move(seconds=1)
    assert opens(database, tokens, first.access) and opens(database, tokens, third.access)
    assert refusal(lambda: refresh(tokens, second.refresh)) == "reused"
    assert [opens(database, tokens, pair.access) for pair in (first, second, third, other)] == [False, False, False, True]
    assert refusal(lambda: refresh(tokens, third.refresh)) == "revoked"
    assert [event.data for event in bus.published] == [{"session_id": first.session_id, "reason": "reused"}]


def test_a_token_retired_long_ago_kills_the_family_too(database: Database, tokens: Tokens, ada: Account, watch: Any) -> None:
    first = pair = log_in(database, tokens, ada)
    for _ in range(5):
        watch.move(minutes=10)
        pair = refresh(tokens, pair.refresh)
    assert refusal(lambda: refresh(tokens, first.refresh, arrived_at=watch() - timedelta(days=1))) == "reused"
    assert not opens(database, tokens, pair.access)


def test_a_request_that_arrived_before_the_rotation_gets_the_same_pair(
    database: Database, tokens: Tokens, ada: Account, watch: Any
) -> None:
    pair = log_in(database, tokens, ada)
    arrived = watch()
    watch.move(seconds=2)
    first = refresh(tokens, pair.refresh, arrived_at=arrived)
    watch.move(seconds=2)
    assert refresh(tokens, pair.refresh, arrived_at=arrived) == first
    assert opens(database, tokens, first.access)


def test_overlapping_threads_get_one_pair(database: Database, accounts: Accounts, ada: Account, bus: Any) -> None:
    tokens = Tokens(bytes(range(32)), database, bus)
    with ThreadPoolExecutor(12) as pool:
        for _ in range(10):
            pair = log_in(database, tokens, ada)
            together = threading.Barrier(12)

            def call(token: str = pair.refresh, together: threading.Barrier = together) -> TokenPair:
                arrived = now()
                together.wait()
                return refresh(tokens, token, arrived_at=arrived)

            answers = {call.result() for call in [pool.submit(call) for _ in range(12)]}
            assert len(answers) == 1
            answer = answers.pop()
            assert opens(database, tokens, answer.access)
            assert refresh(tokens, answer.refresh).session_id == pair.session_id


def test_a_request_that_arrives_while_the_rotation_commits_belongs_to_it(database: Database, ada: Account, bus: Any, watch: Any) -> None:
    """The second request arrives later than ``rotated_at``, but before the first one is over."""
    tokens = Tokens(bytes(range(32)), database, bus, clock=watch)
    pair = log_in(database, tokens, ada)
    inside, go_on = threading.Event(), threading.Event()

    def slow_claims(account: Account) -> dict[str, Any]:
        inside.set()
        go_on.wait(10)
        return claims_of(account)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(lambda: refresh(tokens, pair.refresh, claims_for=slow_claims))
        assert inside.wait(10)
        watch.move(seconds=1)
        second = pool.submit(lambda: refresh(tokens, pair.refresh, arrived_at=watch()))
        watch.move(seconds=1)
        go_on.set()
        assert first.result() == second.result()
    watch.move(seconds=1)
    assert refusal(lambda: refresh(tokens, pair.refresh)) == "reused"


def test_repeating_does_not_stretch_the_overlap(database: Database, tokens: Tokens, ada: Account, watch: Any) -> None:
    pair = log_in(database, tokens, ada)
    early = watch()
    watch.move(seconds=1)
    first = refresh(tokens, pair.refresh)
    watch.move(seconds=5)
    assert refresh(tokens, pair.refresh, arrived_at=early) == first
    assert refusal(lambda: refresh(tokens, pair.refresh, arrived_at=watch() - timedelta(seconds=2))) == "reused"


def test_within_the_grace_a_used_token_is_refused_but_the_session_lives(
    database: Database, tokens: Tokens, ada: Account, watch: Any
) -> None:
    pair = log_in(database, tokens, ada, GRACE)
    newer = refresh(tokens, pair.refresh, GRACE)
    watch.move(seconds=10)
    assert refusal(lambda: refresh(tokens, pair.refresh, GRACE)) == "reused"
    assert opens(database, tokens, newer.access)
    watch.move(milliseconds=1)
    assert refusal(lambda: refresh(tokens, pair.refresh, GRACE)) == "reused"
    assert not opens(database, tokens, newer.access)


def test_a_single_token_renews_itself(database: Database, tokens: Tokens, ada: Account, watch: Any) -> None:
    pair = log_in(database, tokens, ada, SINGLE)
    assert pair.refresh == pair.access and pair.expires_in == 3600
    watch.move(hours=24)
    assert not opens(database, tokens, pair.access, SINGLE)
    newer = refresh(tokens, pair.access, SINGLE)
    watch.move(seconds=30)
    assert refresh(tokens, pair.access, SINGLE) == newer
    assert opens(database, tokens, newer.access, SINGLE)
    watch.move(seconds=1)
    assert refusal(lambda: refresh(tokens, pair.access, SINGLE)) == "reused"
    assert not opens(database, tokens, newer.access, SINGLE)


def test_a_replaced_single_token_opens_nothing_after_the_grace(database: Database, tokens: Tokens, ada: Account, watch: Any) -> None:
    pair = log_in(database, tokens, ada, SINGLE)
    newer = refresh(tokens, pair.access, SINGLE)
    watch.move(seconds=30)
    assert opens(database, tokens, pair.access, SINGLE)
    watch.move(seconds=1)
    assert not opens(database, tokens, pair.access, SINGLE)
    assert opens(database, tokens, newer.access, SINGLE)


def test_a_single_token_is_too_late_a_day_after_its_end(database: Database, tokens: Tokens, ada: Account, watch: Any) -> None:
    pair = log_in(database, tokens, ada, SINGLE)
    watch.move(hours=25)
    assert refusal(lambda: refresh(tokens, pair.access, SINGLE)) == "expired"


def test_only_the_right_kind_of_token_refreshes(database: Database, tokens: Tokens, ada: Account) -> None:
    pair = log_in(database, tokens, ada)
    assert refusal(lambda: refresh(tokens, "")) == "missing"
    assert refusal(lambda: refresh(tokens, "noise")) == "invalid"
    assert refusal(lambda: refresh(tokens, pair.access)) == "invalid"
    assert refusal(lambda: refresh(tokens, pair.refresh, SINGLE)) == "invalid"
    assert opens(database, tokens, refresh(tokens, pair.refresh).access)


def test_a_token_of_another_face_is_refused_and_harmless(database: Database, tokens: Tokens, ada: Account) -> None:
    pair = log_in(database, tokens, ada)
    assert refusal(lambda: refresh(tokens, pair.refresh, face="imagineai")) == "invalid"
    assert refusal(lambda: refresh(tokens, pair.access, SINGLE, face="promethium")) == "invalid"
    assert refresh(tokens, pair.refresh).session_id == pair.session_id


def test_a_logged_out_session_does_not_refresh(database: Database, tokens: Tokens, ada: Account) -> None:
    pair = log_in(database, tokens, ada)
    with database.write() as session:
        tokens.revoke(session, pair.session_id)
    assert refusal(lambda: refresh(tokens, pair.refresh)) == "revoked"
