"""Rate limits of a face: counting, and telling the client what is left."""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pentaprism.core.limits.limiter import Limiter, LimitReached

if TYPE_CHECKING:
    from pentaprism.core.limits.rules import Allowance, Rule
    from pentaprism.core.observability.metrics import Metrics

HEADERS = "rate_limit_headers"
HeaderStyle = Callable[["Allowance"], Mapping[str, str]]


def header_style(*prefixes: str, reset: str = "seconds", suffix: str = "") -> HeaderStyle:
    """Headers ``<prefix>-Limit<suffix>``, ``-Remaining`` and ``-Reset`` for each prefix.

    ``reset`` is ``seconds`` (to wait), ``epoch`` (seconds since 1970) or ``none`` (no such header).
    """

    def headers(allowance: "Allowance") -> Mapping[str, str]:
        found: dict[str, str] = {}
        for prefix in prefixes:
            found[f"{prefix}-Limit{suffix}"] = str(allowance.limit)
            found[f"{prefix}-Remaining{suffix}"] = str(max(0, allowance.remaining))
            if reset == "epoch":
                found[f"{prefix}-Reset{suffix}"] = str(math.ceil(allowance.reset_at))
            elif reset == "seconds":
                found[f"{prefix}-Reset{suffix}"] = str(max(0, math.ceil(allowance.reset_at - time.time())))
        return found

    return headers


STANDARD = header_style("RateLimit", "X-RateLimit")


class RateLimits:
    """Counts requests of a face against rules, and leaves the headers for the response.

    Use inside a gate, a dependency or a route: ``limits.hit(request, rule, account_id)``.
    """

    def __init__(self, limiter: Limiter, *, face: str, style: HeaderStyle = STANDARD, metrics: "Metrics | None" = None) -> None:
        self.limiter = limiter
        self.face = face
        self.style = style
        self.metrics = metrics

    def hit(self, connection: HTTPConnection, rule: "Rule", *key: str, cost: int = 1, style: HeaderStyle | None = None) -> "Allowance":
        """Count ``cost`` against ``rule`` for ``key``; raises TooManyRequests, with the headers set for it."""
        return self.hit_all(connection, [(rule, key)], cost=cost, style=style)

    def hit_all(
        self,
        connection: HTTPConnection,
        rules: Iterable[tuple["Rule", tuple[str, ...]]],
        *,
        cost: int = 1,
        style: HeaderStyle | None = None,
    ) -> "Allowance":
        """Count against several rules; the headers describe the one with the least left, or the one that refused."""
        tightest: Allowance | None = None
        for rule, key in rules:
            try:
                allowance = self.limiter.hit(rule, self.face, *key, cost=cost)
            except LimitReached as refusal:
                self.show(connection, refusal.allowance, style)
                if self.metrics:
                    self.metrics.limit_hits.labels(self.face, rule.name).inc()
                raise
            if tightest is None or allowance.remaining < tightest.remaining:
                tightest = allowance
        if tightest is None:
            raise ValueError("at least one rule is needed")
        self.show(connection, tightest, style)
        return tightest

    def show(self, connection: HTTPConnection, allowance: "Allowance", style: HeaderStyle | None = None) -> None:
        """Set the headers of this request's response from ``allowance``; nothing while limits are off."""
        if self.limiter.enabled:
            headers = connection.scope.setdefault("state", {}).setdefault(HEADERS, {})
            headers.update((style or self.style)(allowance))


class RateLimitHeaders:
    """Adds the headers that ``RateLimits`` left."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def add(message: Message) -> None:
            left = scope.get("state", {}).get(HEADERS)
            if left and message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in left.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, add)
