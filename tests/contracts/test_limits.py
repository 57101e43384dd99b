"""What every store of rate-limit counters must do. A further implementation is one more parameter of ``limiter``."""

import threading
import time

import pytest

from pentaprism.core.errors import TooManyRequests
from pentaprism.core.limits.limiter import REST_SECONDS, Limiter, LimitReached
from pentaprism.core.limits.rules import Rule
from redis_server import redis_server

TEN = Rule("ten", 10, 60)
BRIEF = Rule("brief", 2, 1)


@pytest.fixture(params=["memory", "redis"])
def limiter(request: pytest.FixtureRequest) -> Limiter:
    if request.param == "memory":
        return Limiter(store_url="memory://")
    server = request.getfixturevalue("redis_here")
    server.flush()
    return Limiter(store_url=server.url)


def test_hits_use_the_limit_up(limiter: Limiter) -> None:
    assert [limiter.hit(TEN, "ada").remaining for _ in range(10)] == list(range(9, -1, -1))
    with pytest.raises(TooManyRequests) as caught:
        limiter.hit(TEN, "ada")
    assert (caught.value.limit, caught.value.remaining) == (10, 0)
    assert caught.value.retry_after is not None and 58 <= caught.value.retry_after <= 60


def test_keys_and_rules_are_counted_apart(limiter: Limiter) -> None:
    for _ in range(10):
        limiter.hit(TEN, "ada", "10.0.0.1")
    assert limiter.hit(TEN, "ada", "10.0.0.2").remaining == 9
    assert limiter.hit(TEN, "eve", "10.0.0.1").remaining == 9
    assert limiter.hit(TEN, "ada").remaining == 9
    assert limiter.hit(Rule("other", 10, 60), "ada", "10.0.0.1").remaining == 9


def test_no_key_can_be_written_so_that_it_is_another(limiter: Limiter) -> None:
    limiter.hit(TEN, "a/b", "c")
    assert limiter.peek(TEN, "a", "b/c").remaining == 10
    assert limiter.peek(TEN, "a", "b", "c").remaining == 10
    assert limiter.peek(TEN, "a%2Fb", "c").remaining == 10
    assert limiter.hit(TEN, "\ud800\0 ü", "").remaining == 9


def test_a_refused_hit_does_not_lengthen_the_window(limiter: Limiter) -> None:
    first = limiter.hit(BRIEF, "ada")
    limiter.hit(BRIEF, "ada")
    while time.time() < first.reset_at - 0.05:
        with pytest.raises(LimitReached) as caught:
            limiter.hit(BRIEF, "ada")
        assert caught.value.allowance.reset_at == pytest.approx(first.reset_at, abs=1.1)
        time.sleep(0.2)
    time.sleep(0.2 + max(0.0, first.reset_at - time.time()))
    assert limiter.hit(BRIEF, "ada").remaining == 1


def test_a_window_begins_with_its_first_hit(limiter: Limiter) -> None:
    before = time.time()
    allowance = limiter.hit(TEN, "ada")
    assert before + 60 - 1 <= allowance.reset_at <= time.time() + 60
    assert limiter.peek(TEN, "ada").reset_at == pytest.approx(allowance.reset_at, abs=1.1)


def test_peeking_and_checking_count_nothing(limiter: Limiter) -> None:
    for _ in range(20):
        assert limiter.peek(TEN, "ada").remaining == 10
        assert limiter.check(TEN, "ada").remaining == 10
    for _ in range(10):
        limiter.hit(TEN, "ada")
    with pytest.raises(LimitReached):
        limiter.check(TEN, "ada")
    assert limiter.peek(TEN, "ada").remaining == 0


def test_clearing_forgets_one_key(limiter: Limiter) -> None:
    for _ in range(10):
        limiter.hit(TEN, "ada")
        limiter.hit(TEN, "eve")
    limiter.clear(TEN, "ada")
    assert limiter.hit(TEN, "ada").remaining == 9
    with pytest.raises(LimitReached):
        limiter.hit(TEN, "eve")


def test_a_hit_can_cost_more(limiter: Limiter) -> None:
    assert limiter.hit(TEN, "ada", cost=7).remaining == 3
    with pytest.raises(LimitReached):
        limiter.check(TEN, "ada", cost=4)
    assert limiter.hit(TEN, "ada", cost=3).remaining == 0


def test_of_several_windows_the_tightest_answers(limiter: Limiter) -> None:
    minute, hour = Rule("minute", 3, 60), Rule("hour", 4, 3600)
    assert [limiter.hit_all([minute, hour], "ada").limit for _ in range(3)] == [3, 3, 3]
    with pytest.raises(LimitReached) as caught:
        limiter.hit_all([minute, hour], "ada")
    assert caught.value.rule == minute
    assert limiter.peek(hour, "ada").remaining == 1
    limiter.clear(minute, "ada")
    assert limiter.hit_all([minute, hour], "ada").limit == 4
    with pytest.raises(LimitReached) as caught:
        limiter.hit_all([minute, hour], "ada")
    assert caught.value.rule == hour and caught.value.allowance.retry_after > 60


def test_threads_never_share_a_hit(limiter: Limiter) -> None:
    rule = Rule("many", 100, 60)
    allowed: list[int] = []
    refused: list[int] = []

    def run() -> None:
        for _ in range(25):
            try:
                allowed.append(limiter.hit(rule, "ada").remaining)
            except LimitReached:
                refused.append(1)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(allowed), len(refused)) == (100, 100)


def test_the_store_says_that_it_can_be_reached(limiter: Limiter) -> None:
    assert limiter.reachable()


def test_while_the_shared_store_is_away_each_process_counts_for_itself(tmp_path):
    with redis_server(tmp_path) as server:
        limiter = Limiter(store_url=server.url)
        limiter.hit(TEN, "somebody")
        server.stop()
        began = time.monotonic()
        for _ in range(10):
            limiter.hit(TEN, "somebody")
        with pytest.raises(LimitReached):
            limiter.hit(TEN, "somebody")
        assert time.monotonic() - began < 5.0
        server.start()
        time.sleep(REST_SECONDS + 0.1)
        assert limiter.hit(TEN, "somebody").remaining == 9
