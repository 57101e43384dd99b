"""Counting against limits. Contract: ``tests/contracts/test_limits.py``."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import quote

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from pentaprism.core.clock import monotonic
from pentaprism.core.errors import TooManyRequests
from pentaprism.core.limits.memory import MemoryCounters
from pentaprism.core.limits.rules import Allowance, Rule

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")
REST_SECONDS = 1.0


class LimitReached(TooManyRequests):
    """Too many requests."""

    def __init__(self, rule: Rule, allowance: Allowance) -> None:
        super().__init__(limit=allowance.limit, remaining=allowance.remaining, retry_after=allowance.retry_after)
        self.rule = rule
        self.allowance = allowance


class Limiter:
    """The port is the storage of the ``limits`` library: ``memory://``, or any other that the library knows by its URL.

    A key is whatever the rule is counted for: an account, an address, both. With ``enabled`` False nothing is refused.
    While a shared store cannot be reached each process counts for itself: limits are looser then, and requests go on.
    """

    def __init__(self, *, enabled: bool = True, store_url: str = "memory://", storage: Storage | None = None) -> None:
        self.enabled = enabled
        if storage is None:
            storage = MemoryCounters() if store_url == "memory://" else _storage(store_url)
        self._storage = storage
        self._windows = FixedWindowRateLimiter(storage)
        self._spare = FixedWindowRateLimiter(MemoryCounters())
        self._rest_until = 0.0

    def hit(self, rule: Rule, *key: str, cost: int = 1) -> Allowance:
        """Count, and raise LimitReached (a TooManyRequests) if the limit is passed; a refused hit does not lengthen the window."""
        if not self.enabled:
            return _full(rule)
        allowed = self._ask(lambda windows: windows.hit(_item(rule), *_identifiers(rule, key), cost=cost))
        allowance = self.peek(rule, *key)
        if not allowed:
            raise LimitReached(rule, allowance)
        return allowance

    def hit_all(self, rules: Sequence[Rule], *key: str, cost: int = 1) -> Allowance:
        """Count one request against several windows; the allowance of the tightest.

        Nothing is counted in the other windows when one refuses.
        """
        for rule in rules:
            self.check(rule, *key, cost=cost)
        return min((self.hit(rule, *key, cost=cost) for rule in rules), key=lambda allowance: allowance.remaining)

    def check(self, rule: Rule, *key: str, cost: int = 1) -> Allowance:
        """Raise LimitReached if a hit would; counts nothing."""
        allowance = self.peek(rule, *key)
        if self.enabled and allowance.remaining < cost:
            raise LimitReached(rule, allowance)
        return allowance

    def peek(self, rule: Rule, *key: str) -> Allowance:
        """The present allowance of a key; counts and refuses nothing."""
        if not self.enabled:
            return _full(rule)
        stats = self._ask(lambda windows: windows.get_window_stats(_item(rule), *_identifiers(rule, key)))
        reset_at = float(stats.reset_time)
        moment = time.time()
        if stats.remaining >= rule.amount:
            reset_at = moment + rule.seconds
        return Allowance(rule.amount, max(0, stats.remaining), reset_at, max(1, math.ceil(reset_at - moment)))

    def clear(self, rule: Rule, *key: str) -> None:
        """Forget what was counted for a key, for example failed log-ins after a right one."""
        self._ask(lambda windows: windows.clear(_item(rule), *_identifiers(rule, key)))

    def reachable(self) -> bool:
        """Whether the counters can be reached."""
        return self._storage.check()

    def _ask(self, question: Callable[[FixedWindowRateLimiter], Answer]) -> Answer:
        if monotonic() >= self._rest_until:
            try:
                return question(self._windows)
            except self._storage.base_exceptions as error:
                log.warning("the store of the rate limits does not answer (%s); this process counts for itself", type(error).__name__)
                self._rest_until = monotonic() + REST_SECONDS
        return question(self._spare)


def _item(rule: Rule) -> RateLimitItem:
    return RateLimitItemPerSecond(rule.amount, rule.seconds, namespace="pentaprism")


def _identifiers(rule: Rule, key: Sequence[str]) -> tuple[str, ...]:
    return (rule.name, *(quote(part, safe="@:. ", errors="surrogatepass") for part in key))


def _storage(url: str) -> Storage:
    # A store on the network answers soon or counts as away; other kinds know no such options.
    waits = {"socket_connect_timeout": 1, "socket_timeout": 1} if url.startswith("redis") else {}
    storage = storage_from_string(url, **waits)
    if not isinstance(storage, Storage):
        raise TypeError(f"{type(storage).__name__} cannot be used from threads")
    return storage


def _full(rule: Rule) -> Allowance:
    return Allowance(rule.amount, rule.amount, time.time() + rule.seconds, 1)
