"""CLIP from the operator's files and Bedrock over HTTP, behind the face."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.products.bedrock_server import MODEL, BedrockServer, bedrock_server
from engines.products.clip_encoders import write_encoders
from faces.imagineai.conftest import Server, disc, saved
from pentaprism.faces.imagineai.engine import engine_for

CLIP = ("clip_image_model", "clip_text_model", "clip_vocabulary", "clip_merges")


@pytest.fixture(autouse=True)
def fresh_engines() -> Iterator[None]:
    """Engines are kept for the life of a process; each of these tests starts with none."""
    engine_for.cache_clear()
    yield
    engine_for.cache_clear()


@pytest.fixture
def bedrock(monkeypatch: pytest.MonkeyPatch) -> Iterator[BedrockServer]:
    with bedrock_server(monkeypatch) as made:
        yield made


def analysed(server: Server, colour: tuple[int, int, int] = (250, 20, 20), count: int = 1) -> list[dict[str, Any]]:
    person = server.person()
    product = person.product("Something")
    images = [person.direct(product, saved(disc(colour)))["image_id"] for _ in range(count)]
    server.work()
    return [person.made("GET", f"/analysis/{image}") for image in images]


def test_clip_answers_and_is_named_and_its_texts_are_embedded_once(make_server: Callable[..., Server], tmp_path: Path) -> None:
    folder = tmp_path / "clip"
    folder.mkdir()
    chosen = dict(zip(CLIP, map(str, write_encoders(folder)), strict=True))
    server = make_server(**chosen, clip_name="tiny", text_evidence=False)
    object.__setattr__(server.platform, "data_dir", tmp_path / "data")
    (red,) = analysed(server)
    assert red["classification_label"] == "mug" and red["category"] == "home_garden"
    assert red["model_version"].startswith("clip-tiny-") and red["engines"]["classifier"]["kind"] == "clip"
    (kept,) = (tmp_path / "data" / "cache" / "clip").glob("*.npz")
    written = kept.stat().st_mtime_ns
    # The vectors of the texts are enough: another worker needs no text encoder.
    engine_for.cache_clear()
    (blue,) = analysed(server, (20, 20, 250))
    assert blue["classification_label"] == "chair" and kept.stat().st_mtime_ns == written
    about = server.person().made("GET", "/engines")
    assert about["classifier"]["kind"] == "clip" and about["classifier"]["name"] == "clip-tiny"


def test_a_clip_model_that_cannot_be_used_is_declared_and_the_embedded_one_answers(
    make_server: Callable[..., Server], tmp_path: Path
) -> None:
    for name in CLIP:
        (tmp_path / name).write_text("no model")
    server = make_server(**{name: str(tmp_path / name) for name in CLIP}, clip_name="broken")
    object.__setattr__(server.platform, "data_dir", tmp_path / "data")
    (found,) = analysed(server)
    assert found["status"] == "completed" and found["model_version"].startswith("product-net-")
    classifier = found["engines"]["classifier"]
    assert classifier["kind"] == "embedded" and classifier["fallback_from"] and classifier["reason"]


def test_bedrock_describes_and_is_named(make_server: Callable[..., Server], bedrock: BedrockServer) -> None:
    server = make_server(bedrock_model=MODEL, bedrock_endpoint=bedrock.url, bedrock_region="eu-central-1")
    person = server.person()
    product = person.product("A red disc")
    for content in (saved(disc((200, 30, 30)), "PNG"), saved(disc((200, 30, 30)), "WEBP"), saved(disc((200, 30, 30)), "GIF")):
        image = person.direct(product, content)["image_id"]
        server.work()
        found = person.made("GET", f"/analysis/{image}")
        assert found["description_text"] == "A fine red box. It has no defects." and found["description_model"] == f"bedrock:{MODEL}"
        assert found["engines"]["description"]["kind"] == "bedrock"
    sent = [request["messages"][0]["content"][0]["image"]["format"] for request in bedrock.requests]
    assert sent == ["jpeg"] * 3
    assert person.made("GET", f"/products/{product}")["ai_description"] == "A fine red box. It has no defects."


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (429, "ThrottlingException", "throttled"),
        (403, "AccessDeniedException", "access_denied"),
        (404, "ResourceNotFoundException", "not_found"),
        (400, "ValidationException", "validation"),
    ],
)
def test_a_failing_bedrock_ends_in_the_template_and_says_so(
    make_server: Callable[..., Server], bedrock: BedrockServer, status: int, error: str, reason: str
) -> None:
    bedrock.answer = (status, error, {"message": "upstream words"})
    server = make_server(bedrock_model=MODEL, bedrock_endpoint=bedrock.url, bedrock_region="eu-central-1", bedrock_seconds=8)
    (found,) = analysed(server)
    use = found["engines"]["description"]
    assert (found["status"], found["description_model"], use["kind"]) == ("completed", "template-1", "template")
    assert (use["fallback_from"], use["reason"]) == (f"bedrock:{MODEL}", reason) and "upstream words" not in str(found)


def test_a_bedrock_that_stalls_costs_the_step_its_time_limit_and_no_more(
    make_server: Callable[..., Server], bedrock: BedrockServer
) -> None:
    bedrock.delay = 6.0
    server = make_server(bedrock_model=MODEL, bedrock_endpoint=bedrock.url, bedrock_region="eu-central-1", bedrock_seconds=1)
    (found,) = analysed(server)
    assert found["description_model"] == "template-1" and found["engines"]["description"]["reason"] == "timeout"
    assert 900 <= found["processing_time_ms"] < 5000


def test_five_failures_in_a_row_are_counted_by_the_one_writer_of_the_process(
    make_server: Callable[..., Server], bedrock: BedrockServer
) -> None:
    bedrock.answer = (403, "AccessDeniedException", {"message": "no"})
    server = make_server(bedrock_model=MODEL, bedrock_endpoint=bedrock.url, bedrock_region="eu-central-1", bedrock_breaker_seconds=600)
    found = analysed(server, count=7)
    reasons = [analysis["engines"]["description"]["reason"] for analysis in found]
    assert reasons == ["access_denied"] * 5 + ["breaker_open"] * 2 and len(bedrock.requests) == 5
    assert np.all([analysis["status"] == "completed" for analysis in found])
