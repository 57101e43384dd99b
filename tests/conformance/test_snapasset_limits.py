"""Limits, error texts and documentation of the snapasset face on a running server with its limits on."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from conformance.snapasset_world import PROMPT, SMALL, World, open_world
from shared_servers import IS_PRODUCTION

GOOD: dict[str, Any] = {"userId": "user-123", "prompt": PROMPT, "platforms": [SMALL]}
LONG = "x" * 4001


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("limits"), limits=True, unfinished_jobs="60") as found:
        yield found


def test_limits_count_what_they_promise(world: World) -> None:
    person = world.person()
    first = person.get("/api/jobs")
    limit, left = (int(first.headers[f"x-ratelimit-{name}"]) for name in ("limit", "remaining"))
    assert (limit, left) == (100, 99) and 890 <= int(first.headers["x-ratelimit-reset"]) - time.time() <= 901
    for _ in range(3):
        refused = person.post("/api/jobs", {**GOOD, "prompt": "short"})
        assert refused.status_code == 400 and refused.headers["x-joblimit-remaining"] == "20"
    for number in range(20):
        created = person.post("/api/jobs", GOOD)
        assert created.status_code == 201 and created.headers["x-joblimit-remaining"] == str(19 - number)
    over = person.post("/api/jobs", GOOD)
    body = over.json()
    assert over.status_code == 429 and body["code"] == "JOB_LIMIT_EXCEEDED" and (body["limit"], body["remaining"]) == (20, 0)
    assert body["retryAfter"] == int(over.headers["retry-after"]) >= 1
    assert body["message"] == f"You can create up to 20 jobs per hour. Try again in {body['retryAfter']} seconds."
    assert over.headers["x-ratelimit-limit"] == "20" and over.headers["x-ratelimit-remaining"] == "0"
    assert person.post("/api/generate", {"prompt": "sea", "presets": [SMALL]}).json()["code"] == "JOB_LIMIT_EXCEEDED"
    answers = [person.get("/api/queue/stats") for _ in range(80)]
    statuses = [answer.status_code for answer in answers]
    assert statuses[0] == 200 and statuses[-1] == 429 and statuses == sorted(statuses)
    last = answers[-1].json()
    assert last["code"] == "RATE_LIMIT_EXCEEDED" and last["limit"] == 100 and last["remaining"] == 0
    assert last["message"] == f"Too many requests. Try again in {last['retryAfter']} seconds."
    assert last["retryAfter"] == int(answers[-1].headers["retry-after"])
    assert world.client.get("/api/health").status_code == 200
    assert world.person().get("/api/jobs").status_code == 200, "another account behind the same address goes on"


def test_bad_credentials_count_for_the_address(world: World) -> None:
    one = world.client.get("/api/jobs", headers={"Authorization": "Bearer x", "X-Forwarded-For": "192.0.2.77"})
    two = world.client.get("/api/jobs", headers={"Authorization": "Bearer x", "X-Forwarded-For": "192.0.2.78"})
    assert one.status_code == two.status_code == 401
    assert int(one.headers["x-ratelimit-remaining"]) - int(two.headers["x-ratelimit-remaining"]) == 1


def test_unfinished_jobs_are_limited(tmp_path_factory: pytest.TempPathFactory) -> None:
    with open_world(tmp_path_factory.mktemp("few"), "--face", "snapasset", "--workers", "0", limits=True, unfinished_jobs="2") as world:
        person = world.person()
        person.create()
        person.create()
        refused = person.post("/api/jobs", GOOD)
        assert refused.status_code == 429 and refused.json()["retryAfter"] == 30
        assert refused.json()["message"] == "You have 2 unfinished jobs. Wait for jobs to complete."
        wrong = {"email": "nobody@example.com", "password": "wrong horse battery"}
        statuses = [world.client.post("/api/auth/login", json=wrong).status_code for _ in range(11)]
        assert statuses == [401] * 10 + [429]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prompt": None}, "Missing required field: prompt"),
        ({"prompt": "  ", "userId": None}, "Missing required fields: userId, prompt"),
        ({"userId": 7}, "userId must be a string of 1 to 128 characters"),
        ({"userId": "u" * 129}, "userId must be a string of 1 to 128 characters"),
        ({"prompt": 7}, "prompt must be a string"),
        ({"prompt": "nul \0 in it, long"}, "prompt must be a string"),
        ({"prompt": "too short"}, "prompt must be at least 10 characters"),
        ({"prompt": LONG}, "prompt must be at most 4000 characters"),
        ({"platforms": "instagram-post"}, "platforms must be an array of platform ids"),
        ({"platforms": [1]}, "platforms must be an array of platform ids"),
        ({"platforms": []}, "At least one platform is required"),
        ({"platforms": [f"custom-{64 + n}x64" for n in range(21)]}, "At most 20 platforms are allowed"),
        ({"platforms": ["myspace"] * 100_000}, "Invalid platform: myspace"),
        ({"platforms": ["custom-63x64"]}, "Invalid platform: custom-63x64"),
        ({"options": []}, "options must be an object"),
        ({"options": {"quality": "best"}}, "Invalid option quality: best"),
        ({"options": {"priority": 11}}, "Invalid option priority: 11"),
        ({"options": {"variation": True}}, "Invalid option variation: true"),
        ({"options": {"size": "10x10"}}, "Invalid option size: 10x10"),
        ({"options": {"focalPoint": {"x": 2, "y": 0}}}, 'Invalid option focalPoint: {"x": 2, "y": 0}'),
        ({"options": {"overrides": {"og-image": {"fit": "wide"}}}}, "Invalid option overrides.og-image.fit: wide"),
        ({"options": {"engine": "openai"}}, "Engine not available: openai"),
        ({"platforms": ["custom-4096x4096", "custom-4095x4096", "custom-4094x4096", "custom-4093x4096"]}, "Requested images are too large"),
        ({"sourceImageId": "nothing"}, "Source image not found"),
        ({"sourceJobId": "gen-1-abc"}, "Source image not found"),
    ],
)
def test_refusals_say_what_is_wrong_and_store_nothing(world: World, change: dict[str, Any], message: str) -> None:
    person = world.person()
    response = person.post("/api/jobs", {**GOOD, **change})
    assert (response.status_code, response.json()["message"]) == (400, message)
    assert response.json()["code"] == "INVALID_REQUEST" and {"error", "message", "code", "timestamp"} <= set(response.json())
    assert person.get("/api/jobs").json()["total"] == 0


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Prompt is required and must be a non-empty string"),
        ({"prompt": LONG, "presets": [SMALL]}, "prompt must be at most 4000 characters"),
        ({"prompt": "sea", "presets": []}, "At least one preset must be selected"),
        ({"prompt": "sea", "presets": [f"custom-{64 + n}x64" for n in range(11)]}, "Maximum 10 presets allowed per request"),
        ({"prompt": "sea", "presets": ["myspace"]}, "Invalid platform: myspace"),
    ],
)
def test_refusals_of_waiting_requests(world: World, body: dict[str, Any], message: str) -> None:
    response = world.person().post("/api/generate", body)
    assert (response.status_code, response.json()["message"]) == (400, message)


def test_errors_have_one_shape_everywhere(world: World) -> None:
    person = world.person()
    raw = {"Content-Type": "application/json"}
    cases = [
        (person.call("POST", "/api/jobs", content=b"{", headers=raw), 400, "INVALID_REQUEST", "Request body is not valid JSON"),
        (person.call("POST", "/api/jobs", content=b'{"a":NaN}', headers=raw), 400, "INVALID_REQUEST", "Request body is not valid JSON"),
        (person.call("POST", "/api/jobs", content=b"[" * 90_000, headers=raw), 400, "INVALID_REQUEST", "Request body is not valid JSON"),
        (person.call("POST", "/api/jobs", content=b" " * 1_048_577), 413, "PAYLOAD_TOO_LARGE", "JSON body is larger than 1 MB"),
        (person.get("/zzz"), 404, "NOT_FOUND", "Route GET /zzz not found"),
        (person.get("/api/projects"), 404, "NOT_FOUND", "Route GET /api/projects not found"),
        (person.call("PUT", "/api/jobs"), 405, "METHOD_NOT_ALLOWED", "PUT is not allowed here"),
        (person.get("/api/jobs?limit=abc"), 400, "INVALID_REQUEST", "limit must be an integer between 1 and 100"),
        (person.get("/api/jobs?status=done"), 400, "INVALID_REQUEST", "Invalid status: done"),
        (person.post("/api/queue/clean", {"grace": -1}), 400, "INVALID_REQUEST", "grace must be a non-negative integer"),
        (person.post("/api/queue/clean", {"status": "active"}), 400, "INVALID_REQUEST", "Invalid status: active"),
        (person.get("/api/jobs/gen-1-abc"), 404, "JOB_NOT_FOUND", "No job found with ID: gen-1-abc"),
        (person.delete("/api/images/uploads/nothing"), 404, "NOT_FOUND", "Image not found"),
        (world.client.post("/api/generate", json={}), 401, "UNAUTHORIZED", "No token provided"),
    ]
    for response, status, code, message in cases:
        body = response.json()
        assert (response.status_code, body["code"], body["message"]) == (status, code, message)
        assert {"error", "message", "code", "timestamp"} <= set(body) and response.headers["x-request-id"]


def test_what_is_open_to_everybody(world: World) -> None:
    platforms = world.client.get("/api/platforms").json()
    assert platforms["count"] == 18 and world.client.get("/api/platforms?group=core").json()["count"] == 9
    first = platforms["platforms"][0]
    assert set(first) == {"id", "name", "width", "height", "aspectRatio", "icon", "group"} and first["icon"] == "instagram"
    assert next(one for one in platforms["platforms"] if one["id"] == "twitter-post")["aspectRatio"] == "16:9"
    health = world.client.get("/health").json()
    assert set(health) == {"status", "timestamp", "uptime", "environment", "version", "services", "engine", "engines", "queue"}
    assert health["services"] == {"supabase": False, "redis": IS_PRODUCTION, "openai": False} and health["engine"] == "procedural"
    assert all(set(engine) == {"available", "model", "reason"} for engine in health["engines"].values())
    assert set(world.client.get("/api").json()) == {"name", "version", "description", "documentation", "endpoints", "links"}
    assert world.client.get("/api-docs").headers["content-type"].startswith("text/html")
    document = world.client.get("/api-docs/openapi.json").json()
    assert document["openapi"].startswith("3.1") and "/api/jobs/{job_id}/retry" in document["paths"]
    postman = world.client.get("/api-docs/postman").json()
    assert all(item["request"]["header"][0]["value"] == "Bearer {{token}}" for item in postman["item"])


def test_cross_origin_pages_may_read_the_limits(world: World) -> None:
    response = world.client.get("/api/platforms", headers={"Origin": "http://localhost:5173"})
    assert response.headers["access-control-allow-origin"] == "http://localhost:5173"
    assert {"X-RateLimit-Remaining", "Retry-After", "X-JobLimit-Limit"} <= set(
        response.headers["access-control-expose-headers"].split(", ")
    )
    assert response.headers["access-control-allow-credentials"] == "true"
