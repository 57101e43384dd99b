import time
import uuid
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from conformance.snapasset_provider import Provider
from faces.snapasset.conftest import Server
from pentaprism.core.errors import NotAuthenticated
from pentaprism.faces.snapasset import supabase
from pentaprism.faces.snapasset.errors import NotNow
from pentaprism.faces.snapasset.settings import SnapassetSettings
from pentaprism.faces.snapasset.supabase import SupabaseTokens, is_admin

KEY = ec.generate_private_key(ec.SECP256R1())
SECRET = "a shared secret of a token project, long enough"


@pytest.fixture
def provider() -> Iterator[Provider]:
    found = Provider()
    found.keys.append({**jwt.get_algorithm_by_name("ES256").to_jwk(KEY.public_key(), as_dict=True), "kid": "one", "alg": "ES256"})
    yield found
    found.close()


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock of the key set; tests move its only number."""
    clock = [1000.0]
    monkeypatch.setattr(supabase, "monotonic", lambda: clock[0])
    return clock


def token(url: str, key: Any = KEY, algorithm: str = "ES256", key_id: str | None = "one", **claims: Any) -> str:
    usual = {"iss": f"{url}/auth/v1", "aud": "authenticated", "role": "authenticated", "sub": str(uuid.uuid4()), "exp": time.time() + 600}
    return jwt.encode({**usual, **claims}, key, algorithm, headers={"kid": key_id} if key_id else None)


def tokens(url: str, **settings: Any) -> SupabaseTokens:
    return SupabaseTokens(SnapassetSettings(supabase_url=url, **settings))


def test_keys_are_fetched_once_and_again_for_unknown_ones_at_most_once_a_minute(provider: Provider, moments: list[float]) -> None:
    checked = tokens(provider.url)
    for _ in range(50):
        assert checked.claims(token(provider.url))["role"] == "authenticated"
    assert provider.key_requests == 1
    for seconds, requests in ((1, 1), (60, 2), (61, 2), (119, 2), (121, 3)):
        moments[0] = 1000 + seconds
        with pytest.raises(NotAuthenticated):
            checked.claims(token(provider.url, key_id="two"))
        assert provider.key_requests == requests, seconds


def test_known_keys_serve_on_while_the_project_is_away_and_nobody_waits_for_it(provider: Provider, moments: list[float]) -> None:
    checked, url = tokens(provider.url), provider.url
    checked.claims(token(url))
    provider.close()
    asked: list[float] = []
    fetch = supabase.KeySet._fetch
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(supabase.KeySet, "_fetch", lambda keys: (asked.append(moments[0]), fetch(keys))[1])
        for seconds in range(0, 1200, 10):
            moments[0] = 1000 + seconds
            assert checked.claims(token(url))["aud"] == "authenticated"
    assert len(asked) == 10 and asked[0] > 1600 and all(later - earlier >= 60 for earlier, later in pairwise(asked))


def test_without_any_key_only_tokens_that_need_one_are_put_off(provider: Provider) -> None:
    provider.close()
    checked = tokens(provider.url, supabase_jwt_secret=SECRET)
    with pytest.raises(NotNow, match="Authentication service unavailable"):
        checked.claims(token(provider.url))
    assert checked.claims(token(provider.url, SECRET, "HS256", None))["role"] == "authenticated"


def test_a_shared_secret_counts_only_where_it_is_set(provider: Provider) -> None:
    with pytest.raises(NotAuthenticated):
        tokens(provider.url).claims(token(provider.url, SECRET, "HS256", None))


def test_administrators_are_named_by_the_project_alone() -> None:
    assert is_admin({"app_metadata": {"role": "admin"}})
    assert not any(is_admin(claims) for claims in ({}, {"user_metadata": {"role": "admin"}}, {"role": "admin"}, {"app_metadata": "admin"}))


@pytest.fixture
def face_settings() -> dict[str, Any]:
    # Port 9 of this machine: nobody answers there.
    return {"supabase_url": "http://127.0.0.1:9", "jwks_refetch_seconds": 60}


def test_platform_tokens_work_while_the_project_is_away(server: Server) -> None:
    person = server.person()
    assert person.call("GET", "/api/jobs").status_code == 200
    away = server.call("GET", "/api/jobs", headers={"Authorization": f"Bearer {token('http://127.0.0.1:9')}"})
    assert (away.status_code, away.json()["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert person.call("GET", "/api/jobs").status_code == 200


def test_an_external_account_is_bound_to_the_project_and_never_merged(server: Server) -> None:
    server.context.supabase = tokens("http://127.0.0.1:9", supabase_jwt_secret=SECRET)
    person, subject = server.person(), str(uuid.uuid4())
    foreign = token("http://127.0.0.1:9", SECRET, "HS256", None, sub=subject, email="person1@example.com")
    headers = {"Authorization": f"Bearer {foreign}"}
    body = {"userId": person.id, "prompt": "A beautiful sunset", "platforms": ["custom-80x64"]}
    job_id = server.call("POST", "/api/jobs", json=body, headers=headers).json()["jobId"]
    assert person.call("GET", f"/api/jobs/{job_id}").status_code == 404 and person.call("GET", "/api/jobs").json()["total"] == 0
    again = token("http://127.0.0.1:9", SECRET, "HS256", None, sub=subject.upper())
    assert server.call("GET", f"/api/jobs/{job_id}", headers={"Authorization": f"Bearer {again}"}).status_code == 200
