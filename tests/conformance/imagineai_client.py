"""A client of the imagineai face on a running server, written from its reference."""

import io
import itertools
import json
import time
from typing import Any

import httpx
import numpy as np
from PIL import Image as PillowImage
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

PASSWORD = "correct horse battery"
NUMBERS = itertools.count(1)


def photograph(pixels: np.ndarray, kind: str = "JPEG", **options: Any) -> bytes:
    """A picture file."""
    file = io.BytesIO()
    PillowImage.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


class ImagineaiClient:
    """One account."""

    def __init__(self, url: str, email: str | None = None) -> None:
        self.url = url
        self.email = email or f"shop{next(NUMBERS)}@example.org"
        self.http = httpx.Client(base_url=f"{url}/api/v1", timeout=60)
        self.made("POST", "/auth/register", json={"email": self.email, "password": PASSWORD})
        pair = self.made("POST", "/auth/login", json={"email": self.email, "password": PASSWORD})
        self.token: str = pair["access_token"]
        self.refresh_token: str = pair["refresh_token"]
        self.http.headers["Authorization"] = f"Bearer {self.token}"

    def close(self) -> None:
        """Let go of the connections."""
        self.http.close()

    def __enter__(self) -> "ImagineaiClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A request with the account's token."""
        return self.http.request(method, path, **options)

    def made(self, method: str, path: str, **options: Any) -> Any:
        """The body of a call that has to succeed."""
        response = self.call(method, path, **options)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text[:300]}"
        return response.json() if response.content else None

    def product(self, title: str = "A thing", **fields: Any) -> str:
        """Id of a fresh product."""
        return str(self.made("POST", "/products", json={"title": title, **fields})["id"])

    def announced(self, product: str, content: bytes, content_type: str = "image/jpeg") -> str:
        """Id of an image that was put, not confirmed."""
        body = {"product_id": product, "filename": "photo.jpg", "content_type": content_type, "file_size_bytes": max(1, len(content))}
        ticket = self.made("POST", "/uploads/presigned-url", json=body)
        put = httpx.put(ticket["upload_url"], content=content, headers={"Content-Type": content_type}, timeout=60)
        assert put.status_code == 200, put.text
        return str(ticket["image_id"])

    def direct(self, product: str, content: bytes) -> dict[str, Any]:
        """Answer of a direct upload."""
        found: dict[str, Any] = self.made("POST", "/uploads/direct", data={"product_id": product}, files={"file": ("a.jpg", content, None)})
        return found

    def socket(self, job: str, token: str | None = None, **options: Any) -> ClientConnection:
        """A socket of a job. Frames that nobody reads would hold up its closing for ten seconds."""
        address = self.url.replace("http", "ws", 1)
        query = f"?token={token if token is not None else self.token}"
        return connect(f"{address}/ws/processing/{job}{query}", legacy=True, **{"close_timeout": 1, **options})

    def listen(self, job: str, token: str | None = None, patience: float = 60) -> tuple[list[dict[str, Any]], int]:
        """All frames to the end, and the close code."""
        socket, found = self.socket(job, token), []
        try:
            while True:
                found.append(json.loads(socket.recv(timeout=patience)))
        except ConnectionClosed as closed:
            return found, closed.rcvd.code if closed.rcvd else 1006

    def finished(self, job: str, patience: float = 60) -> dict[str, Any]:
        """The job once it has ended."""
        give_up = time.monotonic() + patience
        while time.monotonic() < give_up:
            body: dict[str, Any] = self.made("GET", f"/jobs/{job}")
            if body["status"] in {"completed", "failed", "cancelled"}:
                return body
            time.sleep(0.05)
        raise AssertionError(f"job {job} did not end")
