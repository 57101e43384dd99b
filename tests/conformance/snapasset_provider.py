"""A server that speaks the protocol of the picture provider, and publishes the keys of a token project.

What it does with a prompt is decided by words in it, so that tests need no other channel to a running server.
"""

import base64
import json
import re
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np

MARKER = "upstream-marker-7f3a"


def photograph(width: int, height: int) -> bytes:
    """PNG of a soft gradient with one bright disc at a third of the width."""
    rows, columns = np.mgrid[0:height, 0:width]
    picture = np.dstack([columns * 90 // width, rows * 90 // height, np.full((height, width), 60)]).astype(np.uint8)
    cv2.circle(picture, (width // 3, height // 2), height // 6, (240, 220, 80), -1)
    done, data = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    assert done
    return bytes(data)


class Provider:
    """The server, and what it was asked."""

    def __init__(self) -> None:
        self.pictures: list[dict[str, Any]] = []
        self.moderations: list[dict[str, Any]] = []
        self.seen: Counter[str] = Counter()
        self.keys: list[dict[str, Any]] = []
        self.key_requests = 0
        self._lock = threading.Lock()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.key_requests += 1
                self.send(200, {"keys": provider.keys})

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if self.path.endswith("/moderations"):
                    with provider._lock:
                        provider.moderations.append(asked)
                    self.send(200, {"id": "m", "model": "m", "results": [moderation("flagged" in asked["input"])]})
                    return
                self.send(*provider.answer(asked))

            def send(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **(headers or {})}.items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(BrokenPipeError, ConnectionResetError):
                    # The client may have given up meanwhile.
                    self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def calls_for(self, word: str) -> list[dict[str, Any]]:
        """Requests for pictures whose prompt holds ``word``."""
        return [asked for asked in self.pictures if word in asked["prompt"]]

    def answer(self, asked: dict[str, Any]) -> tuple[Any, ...]:
        """Status, body and headers for a request for a picture."""
        prompt = asked["prompt"]
        with self._lock:
            self.pictures.append({**asked, "at": time.monotonic()})
            self.seen[prompt] += 1
            number = self.seen[prompt]
        slow = re.search(r"slow(\d+)", prompt)
        if slow:
            time.sleep(int(slow.group(1)) / 10)
        fails = re.search(r"fails(\d+)", prompt)
        if fails and number <= int(fails.group(1)):
            return 500, {"error": {"message": f"{MARKER} broke", "type": "server_error", "code": None}}
        if "busy" in prompt and number == 1:
            return 429, {"error": {"message": MARKER, "type": "rate", "code": "rate_limit_exceeded"}}, {"Retry-After": "4"}
        if "policybreach" in prompt:
            return 400, {"error": {"message": MARKER, "type": "invalid_request_error", "code": "content_policy_violation"}}
        if "badrequest" in prompt:
            return 400, {"error": {"message": MARKER, "type": "invalid_request_error", "code": "invalid_size"}}
        width, height = (int(side) for side in asked["size"].split("x"))
        image = {"b64_json": base64.b64encode(photograph(width, height)).decode(), "revised_prompt": f"Revised: {prompt[:80]}"}
        details = {"image_tokens": 0, "text_tokens": 50}
        usage = {"input_tokens": 50, "output_tokens": 4000, "total_tokens": 4050, "input_tokens_details": details}
        return 200, {"created": 1, "data": [image], "usage": usage}


def moderation(flagged: bool) -> dict[str, Any]:
    """One result of the moderation endpoint."""
    names = ("harassment", "hate", "illicit", "self-harm", "sexual", "violence")
    return {"flagged": flagged, "categories": dict.fromkeys(names, flagged), "category_scores": dict.fromkeys(names, float(flagged))}
