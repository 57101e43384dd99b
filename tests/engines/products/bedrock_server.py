"""A local server that answers as Bedrock's ``converse`` does."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pentaprism.engines.products import BedrockOptions, BedrockWriter

MODEL = "example.model-v1:0"


class BedrockServer:
    """Answers every request with ``answer``: (status, error type or None, body), after ``delay`` seconds."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.answer: tuple[int, str | None, dict[str, Any]] = (200, None, said("A fine red box. It has no defects."))
        self.delay = 0.0
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                server.requests.append(json.loads(body))
                server.paths.append(self.path)
                time.sleep(server.delay)
                status, error, answer = server.answer
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                if error:
                    self.send_header("x-amzn-ErrorType", error)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

            def handle(self) -> None:
                try:
                    super().handle()
                except ConnectionError:
                    """The client gave up waiting."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def writer(self, **options: Any) -> BedrockWriter:
        defaults = {"region": "eu-central-1", "endpoint_url": self.url, "attempts": 1}
        return BedrockWriter(BedrockOptions(MODEL, **{**defaults, **options}))


def said(*texts: str, stop: str = "end_turn") -> dict[str, Any]:
    content = [{"text": text} for text in texts]
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop,
        "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
        "metrics": {"latencyMs": 1},
    }


@contextmanager
def bedrock_server(environment: pytest.MonkeyPatch) -> Iterator[BedrockServer]:
    """The server, with credentials in the environment that it takes."""
    environment.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    environment.setenv("AWS_SECRET_ACCESS_KEY", "example")
    for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        environment.delenv(name, raising=False)
    made = BedrockServer()
    thread = threading.Thread(target=made.http.serve_forever, daemon=True)
    thread.start()
    yield made
    made.http.shutdown()
    made.http.server_close()
    thread.join()
