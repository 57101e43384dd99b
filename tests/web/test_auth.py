"""Who sends a request, by every credential a face can read."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from starlette.requests import Request

from pentaprism.core.accounts.api_keys import ApiKeys
from pentaprism.core.accounts.passwords import Passwords
from pentaprism.core.accounts.service import Accounts
from pentaprism.core.accounts.token_rules import TokenRules
from pentaprism.core.accounts.tokens import Tokens
from pentaprism.core.database.engine import Database
from pentaprism.core.errors import NotAllowed, NotAuthenticated
from pentaprism.core.events.memory import MemoryBus
from pentaprism.web.auth import Authenticator, AuthRules, account_id


@dataclass
class Parts:
    """As much of a platform as an authenticator needs."""

    database: Database
    tokens: Tokens
    api_keys: ApiKeys
    token: str = ""
    key: str = ""
    finer: str = ""
    foreign: str = ""
    expired: str = ""
    account: str = ""


@pytest.fixture(scope="module")
def parts(database: Database) -> Parts:
    made = Parts(database, Tokens(b"s" * 32, database, MemoryBus()), ApiKeys())
    with database.write() as session:
        account = Accounts(Passwords(memory_kib=64, passes=1)).register(session, "a@example.org", "password-1")
        made.account = account.id
        made.token = made.tokens.issue(session, account, face="cells", rules=TokenRules()).access
        _, made.key = made.api_keys.create(session, account.id, "k", ["cells"])
        _, made.finer = made.api_keys.create(session, account.id, "k", ["cells:admin"])
        _, made.foreign = made.api_keys.create(session, account.id, "k", ["plants"])
        past = datetime.now(UTC) + timedelta(milliseconds=1)
        _, made.expired = made.api_keys.create(session, account.id, "k", ["cells"], past)
    return made


def request(path: str = "/x", method: str = "GET", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": method, "path": path, "root_path": "", "headers": raw, "query_string": b""})


def identified(parts: Parts, rules: AuthRules, sent: Request) -> str | None:
    identity = Authenticator(parts, rules).optional(sent)  # type: ignore[arg-type]
    return identity.account.id if identity else None


def test_a_bearer_token_and_a_key_lead_to_the_same_account(parts: Parts) -> None:
    rules = AuthRules(scope="cells")
    assert identified(parts, rules, request(authorization=f"Bearer {parts.token}")) == parts.account
    assert identified(parts, rules, request(authorization=f"bearer  {parts.token}")) == parts.account
    assert identified(parts, rules, request(x_api_key=parts.key)) == parts.account
    assert identified(parts, rules, request(x_api_key=parts.finer)) == parts.account


def test_nothing_sent_is_nobody_and_required_refuses(parts: Parts) -> None:
    assert identified(parts, AuthRules(), request()) is None
    with pytest.raises(NotAuthenticated) as refused:
        Authenticator(parts, AuthRules()).required(request())  # type: ignore[arg-type]
    assert refused.value.reason == "missing"


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer a.b.c", "token"])
def test_a_bad_authorization_is_refused_even_beside_a_good_key(parts: Parts, header: str) -> None:
    with pytest.raises(NotAuthenticated):
        identified(parts, AuthRules(), request(authorization=header, x_api_key=parts.key))


def test_a_key_can_come_first_or_as_the_bearer_value(parts: Parts) -> None:
    bad = request(authorization="Bearer nonsense", x_api_key=parts.key)
    assert identified(parts, AuthRules(key_first=True), bad) == parts.account
    as_bearer = {"authorization": f"Bearer {parts.key}"}
    assert identified(parts, AuthRules(key_as_bearer=True), request(**as_bearer)) == parts.account
    with pytest.raises(NotAuthenticated):
        identified(parts, AuthRules(), request(**as_bearer))


def test_a_key_of_another_face_is_not_allowed_and_an_expired_one_unknown(parts: Parts) -> None:
    with pytest.raises(NotAllowed, match="lacks scope cells"):
        identified(parts, AuthRules(scope="cells"), request(x_api_key=parts.foreign))
    with pytest.raises(NotAuthenticated):
        identified(parts, AuthRules(scope="cells"), request(x_api_key=parts.expired))


def test_a_cookie_counts_for_reading_on_its_paths_alone(parts: Parts) -> None:
    rules = AuthRules(cookie="auth_token", cookie_paths=lambda path: path.startswith("/uploads/"))
    cookie = f"auth_token={parts.token}"
    assert identified(parts, rules, request("/uploads/1", cookie=cookie)) == parts.account
    assert identified(parts, rules, request("/uploads/1", "POST", cookie=cookie)) is None
    assert identified(parts, rules, request("/api/me", cookie=cookie)) is None


def test_the_identity_stays_with_the_request(parts: Parts) -> None:
    sent = request(authorization=f"Bearer {parts.token}")
    authenticator = Authenticator(parts, AuthRules())  # type: ignore[arg-type]
    assert authenticator.required(sent) is authenticator.required(sent)
    assert account_id(sent) == parts.account
