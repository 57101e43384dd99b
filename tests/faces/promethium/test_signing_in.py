"""Tokens: logging in by JSON and form, rotation with grace, late refresh, logging out, registering."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from pentaprism.core.accounts.tables import Account
from pentaprism.core.accounts.token_rules import TokenRules


def refreshed(server: Any, token: str) -> Any:
    return server.call("POST", "/auth/refresh", headers={"Authorization": f"Bearer {token}"})


def works(server: Any, token: str) -> bool:
    return bool(server.call("GET", "/datasets", headers={"Authorization": f"Bearer {token}"}).status_code == 200)


def test_a_token_of_another_face_works_until_it_expires(server: Any, ann: Any) -> None:
    with server.platform.database.write() as session:
        account = session.get(Account, ann.id)
        pair = server.platform.tokens.issue(session, account, face="spheroseg", rules=TokenRules(access_seconds=900))
    assert works(server, pair.access)
    assert not works(server, pair.refresh)
    assert refreshed(server, pair.access).status_code == 401
    server.clock.shift += timedelta(seconds=901)
    assert not works(server, pair.access)


def test_log_in_takes_json_and_a_form(server: Any, ann: Any) -> None:
    form = {"username": ann.email, "password": "correct horse battery", "grant_type": "password", "scope": ""}
    for response in (server.login(ann.email), server.call("POST", "/auth/login", data=form)):
        assert response.status_code == 200
        assert set(response.json()) == {"access_token", "token_type", "expires_in"}
        assert (response.json()["token_type"], response.json()["expires_in"]) == ("bearer", 3600)
    assert server.call("POST", "/auth/login", json={"email": ann.email, "password": "correct horse battery"}).status_code == 200


def test_a_wrong_password_and_an_unknown_account_look_alike(server: Any, ann: Any) -> None:
    answers = [server.login(ann.email, "wrong"), server.login("nobody@example.org", "wrong")]
    assert [one.status_code for one in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["error"] == {"code": "AUTHENTICATION_ERROR", "message": "Incorrect username or password", "details": []}
    assert answers[0].headers["www-authenticate"] == "Bearer"


def test_a_refreshed_token_works_for_its_grace_and_then_ends_the_log_in(server: Any, ann: Any) -> None:
    new = refreshed(server, ann.token).json()["access_token"]
    assert new != ann.token
    assert works(server, ann.token)
    assert refreshed(server, ann.token).json()["access_token"] == new
    server.clock.shift += timedelta(seconds=31)
    assert not works(server, ann.token)
    assert works(server, new)
    assert refreshed(server, ann.token).status_code == 401
    assert not works(server, new)


@pytest.mark.parametrize(("hours", "status"), [(24, 200), (26, 401)])
def test_an_expired_token_can_be_refreshed_for_a_day_only(server: Any, ann: Any, hours: int, status: int) -> None:
    server.clock.shift += timedelta(hours=hours)
    assert not works(server, ann.token)
    assert refreshed(server, ann.token).status_code == status


def test_logging_out_ends_this_log_in_and_no_other(server: Any, ann: Any) -> None:
    other = server.login(ann.email).json()["access_token"]
    assert ann.post("/auth/logout").status_code == 204
    assert not works(server, ann.token)
    assert works(server, other)
    assert ann.post("/auth/logout").status_code == 401


def test_registering_tells_what_is_wrong(server: Any, ann: Any) -> None:
    def register(**body: Any) -> Any:
        return server.call("POST", "/auth/register", json=body)

    taken = register(email=ann.email, password="long enough")
    assert (taken.status_code, taken.json()["detail"]) == (409, "An account with this email already exists")
    bad = register(email="x", password="short", full_name="n" * 256)
    assert bad.status_code == 422
    assert {item["field"] for item in bad.json()["error"]["details"]} == {"password", "full_name"}
    assert register(email="a@example.org", username="b@example.org", password="long enough").status_code == 422
    made = register(username="new@example.org", password="long enough", full_name="New")
    assert made.status_code == 201
    assert set(made.json()) == {"id", "email", "full_name", "created_at"}


def test_an_api_key_needs_the_scope_of_the_face(server: Any, ann: Any) -> None:
    with server.platform.database.write() as session:
        _, good = server.platform.api_keys.create(session, ann.id, "good", ["promethium"])
        _, other = server.platform.api_keys.create(session, ann.id, "other", ["quarry"])
    assert server.call("GET", "/auth/me", headers={"X-API-Key": good}).json()["id"] == ann.id
    refused = server.call("GET", "/auth/me", headers={"X-API-Key": other})
    assert (refused.status_code, refused.json()["detail"]) == (403, "API key lacks scope promethium")


def test_failed_log_ins_are_limited_and_right_ones_are_not(make_server: Callable[..., Any]) -> None:
    server = make_server(limits=True, auth_rate=1000, login_failures=3)
    person = server.person()
    for _ in range(5):
        assert server.login(person.email).status_code == 200
    assert [server.login(person.email, "wrong").status_code for _ in range(4)] == [401, 401, 401, 429]
    refused = server.login(person.email)
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "RATE_LIMITED"
    assert int(refused.headers["retry-after"]) >= 1


def test_counted_answers_tell_what_is_left(make_server: Callable[..., Any]) -> None:
    server = make_server(limits=True, read_rate=2)
    person = server.person()
    answers = [person.get("/datasets") for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert [one.headers["x-ratelimit-remaining"] for one in answers] == ["1", "0", "0"]
    assert "x-ratelimit-limit" not in server.call("GET", "/health").headers
