import pytest

from pentaprism.core.limits.limiter import Limiter
from pentaprism.core.limits.rules import Rule

ONE = Rule("one", 1, 60)


def test_a_limiter_that_is_switched_off_refuses_nothing() -> None:
    limiter = Limiter(enabled=False)
    for _ in range(5):
        assert limiter.hit(ONE, "ada").remaining == 1
        assert limiter.hit_all([ONE, Rule("two", 2, 60)], "ada").limit == 1
        assert limiter.check(ONE, "ada", cost=9).limit == 1
    assert Limiter(enabled=False).peek(ONE, "ada").retry_after == 1


@pytest.mark.parametrize(("amount", "seconds"), [(0, 60), (-1, 60), (10, 0)])
def test_a_rule_needs_a_positive_amount_and_time(amount: int, seconds: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        Rule("none", amount, seconds)


def test_an_unknown_store_is_refused() -> None:
    with pytest.raises(Exception, match="unknown storage scheme"):
        Limiter(store_url="carrier-pigeon://loft")
    with pytest.raises(TypeError, match="threads"):
        Limiter(store_url="async+memory://")
