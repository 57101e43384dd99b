"""Accounts, tokens and API keys."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from pentaprism.core.accounts.tables import Account

PASSWORD = "correct horse battery"
USER_KEYS = ["id", "email", "full_name", "is_active", "created_at"]


def test_registering_answers_the_five_keys_and_keeps_the_local_part(server: Any) -> None:
    answer = server.call("POST", "/auth/register", json={"email": "Jane.Doe@EXAMPLE.org", "password": PASSWORD})
    assert answer.status_code == 201 and list(answer.json()) == USER_KEYS
    assert answer.json()["email"] == "Jane.Doe@example.org" and answer.json()["full_name"] is None
    again = server.call("POST", "/auth/register", json={"email": "JANE.DOE@example.ORG", "password": PASSWORD})
    assert again.status_code == 409 and again.json() == {"detail": "A user with this email already exists"}


@pytest.mark.parametrize(
    "body",
    [
        {"email": "a@b.example", "password": "short77"},
        {"email": "no address", "password": "geheim-geheim"},
        {"password": "geheim-geheim"},
        {},
    ],
)
def test_refused_registrations_do_not_repeat_what_was_sent(server: Any, body: dict[str, str]) -> None:
    answer = server.call("POST", "/auth/register", json=body)
    assert answer.status_code == 422 and isinstance(answer.json()["detail"], list)
    assert all(set(entry) == {"type", "loc", "msg"} for entry in answer.json()["detail"])
    assert body.get("password", "\0") not in answer.text


def test_logging_in(server: Any, ann: Any) -> None:
    right = server.call("POST", "/auth/login", json={"email": "ANN@example.org", "password": PASSWORD})
    assert right.status_code == 200 and list(right.json()) == ["access_token", "refresh_token", "token_type"]
    assert right.json()["token_type"] == "bearer"
    for email, password in (("ann@example.org", "wrong password"), ("nobody@example.org", PASSWORD)):
        wrong = server.call("POST", "/auth/login", json={"email": email, "password": password})
        assert wrong.status_code == 401 and wrong.json() == {"detail": "Invalid email or password"}
        assert wrong.headers["www-authenticate"] == "Bearer"
    assert server.call("POST", "/auth/login", json={}).status_code == 422


def test_a_disabled_account_is_told_so_after_the_right_password_only(server: Any, ann: Any) -> None:
    with server.platform.database.write() as session:
        server.platform.accounts.disable(session, session.get(Account, ann.id))
    answers = [server.call("POST", "/auth/login", json={"email": ann.email, "password": text}) for text in (PASSWORD, "wrong password")]
    assert [answer.json()["detail"] for answer in answers] == ["Account is disabled", "Invalid email or password"]
    assert ann.get("/auth/me").json() == {"detail": "Could not validate credentials"}
    refused = server.call("POST", "/auth/refresh", json={"refresh_token": ann.refresh})
    assert refused.status_code == 401 and refused.json() == {"detail": "User not found or disabled"}


def test_a_refresh_token_works_once(server: Any, ann: Any) -> None:
    pair = server.call("POST", "/auth/refresh", json={"refresh_token": ann.refresh})
    assert pair.status_code == 200 and pair.json()["refresh_token"] != ann.refresh
    again = server.call("POST", "/auth/refresh", json={"refresh_token": ann.refresh})
    assert again.status_code == 401 and again.json() == {"detail": "Invalid refresh token"}
    alive = server.call("GET", "/auth/me", headers={"Authorization": f"Bearer {pair.json()['access_token']}"})
    assert alive.status_code == 200, "within the grace the session survives"


def test_a_refresh_token_that_comes_again_late_ends_the_session(make_server: Callable[..., Any]) -> None:
    server = make_server(grace_seconds=0.05)
    ann = server.person()
    pair = server.call("POST", "/auth/refresh", json={"refresh_token": ann.refresh}).json()
    time.sleep(0.1)
    assert server.call("POST", "/auth/refresh", json={"refresh_token": ann.refresh}).status_code == 401
    headers = {"Authorization": f"Bearer {pair['access_token']}"}
    assert server.call("GET", "/auth/me", headers=headers).json() == {"detail": "Could not validate credentials"}


def test_tokens_of_the_wrong_kind(server: Any, ann: Any) -> None:
    swapped = server.call("POST", "/auth/refresh", json={"refresh_token": ann.access})
    assert swapped.status_code == 401 and swapped.json() == {"detail": "Invalid token type"}
    garbage = server.call("POST", "/auth/refresh", json={"refresh_token": "garbage"})
    assert garbage.status_code == 401 and garbage.json() == {"detail": "Invalid refresh token"}
    as_bearer = server.call("GET", "/auth/me", headers={"Authorization": f"Bearer {ann.refresh}"})
    assert as_bearer.json() == {"detail": "Could not validate credentials"}
    nothing = server.call("GET", "/auth/me")
    assert nothing.status_code == 401 and nothing.json() == {"detail": "Not authenticated"}
    assert nothing.headers["www-authenticate"] == "Bearer"


def test_claims_of_tokens(ann: Any) -> None:
    claims = jwt.decode(ann.access, options={"verify_signature": False})
    assert set(claims) == {"sub", "type", "sid", "jti", "iat", "exp"} and claims["exp"] - claims["iat"] == 1800
    assert jwt.get_unverified_header(ann.access)["alg"] == "HS256" and claims["sub"] == ann.id


def test_logging_out_ends_the_session_with_all_its_tokens(server: Any, ann: Any) -> None:
    assert ann.post("/auth/logout").status_code == 204
    assert ann.get("/auth/me").status_code == 401
    refused = server.call("POST", "/auth/refresh", json={"refresh_token": ann.refresh})
    assert refused.status_code == 401 and refused.json() == {"detail": "Invalid refresh token"}


def test_api_keys_reach_as_far_as_their_scopes(server: Any, ann: Any) -> None:
    made = ann.post("/api-keys", json={"name": "reader", "scopes": ["read"]})
    assert made.status_code == 201 and made.json()["key"].startswith("pp_") and made.json()["scopes"] == ["read"]
    key = made.json()["key"]
    assert "key" not in ann.get("/api-keys").json()[0]
    for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}):
        assert server.call("GET", "/products", headers=headers).status_code == 200
        refused = server.call("POST", "/products", json={"title": "x"}, headers=headers)
        assert refused.status_code == 403 and refused.json() == {"detail": "Insufficient permissions"}
        for method, path in (("GET", "/api-keys"), ("POST", "/api-keys"), ("POST", "/auth/logout")):
            assert server.call(method, path, headers=headers).status_code == 403
    assert ann.call("DELETE", f"/api-keys/{made.json()['id']}").status_code == 204
    assert server.call("GET", "/products", headers={"X-API-Key": key}).status_code == 401
    assert ann.call("DELETE", f"/api-keys/{made.json()['id']}").status_code == 404


def test_api_keys_end_in_the_future_or_never(ann: Any) -> None:
    past = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    assert ann.post("/api-keys", json={"name": "late", "scopes": ["write"], "expires_at": past}).status_code == 422
    assert ann.post("/api-keys", json={"name": "odd", "scopes": ["admin"]}).status_code == 422
    assert ann.post("/api-keys", json={"name": "empty", "scopes": []}).status_code == 422
