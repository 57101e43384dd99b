import base64
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import bcrypt
import jwt
import pytest
from sqlalchemy import select

from pentaprism.core.accounts.tables import Account, OutgoingMail

TOKEN_KEYS = {"accessToken", "refreshToken", "expiresIn", "tokenType"}


def claims_of(token: str) -> dict[str, Any]:
    return json.loads(base64.b64decode(token.split(".")[1]))


def refresh(server: Any, token: str, **options: Any) -> Any:
    return server.post("/api/auth/refresh", json={"refreshToken": token}, **options)


def mails(server: Any) -> list[OutgoingMail]:
    with server.platform.database.read() as session:
        return list(session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)))


def token_in(text: str) -> str:
    return text.partition("token=")[2].split()[0]


def test_registering_answers_the_user_and_tokens_in_every_place(server: Any) -> None:
    sent = {"email": " User@Example.com ", "password": "securePassword123", "name": "John Doe", "preferred_language": "en"}
    response = server.post("/api/auth/register", json=sent)
    body = response.json()
    assert response.status_code == 201
    assert body["success"] is True
    assert body["message"] == "Registration successful"
    assert body["user"]["email"] == "user@example.com"
    assert body["user"]["name"] == "John Doe"
    assert set(body["tokens"]) == TOKEN_KEYS
    assert {key: body[key] for key in TOKEN_KEYS} == body["tokens"]
    assert body["token"] == body["accessToken"]
    assert body["expiresIn"] == 900
    assert body["data"]["user"] == body["user"]


@pytest.mark.parametrize(("given", "kept"), [("de-AT", "de"), ("CS_cz", "cs"), ("en", "en")])
def test_the_region_of_a_language_is_cut(server: Any, given: str, kept: str) -> None:
    response = server.post("/api/auth/register", json={"email": "a@b.org", "password": "password1", "language": given})
    assert response.status_code == 201
    assert response.json()["user"]["preferred_language"] == kept


def test_first_and_last_name_make_the_name_and_without_any_the_e_mail_does(server: Any) -> None:
    both = server.post("/api/auth/register", json={"email": "a@b.org", "password": "password1", "firstName": "Ada", "lastName": "King"})
    none = server.post("/api/auth/register", json={"email": "grace@b.org", "password": "password1"})
    assert both.json()["user"]["name"] == "Ada King"
    assert none.json()["user"]["name"] == "grace"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"password": "password1"}, "email"),
        ({"email": "a@b.org"}, "password"),
        ({"email": "nonsense", "password": "password1"}, "email"),
        ({"email": "a@b.org", "password": "short"}, "password"),
        ({"email": "a@b.org", "password": "x" * 129}, "password"),
        ({"email": "a@b.org", "password": "password1", "name": "n" * 101}, "name"),
        ({"email": "a@b.org", "password": "password1", "preferred_language": "xx"}, "preferred_language"),
    ],
)
def test_a_bad_registration_names_its_field(server: Any, body: dict[str, Any], field: str) -> None:
    response = server.post("/api/auth/register", json=body)
    assert response.status_code == 400
    assert response.json()["error"] == "VALIDATION_ERROR"
    assert response.json()["details"]["field"] == field
    assert response.json()["errors"][0]["path"] == f"body.{field}"


def test_a_taken_e_mail_is_a_conflict_in_any_case(server: Any, ann: Any) -> None:
    response = server.post("/api/auth/register", json={"email": "ANN@example.org", "password": "password1"})
    assert (response.status_code, response.json()["error"]) == (409, "RESOURCE_CONFLICT")


def test_unknown_e_mail_and_wrong_password_are_told_apart_by_nothing(server: Any, ann: Any) -> None:
    answers, times = [], []
    for email in ("ann@example.org", "nobody@example.org"):
        began = time.perf_counter()
        response = server.login(email, "wrong password")
        times.append(time.perf_counter() - began)
        body = response.json()
        answers.append((response.status_code, {key: body[key] for key in body if key not in {"timestamp", "requestId"}}))
    assert answers[0] == answers[1]
    assert answers[0][0] == 401
    assert answers[0][1]["error"] == "INVALID_CREDENTIALS"
    assert min(times) < 1.0


def test_tokens_are_plain_base64_with_the_claims_of_this_face(server: Any) -> None:
    person = server.person("a~?+b@example.org", name="Žofie ~?>")
    access, renewing = claims_of(person.body["accessToken"]), claims_of(person.body["refreshToken"])
    assert {"sub", "userId", "email", "type", "sid", "jti", "iat", "exp"} <= set(access)
    assert (access["type"], renewing["type"]) == ("access", "refresh")
    assert access["sub"] == access["userId"] == person.id
    assert access["exp"] - access["iat"] == 900
    assert renewing["exp"] - renewing["iat"] == 604_800
    assert not set(person.body["accessToken"].split(".")[1]) & set("-_=")


def test_remember_me_gives_thirty_days(server: Any, ann: Any) -> None:
    body = server.login(ann.email, remember_me=True).json()
    renewing = claims_of(body["refreshToken"])
    assert renewing["exp"] - renewing["iat"] == 2_592_000


def test_a_hundred_refreshes_in_a_row_work(make_server: Callable[..., Any]) -> None:
    server = make_server(limits=True)
    person = server.person()
    token = person.body["refreshToken"]
    for _ in range(100):
        response = refresh(server, token, headers={"Authorization": "Bearer expired"})
        assert response.status_code == 200, response.text
        token = response.json()["tokens"]["refreshToken"]
    assert response.json()["user"]["id"] == person.id


def test_overlapping_refreshes_get_one_pair_and_the_retired_token_ends_the_family(server: Any, ann: Any) -> None:
    old = ann.body["refreshToken"]
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda _: refresh(server, old).json(), range(2))
    if first["success"] and second["success"]:
        assert first["tokens"] == second["tokens"]
    newest = (first if first["success"] else second)["tokens"]
    late = refresh(server, old)
    assert (late.status_code, late.json()["details"]["reason"]) == (401, "reused")
    assert refresh(server, newest["refreshToken"]).status_code == 401
    assert server.get("/api/users/me", headers={"Authorization": f"Bearer {newest['accessToken']}"}).status_code == 401


def test_a_client_that_refreshes_for_ever_meets_429(make_server: Callable[..., Any]) -> None:
    server = make_server(limits=True)
    statuses = [refresh(server, "a.b.c").status_code for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2


@pytest.mark.parametrize("kind", ["none", "foreign", "wrong type", "expired", "garbage"])
def test_tokens_that_are_not_ours_are_refused(server: Any, ann: Any, kind: str) -> None:
    claims = claims_of(ann.body["accessToken"])
    tokens = {
        "none": jwt.encode(claims, None, algorithm="none"),
        "foreign": jwt.encode(claims, b"k" * 64, algorithm="HS512"),
        "wrong type": ann.body["refreshToken"],
        "expired": jwt.encode({**claims, "exp": 1}, b"k" * 32, algorithm="HS256"),
        "garbage": "no.token.at-all",
    }
    response = server.get("/api/users/me", headers={"Authorization": f"Bearer {tokens[kind]}"})
    assert (response.status_code, response.json()["error"]) == (401, "AUTHENTICATION_REQUIRED")
    assert response.json()["details"]["reason"] == "invalid"
    assert response.headers["WWW-Authenticate"]


def test_an_expired_token_says_so(make_server: Callable[..., Any]) -> None:
    server = make_server(access_seconds=1)
    person = server.person()
    time.sleep(2.1)
    assert person.get("/api/users/me").json()["details"]["reason"] == "expired"


def test_logging_out_ends_both_tokens_and_may_be_repeated(server: Any, ann: Any) -> None:
    for _ in range(2):
        response = ann.post("/api/auth/logout", json={"refreshToken": ann.body["refreshToken"]})
        assert response.status_code == 200
    assert ann.get("/api/users/me").json()["details"]["reason"] == "revoked"
    assert refresh(server, ann.body["refreshToken"]).status_code == 401
    assert server.post("/api/auth/logout", headers={"Authorization": "Bearer nonsense"}).status_code == 200


def test_logging_out_takes_an_empty_body_of_any_type(ann: Any) -> None:
    assert ann.post("/api/auth/logout", headers={"Content-Type": "text/plain"}).status_code == 200


def test_changing_the_password_gives_fresh_tokens_and_ends_all_other_sessions(server: Any, ann: Any) -> None:
    other = server.login(ann.email).json()
    image = ann.image(ann.project())
    wrong = ann.call("PUT", "/api/auth/change-password", json={"current_password": "wrong one", "new_password": "another pass"})
    assert (wrong.status_code, wrong.json()["details"]["field"]) == (400, "current_password")
    differs = {"current_password": ann.password, "new_password": "another pass", "confirm_password": "anothr pass"}
    assert ann.call("PUT", "/api/auth/change-password", json=differs).status_code == 400
    response = ann.call("PUT", "/api/auth/change-password", json={"current_password": ann.password, "new_password": "another pass"})
    assert response.status_code == 200
    for token in (other["accessToken"], ann.body["accessToken"]):
        assert server.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert server.get("/api/auth/me", headers={"Authorization": f"Bearer {response.json()['accessToken']}"}).status_code == 200
    assert server.login(ann.email).status_code == 401
    assert server.login(ann.email, "another pass").status_code == 200
    assert server.get(image["url"].removeprefix("http://cells.test")).status_code == 401


def test_forgetting_the_password_changes_nothing_until_the_mailed_link_is_used(server: Any, ann: Any) -> None:
    known = server.post("/api/auth/forgot-password", json={"email": ann.email})
    unknown = server.post("/api/auth/forgot-password", json={"email": "nobody@example.org"})
    assert known.status_code == unknown.status_code == 200
    assert known.json()["message"] == unknown.json()["message"]
    assert server.login(ann.email).status_code == 200
    (mail,) = mails(server)
    assert ann.password not in mail.body
    token = token_in(mail.body)
    assert server.post("/api/auth/reset-password", json={"token": token, "password": "short"}).status_code == 400
    assert server.post("/api/auth/reset-password", json={"token": token, "password": "another pass"}).status_code == 200
    assert server.post("/api/auth/reset-password", json={"token": token, "password": "a third pass"}).status_code == 400
    assert ann.get("/api/users/me").status_code == 401
    assert server.login(ann.email, "another pass").status_code == 200


def test_revoking_ends_all_sessions(server: Any, ann: Any) -> None:
    other = server.login(ann.email).json()
    assert ann.post("/api/auth/revoke").status_code == 200
    for token in (other["accessToken"], ann.body["accessToken"]):
        assert server.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_deleting_the_account_takes_all_its_data_along(server: Any, ann: Any, bob: Any) -> None:
    project = ann.project()
    image = ann.image(project)
    ann.share(project, bob, "view")
    wrong = ann.call("DELETE", "/api/auth/account", json={"username": ann.email, "password": "wrong one"})
    assert (wrong.status_code, wrong.json()["error"]) == (400, "VALIDATION_ERROR")
    assert ann.call("DELETE", "/api/auth/account", json={"username": ann.email, "password": ann.password}).status_code == 200
    assert ann.get("/api/users/me").status_code == 401
    assert server.login(ann.email).status_code == 401
    assert server.get(image["url"].removeprefix("http://cells.test")).status_code == 401
    assert bob.get(f"/api/images/{image['id']}").status_code == 404
    server.platform.blobs.collect_garbage()
    assert server.stored_files() == []


def test_an_e_mail_is_confirmed_by_the_mailed_link(server: Any, ann: Any) -> None:
    assert ann.post("/api/auth/send-verification-email").status_code == 200
    token = token_in(mails(server)[0].body)
    assert server.get("/api/auth/verify-email", params={"token": "nonsense"}).status_code == 400
    assert server.get("/api/auth/verify-email", params={"token": token}).status_code == 200
    assert ann.get("/api/users/me").json()["isEmailVerified"] is True
    assert server.post("/api/auth/verify-email", json={"token": token}).status_code == 400


def test_checking_an_e_mail(server: Any, ann: Any) -> None:
    assert server.get("/api/auth/check-email", params={"email": "ANN@example.org"}).json()["exists"] is True
    free = server.get("/api/auth/check-email", params={"email": "free@example.org"}).json()
    assert (free["exists"], free["hasAccessRequest"]) == (False, False)
    assert server.post("/api/access-requests", json={"email": "free@example.org", "reason": "science"}).status_code == 201
    assert server.get("/api/auth/check-email", params={"email": "free@example.org"}).json()["hasAccessRequest"] is True
    assert server.post("/api/access-requests", json={"email": "free@example.org"}).status_code == 409


def test_there_is_no_back_door(server: Any, ann: Any) -> None:
    for path in ("/users/login", "/users/register", "/api/users/login", "/api/users/register"):
        assert server.post(path, json={"email": ann.email}).status_code == 404
    headers = {"User-Agent": "python-requests/2.31", "X-Forwarded-For": "127.0.0.1", "X-Real-IP": "10.0.0.1"}
    assert server.get("/api/projects", headers=headers).status_code == 401


def test_the_eleventh_wrong_login_is_429_and_a_success_forgets_failures(make_server: Callable[..., Any]) -> None:
    server = make_server(limits=True)
    ann = server.person("ann@example.org")
    for _ in range(9):
        assert server.login(ann.email, "wrong password").status_code == 401
    assert server.login(ann.email).status_code == 200
    statuses = [server.login(ann.email, "wrong password").status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    limited = server.login(ann.email)
    assert limited.status_code == 429
    assert int(limited.headers["Retry-After"]) > 0
    elsewhere = server.post("/api/auth/login", json={"email": ann.email, "password": ann.password}, address="192.0.2.9")
    assert elsewhere.status_code == 200


def test_registrations_and_e_mail_checks_are_limited_by_address(make_server: Callable[..., Any]) -> None:
    server = make_server(limits=True)
    bodies = [{"email": f"p{n}@example.org", "password": "password1"} for n in range(11)]
    statuses = [server.post("/api/auth/register", json=body).status_code for body in bodies]
    assert statuses == [201] * 10 + [429]
    checks = [server.get("/api/auth/check-email", params={"email": "a@b.org"}, address="192.0.2.7").status_code for _ in range(11)]
    assert checks == [200] * 10 + [429]


def test_mails_never_take_their_address_from_a_request(make_server: Callable[..., Any]) -> None:
    unknown, known = make_server(), make_server(public_url="https://cells.example.org/")
    for server, address in ((unknown, "\n/reset-password?"), (known, "\nhttps://cells.example.org/reset-password?")):
        person = server.person()
        server.post("/api/auth/forgot-password", json={"email": person.email}, headers={"Host": "evil.example.net"})
        (mail,) = mails(server)
        assert address in mail.body
        assert "evil" not in mail.body


def test_an_old_hash_is_replaced_when_its_owner_logs_in(server: Any, ann: Any) -> None:
    old = bcrypt.hashpw(ann.password.encode(), bcrypt.gensalt(4)).decode()
    with server.platform.database.write() as session:
        session.get(Account, ann.id).password_hash = old
    assert server.login(ann.email, "wrong one").status_code == 401
    assert server.login(ann.email).status_code == 200
    with server.platform.database.read() as session:
        assert session.get(Account, ann.id).password_hash.startswith("$argon2id$")
    assert server.login(ann.email).status_code == 200
