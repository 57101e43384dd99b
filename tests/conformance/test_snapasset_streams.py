"""Streams and credentials of the snapasset face on a running server that asks for a credential on streams."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conformance.snapasset_provider import Provider
from conformance.snapasset_world import Person, World, open_world, project_token, until
from pentaprism.core.accounts.api_keys import ApiKeys

CURVE_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    found = Provider()
    for name, kind, key in (("curve", "ES256", CURVE_KEY), ("rsa", "RS256", RSA_KEY)):
        algorithm = jwt.get_algorithm_by_name(kind)
        found.keys.append({**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": name, "alg": kind, "use": "sig"})
    yield found
    found.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[World]:
    settings = {"sse_auth": "required", "sse_ping_seconds": "1", "openai_model": "dall-e-test"}
    with open_world(tmp_path_factory.mktemp("streams"), provider_url=provider.url, **settings) as found:
        yield found


@pytest.fixture(scope="module")
def person(world: World) -> Person:
    return world.person()


def test_a_stream_tells_everything_in_order(world: World, person: Person) -> None:
    job_id = person.create("A slow12 lake at dawn", ("custom-64x64", "custom-72x64"), engine="openai")
    began = time.monotonic()
    first, second = (world.events(job_id, headers={**person.headers, "Accept-Encoding": "gzip"}) for _ in range(2))
    until(lambda: len(first.frames) >= 2, 5, 0.01)
    assert first.times[0] - began < 3 and first.lines[0] == "retry: 3000"
    assert first.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert first.headers["cache-control"] == "no-cache, no-transform" and first.headers["x-accel-buffering"] == "no"
    assert "content-encoding" not in first.headers and not any(line.startswith("event:") for line in first.lines)
    done = first.done()
    assert second.done()["result"]["success"] is True
    assert first.kinds[:2] == ["connected", "status"] and first.kinds[-1] == "done" and set(first.kinds[2:-1]) <= {"progress"}
    assert set(first.frames[0]) == {"type", "jobId"} and set(first.frames[1]) == {"type", "jobId", "status", "progress", "timestamp"}
    moved = [frame for frame in first.frames if frame["type"] == "progress"]
    assert [frame["progress"] for frame in moved] == sorted(frame["progress"] for frame in moved)
    assert all(set(frame) == {"type", "jobId", "status", "progress", "timestamp", "message"} for frame in moved)
    assert set(done) == {"type", "jobId", "status", "progress", "result", "error", "timestamp"}
    assert done["progress"] == 100 and len(done["result"]["images"]) == 2 and done["error"] is None
    assert first.ids == sorted(set(first.ids)) and len(first.ids) == len(moved) + 1
    assert any(line == ": ping" for line in first.lines)
    assert person.job(job_id)["logs"][0] == "Starting DALL-E image generation..."
    _resume(world, person, job_id, first.ids)


def _resume(world: World, person: Person, job_id: str, ids: list[int]) -> None:
    """Connecting again to a finished job."""
    for last in ("", "nonsense", str(ids[-1] + 5)):
        late = world.events(job_id, headers={**person.headers, "Last-Event-ID": last})
        late.done()
        assert late.kinds == ["connected", "status", "done"] and late.ids == [ids[-1]], last
    earlier = world.events(job_id, headers={**person.headers, "Last-Event-ID": str(ids[0] - 1)})
    earlier.done()
    for options in ({"headers": {**person.headers, "Last-Event-ID": str(ids[-1])}}, {"query": f"?lastEventId={ids[-1]}"}):
        ended = world.events(job_id, query=options.get("query", ""), headers=options.get("headers", person.headers))
        assert ended.status == 204 and ended.closed.wait(30) and ended.lines == []


def test_resuming_an_unfinished_job_repeats_nothing(world: World, person: Person) -> None:
    job_id = person.create("A slow25 meadow at noon", engine="openai")
    person.wait(job_id, "active")
    until(lambda: "Starting" in str(person.job(job_id)["logs"]))
    time.sleep(0.5)
    older = world.events(job_id, headers={**person.headers, "Last-Event-ID": "1"})
    until(lambda: older.ids, 5)
    assert older.kinds[:2] == ["connected", "progress"]
    current = world.events(job_id, headers={**person.headers, "Last-Event-ID": str(older.ids[-1])})
    time.sleep(0.3)
    assert current.kinds == ["connected"]
    assert current.done()["status"] == older.done()["status"] == "completed"
    until(lambda: world.client.get("/api/sse/health").json()["activeConnections"] == 0)


def test_required_streams_open_for_owners_and_ticket_holders_only(world: World, person: Person) -> None:
    job_id, other_id = person.finished()["jobId"], person.finished()["jobId"]
    stranger = world.person()
    token = person.headers["Authorization"].removeprefix("Bearer ")
    made = person.post("/api/sse/tickets", {"jobId": job_id})
    assert made.status_code == 201 and set(made.json()) == {"ticket", "jobId", "expiresIn"} and made.json()["expiresIn"] == 3600
    ticket = made.json()["ticket"]
    _, holder = world.key_of(person, "snapasset")
    key = holder.headers["X-API-Key"]
    for query in (f"?ticket={ticket}", f"?token={token}", f"?access_token={token}", f"?api_key={key}"):
        assert world.events(job_id, query=query).done()["status"] == "completed", query
    assert world.events(job_id).status == 401
    assert world.events(other_id, query=f"?ticket={ticket}").status == 404
    assert world.events(job_id, query="?ticket=1.abc").status == 401
    assert world.events(job_id, headers=stranger.headers).status == 404
    assert world.events(job_id, query="?token=bad").status == 401
    assert stranger.post("/api/sse/tickets", {"jobId": job_id}).status_code == 404
    time.sleep(0.3)
    log = world.server.log.read_text()
    assert ticket not in log and token not in log and key not in log and job_id not in log and job_id[:-16] in log


def test_head_of_a_stream_is_answered_at_once(world: World, person: Person) -> None:
    job_id = person.create("A slow20 harbour at dusk", engine="openai")
    began = time.monotonic()
    for _ in range(25):
        answer = world.client.head(f"/api/sse/jobs/{job_id}", headers=person.headers)
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert time.monotonic() - began < 10
    until(lambda: world.client.get("/api/sse/health").json()["activeConnections"] == 0)
    assert world.client.head(f"/api/sse/jobs/{job_id}").status_code == 401
    person.delete(f"/api/jobs/{job_id}")


def test_tokens_of_the_project(world: World, provider: Provider) -> None:
    now = int(time.time())
    public = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    good = [project_token()]
    for key, algorithm, key_id in ((CURVE_KEY, "ES256", "curve"), (RSA_KEY, "RS256", "rsa")):
        good.append(project_token(secret=key, algorithm=algorithm, key_id=key_id))
    good.append(project_token(exp=now - 10))
    bad = [
        project_token(exp=now - 60),
        project_token(aud="anon"),
        project_token(role="service_role"),
        project_token(role="anon"),
        project_token(sub="user-1"),
        project_token(iss="https://elsewhere.example/auth/v1"),
        project_token(exp=None),
        project_token(secret="another secret of the same length, but wrong"),
        project_token(secret="", algorithm="none"),
        forged(public),
        project_token(secret=RSA_KEY, algorithm="RS256", key_id="unknown"),
        project_token(secret=RSA_KEY, algorithm="RS256", key_id="curve"),
        "not.a.token",
    ]

    def ask(token: str) -> tuple[int, str]:
        answer = world.client.get("/api/jobs", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code, answer.json().get("message", "")

    assert [ask(token)[0] for token in good] == [200] * len(good)
    assert [ask(token) for token in bad] == [(401, "Invalid or expired token")] * len(bad)
    assert provider.key_requests <= 3
    nobody = world.client.get("/api/jobs")
    assert (nobody.status_code, nobody.json()["message"]) == (401, "No token provided") and nobody.headers["www-authenticate"] == "Bearer"


def forged(public: bytes) -> str:
    """HS256 with the published RSA key as its secret."""
    import base64
    import hashlib
    import hmac

    head, body, _ = project_token(key_id="rsa").split(".")
    signature = hmac.new(public, f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_api_keys_act_within_their_scopes(world: World, person: Person) -> None:
    key_id, holder = world.key_of(person, "snapasset")
    assert holder.get("/api/jobs").status_code == 200
    assert holder.get("/api/jobs?scope=all").json()["message"] == "Admin access required"
    _, administrator = world.key_of(person, "snapasset:admin")
    assert administrator.get("/api/jobs?scope=all").status_code == 200
    _, elsewhere = world.key_of(person, "quarry")
    refused = elsewhere.get("/api/jobs")
    assert (refused.status_code, refused.json()["message"]) == (403, "API key lacks scope snapasset")
    _, brief = world.key_of(person, "snapasset", ends=datetime.now(UTC) + timedelta(seconds=0.2))
    time.sleep(0.3)
    with world.database().write() as session:
        ApiKeys().revoke(session, key_id)
    for key in (brief, holder, Person(world.client, {"X-API-Key": "pp_nonsense"})):
        answer = key.get("/api/jobs")
        assert (answer.status_code, answer.json()["message"]) == (401, "Invalid API key")
    both = administrator.get("/api/jobs", headers={"Authorization": "Bearer nonsense"})
    assert (both.status_code, both.json()["message"]) == (401, "Invalid or expired token")


def test_foreign_jobs_do_not_exist_except_for_administrators(world: World, person: Person) -> None:
    job_id = person.finished()["jobId"]
    stranger, admin = world.person(), world.admin()
    asked = [("GET", ""), ("POST", "/retry"), ("DELETE", "/cancel"), ("DELETE", ""), ("GET", "/download")]
    for method, path in asked:
        answer = stranger.call(method, f"/api/jobs/{job_id}{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "JOB_NOT_FOUND"), path
        assert answer.json()["message"] == f"No job found with ID: {job_id}"
    assert admin.job(job_id)["status"] == "completed" and stranger.get("/api/jobs").json()["total"] == 0
    assert (
        admin.create("A boat on a quiet river", priority=1) and admin.get("/api/jobs").json()["jobs"][0]["data"]["options"]["priority"] == 1
    )
    assert person.job(person.create("A boat on a quiet river", priority=1))["data"]["options"]["priority"] == 3
    claimed = world.external(user_metadata={"role": "admin"})
    assert claimed.post("/api/queue/pause").status_code == 403


def test_logging_in_and_refreshing(world: World) -> None:
    email = "refresher@example.com"
    body = {"email": email, "password": "correct horse battery"}
    made = world.client.post("/api/auth/register", json=body)
    keys = {"access_token", "token_type", "expires_in", "expires_at", "refresh_token", "user"}
    assert made.status_code == 201 and set(made.json()) == keys and set(made.json()["user"]) == {"id", "email", "role"}
    taken = world.client.post("/api/auth/register", json=body)
    assert (taken.status_code, taken.json()["message"]) == (400, "Account already exists")
    wrong = world.client.post("/api/auth/login", json={**body, "password": "wrong horse battery"})
    assert (wrong.status_code, wrong.json()["message"]) == (401, "Invalid e-mail or password")
    right = world.client.post("/api/auth/login", json=body).json()
    assert right["expires_in"] == 3600 and right["token_type"] == "bearer"
    renewed = world.client.post("/api/auth/refresh", json={"refresh_token": right["refresh_token"]})
    assert renewed.status_code == 200 and set(renewed.json()) == keys
    assert world.client.post("/api/auth/refresh", json={"refresh_token": "x.y.z"}).status_code == 401


def test_twenty_viewers_of_one_job_and_no_more(provider: Provider, tmp_path: Path) -> None:
    settings = {"sse_auth": "required", "openai_model": "dall-e-test"}
    with open_world(tmp_path, provider_url=provider.url, limits=True, **settings) as world:
        person = world.person()
        job_id = person.create("A slow20 glacier", engine="openai")
        person.wait(job_id, "active")
        with ThreadPoolExecutor(20) as pool:
            listeners = list(pool.map(lambda _: world.events(job_id, headers=person.headers), range(22)))
        refused = [listener for listener in listeners if listener.status == 429]
        assert len(refused) == 2 and refused[0].headers["retry-after"]
        assert all(listener.done()["status"] == "completed" for listener in listeners if listener.status == 200)
