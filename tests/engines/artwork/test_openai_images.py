"""The Images API client against a local server that speaks its protocol."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from pentaprism.engines.artwork.openai_images import OpenAIImages, ProviderError, kept_area
from pentaprism.imaging.encode import png

PICTURE = np.full((8, 12, 3), (10, 200, 90), np.uint8)


class Provider:
    """Answers as told and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any], str]] = []
        self.status, self.body, self.headers, self.delay = 200, self.picture(), {}, threading.Event()
        self.stall = False
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                provider.asked.append((self.path, sent, self.headers["Authorization"]))
                if provider.stall:
                    provider.delay.wait(5)
                data = json.dumps(provider.body).encode()
                self.send_response(provider.status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **provider.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                """Keep the test's output clean."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    @staticmethod
    def picture(**extra: Any) -> dict[str, Any]:
        image = {"b64_json": base64.b64encode(png(PICTURE)).decode(), **extra}
        return {"created": 1, "data": [image], "usage": {"input_tokens": 7, "output_tokens": 90, "total_tokens": 97,
                "input_tokens_details": {"text_tokens": 7, "image_tokens": 0}}}  # fmt: skip

    def refuse(self, status: int, code: str | None = None, **headers: str) -> None:
        self.status, self.headers = status, {name.replace("_", "-"): value for name, value in headers.items()}
        self.body = {"error": {"message": "the provider's own words", "type": "x", "param": None, "code": code}}


@pytest.fixture
def provider() -> Iterator[Provider]:
    running = Provider()
    yield running
    running.delay.set()
    running.server.shutdown()
    running.server.server_close()


def client(provider: Provider, model: str = "pictures-1", **options: Any) -> OpenAIImages:
    return OpenAIImages("secret-key", model, base_url=provider.url, **options)


def test_the_older_dialect_gets_quality_and_style_as_they_are(provider: Provider) -> None:
    provider.body = Provider.picture(revised_prompt="A finer prompt")
    made = client(provider, "dall-e-3").generate("a sea", quality="hd", style="natural", size=(1792, 1024))
    path, sent, key = provider.asked[0]
    assert path == "/v1/images/generations" and key == "Bearer secret-key"
    assert sent == {
        "model": "dall-e-3",
        "n": 1,
        "prompt": "a sea",
        "quality": "hd",
        "style": "natural",
        "size": "1792x1024",
        "response_format": "b64_json",
    }
    assert np.array_equal(made.picture, PICTURE) and made.revised_prompt == "A finer prompt"


def test_other_models_get_their_own_words_and_a_sentence_for_the_style(provider: Provider) -> None:
    made = client(provider).generate("a sea", quality="hd", style="vivid", size=(1536, 1024))
    sent = provider.asked[0][1]
    assert sent["quality"] == "high" and "style" not in sent and "response_format" not in sent
    assert sent["prompt"].startswith("a sea\n") and made.revised_prompt == sent["prompt"]
    assert (made.tokens_in, made.tokens_out, made.images, made.fetched) == (7, 90, 1, False)


@pytest.mark.parametrize(
    ("status", "code", "kind", "passing", "charged"),
    [
        (400, "content_policy_violation", "policy", False, "failed"),
        (400, None, "refused", False, "failed"),
        (401, None, "auth", False, "failed"),
        (403, None, "auth", False, "failed"),
        (408, None, "timeout", True, "unknown"),
        (409, None, "server", True, "failed"),
        (429, None, "rate", True, "failed"),
        (500, None, "server", True, "failed"),
        (503, None, "server", True, "failed"),
    ],
)
def test_refusals_are_sorted_by_what_helps(
    provider: Provider, status: int, code: str | None, kind: str, passing: bool, charged: str
) -> None:
    provider.refuse(status, code, Retry_After="17")
    with pytest.raises(ProviderError) as caught:
        client(provider).generate("a sea")
    assert (caught.value.kind, caught.value.passing, caught.value.charged) == (kind, passing, charged)
    assert caught.value.retry_after == (17.0 if kind in {"rate", "server", "timeout"} else None)
    assert "own words" not in str(caught.value) and len(provider.asked) == 1


def test_a_silent_provider_ends_in_a_time_out_and_a_missing_one_in_a_network_error(provider: Provider) -> None:
    provider.stall = True
    with pytest.raises(ProviderError) as caught:
        client(provider, total_seconds=0.3).generate("a sea")
    assert caught.value.kind == "timeout"
    with pytest.raises(ProviderError) as caught:
        OpenAIImages("k", "m", base_url="http://127.0.0.1:9/v1").generate("a sea")
    assert caught.value.kind == "network"


@pytest.mark.parametrize("image", [{"b64_json": "bm90IGEgcGljdHVyZQ=="}, {"b64_json": "***"}, {}])
def test_an_answer_that_is_no_picture_is_a_fault_of_the_provider(provider: Provider, image: dict[str, str]) -> None:
    provider.body = {"created": 1, "data": [image]}
    with pytest.raises(ProviderError, match="provider sent"):
        client(provider).generate("a sea")


@pytest.mark.parametrize("url", ["http://pictures.example/x.png", "https://10.0.0.1/x.png", "https://user@pictures.example/x.png"])
def test_a_picture_is_fetched_only_from_allowed_hosts_over_https(provider: Provider, url: str) -> None:
    provider.body = {"created": 1, "data": [{"url": url}]}
    with pytest.raises(ProviderError, match="not allowed"):
        client(provider, allowed_hosts=["pictures.example"]).generate("a sea")


@pytest.mark.parametrize("flagged", [True, False])
def test_moderation_asks_the_model_of_the_settings(provider: Provider, flagged: bool) -> None:
    provider.body = {
        "id": "m",
        "model": "guard-1",
        "results": [{"flagged": flagged, "categories": {}, "category_scores": {}, "category_applied_input_types": {}}],
    }
    assert client(provider, moderation_model="guard-1").moderate("a sea") is flagged
    assert provider.asked[0][:2] == ("/v1/moderations", {"input": "a sea", "model": "guard-1"})
    assert client(provider).moderate("a sea") is False and len(provider.asked) == 1


def test_the_size_that_loses_least_is_drawn(provider: Provider) -> None:
    assert client(provider).best_size([(1080, 1080)]) == (1024, 1024)
    assert client(provider).best_size([(1500, 500), (1200, 675)]) == (1536, 1024)
    assert client(provider, "dall-e-3").best_size([(1080, 1920)]) == (1024, 1792)
    assert client(provider).best_size([(1080, 1080)], "1792x1024") == (1536, 1024)
    assert kept_area((1000, 1000), (1000, 500)) == pytest.approx(0.5)
