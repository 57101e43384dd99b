"""Ids, access log, metrics, HEAD, slashes, gates and limits around the routes of a face."""

import io
import json
import socket
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from starlette.responses import JSONResponse

from pentaprism.core.errors import NotAuthenticated, PlatformError
from pentaprism.core.observability.metrics import Metrics
from pentaprism.web import errors, middleware
from pentaprism.web.body_limit import BodyRules
from pentaprism.web.cors import CorsRules
from pentaprism.web.middleware import HttpRules, request_id

METRICS = Metrics()
SEEN: list[str] = []


def render(error: PlatformError, connection: object) -> Response:
    return JSONResponse({"code": error.code, "id": request_id(connection)}, status_code=error.status)  # type: ignore[arg-type]


def gate(request: Request) -> None:
    SEEN.append(request.url.path)
    if request.headers.get("x-closed"):
        raise NotAuthenticated


@pytest.fixture(scope="module")
def client(serve_long) -> Iterator[httpx.Client]:  # type: ignore[no-untyped-def]
    app = FastAPI(redirect_slashes=False)

    @app.get("/things/{thing_id}")
    def thing(thing_id: str, request: Request) -> dict[str, str]:
        request.state.account_id = "account-1"
        return {"thing": thing_id, "id": request_id(request)}

    @app.get("/open")
    def opened() -> None:
        """Anybody's."""

    @app.get("/invited/{token}")
    def invited(token: str) -> None:
        assert token

    @app.post("/echo")
    async def echo(request: Request) -> dict[str, int]:
        return {"size": len(await request.body())}

    @app.post("/json")
    def with_body(body: dict[str, str]) -> dict[str, str]:
        return body

    @app.post("/ignores")
    def ignores() -> dict[str, bool]:
        return {"ignored": True}

    @app.get("/crash")
    def crash() -> None:
        raise RuntimeError("boom")

    errors.install(app, render)
    rules = HttpRules(
        face="test",
        body=BodyRules(limit=1000, paths=((r"^/ignores", 3_000_000),), drain_seconds=2),
        cors=CorsRules(("http://good.example",), exposed=("X-Request-ID",)),
        gate=gate,
        open_paths=frozenset({"/open"}),
        ignore_trailing_slash=True,
    )
    middleware.install(app, rules, render, METRICS)
    with httpx.Client(base_url=serve_long(app)) as made:
        yield made


def test_a_sane_id_of_the_client_is_echoed(client: httpx.Client) -> None:
    answer = client.get("/things/1", headers={"X-Request-ID": "upload-42_a.b"})
    assert answer.headers["x-request-id"] == answer.json()["id"] == "upload-42_a.b"


@pytest.mark.parametrize("sent", ["", "with space", "x" * 129, "<script>", "a\tb"])
def test_any_other_id_is_replaced(client: httpx.Client, sent: str) -> None:
    answer = client.get("/things/1", headers={"X-Request-ID": sent})
    assert answer.headers["x-request-id"].startswith("req_")
    assert answer.headers["x-request-id"] == answer.json()["id"]


def test_errors_and_crashes_carry_the_id_and_cors_too(client: httpx.Client) -> None:
    for path in ("/nothing", "/crash"):
        answer = client.get(path, headers={"X-Request-ID": "mine", "Origin": "http://good.example"})
        assert answer.headers["x-request-id"] == answer.json()["id"] == "mine"
        assert answer.headers["access-control-allow-origin"] == "http://good.example"


def test_a_trailing_slash_changes_nothing(client: httpx.Client) -> None:
    assert client.get("/things/1/").json()["thing"] == "1"
    assert client.get("/things/1//").json()["thing"] == "1"


def test_head_answers_like_get_without_a_body(client: httpx.Client) -> None:
    answer = client.head("/things/1")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0
    assert client.head("/echo").status_code == 405


def test_a_preflight_passes_for_known_origins_only(client: httpx.Client) -> None:
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization,x-custom"}
    good = client.options("/things/1", headers={"Origin": "http://good.example", **asked})
    assert good.headers["access-control-allow-origin"] == "http://good.example"
    assert good.headers["access-control-allow-credentials"] == "true"
    assert "x-custom" in good.headers["access-control-allow-headers"]
    bad = client.options("/things/1", headers={"Origin": "http://bad.example", **asked})
    assert (bad.status_code, bad.content) == (204, b"")
    assert "access-control-allow-origin" not in bad.headers


def test_the_gate_refuses_before_the_body_is_judged(client: httpx.Client) -> None:
    answer = client.post("/json", content=b"{broken", headers={"X-Closed": "1", "Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_an_open_path_passes_by_the_gate(client: httpx.Client) -> None:
    closed = {"X-Closed": "1"}
    assert client.get("/things/1", headers=closed).status_code == 401
    seen = len(SEEN)
    assert client.get("/open", headers=closed).status_code == client.get("/open/", headers=closed).status_code == 200
    assert len(SEEN) == seen


def test_a_declared_length_above_the_limit_is_refused_at_once(client: httpx.Client) -> None:
    answer = client.post("/echo", content=b"x" * 1001)
    assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")
    assert client.post("/echo", content=b"x" * 1000).json() == {"size": 1000}


def test_an_undeclared_length_is_refused_when_it_passes_the_limit(client: httpx.Client) -> None:
    for path in ("/echo", "/json"):
        answer = client.post(path, content=iter([b"x" * 600, b"y" * 600]), headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")


def test_a_client_that_still_sends_gets_the_answer(client: httpx.Client) -> None:
    """Without taking the rest of the body the connection would be reset, and the answer lost in the client."""
    for _ in range(5):
        assert client.post("/ignores", content=b"x" * 3_000_000).json() == {"ignored": True}
        assert client.post("/echo", content=b"x" * 3_000_000).status_code == 413
        refused = client.post("/ignores", content=b"x" * 3_000_000, headers={"X-Closed": "1"})
        assert refused.status_code == 401


def test_a_client_that_waits_for_leave_is_not_made_to_send(client: httpx.Client) -> None:
    with socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=30) as sock:
        sock.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n")
        assert sock.recv(100).startswith(b"HTTP/1.1 413")


def test_requests_are_counted_by_the_template_of_their_route(client: httpx.Client) -> None:
    for identifier in range(20):
        client.get(f"/things/{identifier}")
        client.get(f"/unknown/{identifier}")
    text = METRICS.text().decode()
    assert 'pentaprism_requests_total{face="test",method="GET",route="/things/{thing_id}",status="200"}' in text
    assert 'route="(none)",status="404"' in text
    assert "/unknown/" not in text
    assert METRICS.requests_open.labels("test")._value.get() == 0


def test_the_access_log_tells_much_and_no_secret(client: httpx.Client, log_stream: io.StringIO) -> None:
    headers = {"X-Request-ID": "logged", "Authorization": "Bearer very.secret.token"}
    client.get("/things/7?page=2&token=hidden1&sig=hidden2&api_key=hidden3&accessToken=hidden4", headers=headers)
    client.get("/invited/hidden5")
    client.get("/health")
    lines = [json.loads(line) for line in log_stream.getvalue().splitlines()]
    line = next(line for line in lines if line.get("request_id") == "logged")
    assert (line["method"], line["path"], line["route"], line["status"]) == ("GET", "/things/7", "/things/{thing_id}", 200)
    assert (line["face"], line["account_id"], line["client"], line["level"]) == ("test", "account-1", "127.0.0.1", "info")
    assert line["ms"] > 0
    assert line["query"] == "page=2&token=***&sig=***&api_key=***&accessToken=***"
    assert any(line["path"] == "/invited/***" for line in lines)
    assert "hidden" not in log_stream.getvalue()
    assert "secret" not in log_stream.getvalue()
