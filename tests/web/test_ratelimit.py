"""Counted requests carry the headers of their limit, refused ones those of the limit that refused."""

import math
import time
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from starlette.responses import JSONResponse

from pentaprism.core.errors import PlatformError
from pentaprism.core.limits.limiter import Limiter
from pentaprism.core.limits.rules import Rule
from pentaprism.core.observability.metrics import Metrics
from pentaprism.web import errors, middleware
from pentaprism.web.middleware import HttpRules
from pentaprism.web.ratelimit import RateLimits, header_style

MINUTE, HOUR = Rule("minute", 3, 60), Rule("hour", 5, 3600)


def application(limiter: Limiter, metrics: Metrics) -> FastAPI:
    app = FastAPI()
    limits = RateLimits(limiter, face="test", metrics=metrics)
    epoch = header_style("X-RateLimit", reset="epoch")
    minute = header_style("X-RateLimit", reset="none", suffix="-Minute")

    def render(error: PlatformError, _connection: object) -> Response:
        return JSONResponse({"code": error.code, **error.details}, status_code=error.status)

    @app.get("/plain/{key}")
    def plain(key: str, request: Request) -> None:
        limits.hit(request, MINUTE, key)

    @app.get("/both/{key}")
    def both(key: str, request: Request) -> None:
        limits.hit_all(request, [(MINUTE, (key,)), (HOUR, (key,))], style=epoch)

    @app.get("/suffix/{key}")
    def suffix(key: str, request: Request) -> None:
        limits.hit(request, MINUTE, key, style=minute)

    errors.install(app, render)
    middleware.install(app, HttpRules(face="test"), render)
    return app


METRICS = Metrics()


@pytest.fixture(scope="module")
def client(serve_long) -> Iterator[httpx.Client]:  # type: ignore[no-untyped-def]
    with httpx.Client(base_url=serve_long(application(Limiter(), METRICS))) as made:
        yield made


def test_what_is_left_counts_down_and_then_requests_are_refused(client: httpx.Client) -> None:
    answers = [client.get("/plain/a") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    for prefix in ("RateLimit", "X-RateLimit"):
        assert [answer.headers[f"{prefix}-Limit"] for answer in answers] == ["3"] * 5
        assert [answer.headers[f"{prefix}-Remaining"] for answer in answers] == ["2", "1", "0", "0", "0"]
        assert all(0 < int(answer.headers[f"{prefix}-Reset"]) <= 60 for answer in answers)
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert answers[-1].json()["limit"] == 3
    assert 'pentaprism_limit_hits_total{face="test",rule="minute"} 2.0' in METRICS.text().decode()


def test_keys_do_not_share_a_limit(client: httpx.Client) -> None:
    assert [client.get(f"/plain/key-{index}").status_code for index in range(4)] == [200] * 4


def test_of_several_limits_the_tightest_is_shown(client: httpx.Client) -> None:
    answer = client.get("/both/b")
    assert (answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Remaining"]) == ("3", "2")
    assert time.time() < int(answer.headers["X-RateLimit-Reset"]) <= math.ceil(time.time()) + 60
    assert "RateLimit-Limit" not in answer.headers


def test_a_face_can_name_its_headers_otherwise(client: httpx.Client) -> None:
    headers = client.get("/suffix/c").headers
    assert (headers["X-RateLimit-Limit-Minute"], headers["X-RateLimit-Remaining-Minute"]) == ("3", "2")
    assert not any(name.startswith("x-ratelimit-reset") for name in headers)


def test_limits_that_are_off_refuse_nothing_and_say_nothing(serve) -> None:  # type: ignore[no-untyped-def]
    with httpx.Client(base_url=serve(application(Limiter(enabled=False), Metrics()))) as client:
        answers = [client.get("/plain/a") for _ in range(10)]
    assert {answer.status_code for answer in answers} == {200}
    assert not any("ratelimit" in name for answer in answers for name in answer.headers)
