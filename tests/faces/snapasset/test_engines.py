"""Jobs by a provider that speaks the protocol of the OpenAI API, run in the test's own process."""

from collections.abc import Iterator
from typing import Any

import pytest

from conformance.snapasset_provider import Provider
from faces.snapasset.conftest import Server
from pentaprism.faces.snapasset.engines import choose, label
from pentaprism.faces.snapasset.generation.bases import fairest, orientations, shortened

BASE = {"openai_api_key": "sk-secret", "openai_model": "gpt-image-test"}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    found = Provider()
    yield found
    found.close()


@pytest.fixture
def face_settings(provider: Provider, request: pytest.FixtureRequest) -> dict[str, Any]:
    return {**BASE, "openai_base_url": f"{provider.url}/v1", **getattr(request, "param", {})}


def states(**available: bool) -> dict[str, dict[str, Any]]:
    return {name: {"available": available.get(name, False)} for name in ("procedural", "openai", "diffusers")}


def test_the_engine_is_the_best_that_is_there_and_never_another_than_the_named_one() -> None:
    assert choose(states(procedural=True), "auto") == "procedural"
    assert choose(states(procedural=True, diffusers=True), "auto") == "diffusers"
    assert choose(states(procedural=True, diffusers=True, openai=True), "auto") == "openai"
    assert choose(states(procedural=True), "openai") is None
    assert [label("openai", "dall-e-3"), label("openai", "m"), label("procedural", "x")] == ["DALL-E", "OpenAI m", "procedural"]


def test_sizes_serve_the_targets() -> None:
    assert orientations([(1080, 1080), (1500, 500), (1000, 1500), (820, 312)]) == {
        "square": [(1080, 1080)],
        "landscape": [(1500, 500), (820, 312)],
        "portrait": [(1000, 1500)],
    }
    assert fairest([(100, 100), (160, 90), (300, 100)]) == (160, 90)
    assert len(shortened("x" * 1000) or "") == 420


def test_one_picture_for_each_orientation(server: Server, provider: Provider) -> None:
    person = server.person()
    options = {"perAspect": True, "quality": "hd", "style": "natural", "format": "jpeg"}
    platforms = ["custom-96x96", "custom-160x90", "custom-90x160", "custom-192x108"]
    job_id = person.create("A small orchard in bloom", platforms=platforms, options=options)
    server.work()
    result = person.job(job_id)["result"]
    asked = provider.calls_for("small orchard")
    assert sorted(call["size"] for call in asked) == ["1024x1024", "1024x1536", "1536x1024"]
    assert {call["quality"] for call in asked} == {"high"} and all("naturally" in call["prompt"] for call in asked)
    assert result["cost"] == {"calls": 3, "usd": None} and len(result["images"]) == 4
    assert all(image["crop"] for image in result["images"]) and result["model"] == "gpt-image-test"


@pytest.mark.parametrize("face_settings", [{"fallback_to_procedural": True}], indirect=True)
def test_a_declared_fallback_draws_what_the_provider_would_not(server: Server, provider: Provider) -> None:
    person = server.person()
    job_id = person.create("A badrequest about a red mountain")
    server.work()
    result = person.job(job_id)["result"]
    assert result["provider"] == "procedural" and result["fallback"] == {"from": "openai", "reason": "PROVIDER_ERROR"}
    refused = person.create("A policybreach about a mountain")
    server.work()
    assert person.job(refused)["errorCode"] == "CONTENT_POLICY"


def test_a_failed_provider_is_not_exchanged_silently(server: Server) -> None:
    person = server.person()
    job_id = person.create("A badrequest about a green mountain")
    server.work()
    job = person.job(job_id)
    assert (job["status"], job["errorCode"], job["data"]["options"]["engine"]) == ("failed", "PROVIDER_ERROR", "openai")


@pytest.mark.parametrize("face_settings", [{"paid_pictures": 1}], indirect=True)
def test_the_budget_of_a_day_ends(server: Server) -> None:
    person = server.person()
    person.create("A first picture of a bridge")
    server.work()
    server.platform.limits.enabled = True
    body = {"userId": "u", "prompt": "A second picture of a bridge", "platforms": ["custom-80x64"]}
    refused = person.call("POST", "/api/jobs", json=body)
    assert refused.status_code == 429 and refused.json()["message"] == "The daily budget for paid pictures is used up."
    assert 86_000 < refused.json()["retryAfter"] <= 86_400 and refused.json()["limit"] == 1
    assert person.call("POST", "/api/jobs", json={**body, "options": {"engine": "procedural"}}).status_code == 201


def test_no_answer_and_no_row_holds_the_key(server: Server) -> None:
    person = server.person()
    texts = [server.call("GET", path).text for path in ("/health", "/api", "/api-docs/openapi.json")]
    person.create("A quiet street at night")
    server.work()
    database = (server.platform.data_dir / "pentaprism.sqlite3").read_bytes()
    assert all("sk-secret" not in text for text in texts) and b"sk-secret" not in database
