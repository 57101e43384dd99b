"""A client of the spheroseg face that works as its published SDK does: requests for REST, python-socketio for events."""

import base64
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
import socketio

FINAL = {"completed", "failed"}


class SpherosegClient:
    """One account at ``base_url``, which may be the face's own port or a prefix of the gateway."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.http = requests.Session()
        self.access: str | None = None
        self.refresh_token: str | None = None
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.arrived = threading.Condition()
        self.socket = socketio.Client(reconnection=True, reconnection_delay=0.2, reconnection_delay_max=1)
        self.socket.on("*", self._remember)

    def _remember(self, name: str, data: dict[str, Any]) -> None:
        with self.arrived:
            self.events.append((name, data))
            self.arrived.notify_all()

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """One request with the token; a 401 is answered by one refresh and a repetition."""
        response = self._send(method, path, **options)
        if response.status_code == 401 and self.refresh_token and not path.startswith("/auth/"):
            self.refresh()
            response = self._send(method, path, **options)
        return response

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = dict(options.pop("headers", {}))
        if self.access:
            headers["Authorization"] = f"Bearer {self.access}"
        return self.http.request(method, f"{self.base_url}/api{path}", headers=headers, timeout=60, **options)

    def json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """The body of a successful call."""
        response = self.call(method, path, **options)
        assert response.ok, f"{method} {path}: {response.status_code} {response.text[:500]}"
        body: dict[str, Any] = response.json()
        return body

    def register(self, email: str, password: str, name: str = "Ada") -> dict[str, Any]:
        """Open an account and use its tokens."""
        return self._use(self.json("POST", "/auth/register", json={"email": email, "password": password, "name": name}))

    def login(self, email: str, password: str) -> dict[str, Any]:
        """Log in and use the tokens."""
        return self._use(self.json("POST", "/auth/login", json={"email": email, "password": password}))

    def refresh(self) -> dict[str, Any]:
        """Take a new pair of tokens."""
        return self._use(self.json("POST", "/auth/refresh", json={"refreshToken": self.refresh_token}))

    def _use(self, body: dict[str, Any]) -> dict[str, Any]:
        self.access = body["tokens"]["accessToken"]
        self.refresh_token = body["tokens"]["refreshToken"]
        return body

    def claims(self) -> dict[str, Any]:
        """The payload of the access token, read as a browser's ``atob`` would."""
        assert self.access is not None
        claims: dict[str, Any] = json.loads(base64.b64decode(self.access.split(".")[1]))
        return claims

    def upload(self, project_id: str, *files: Path) -> dict[str, Any]:
        """Upload files without naming their types."""
        parts = [("images", (path.name, path.read_bytes())) for path in files]
        return self.json("POST", f"/projects/{project_id}/images", files=parts)

    def listen(self) -> None:
        """Connect the socket to the address the client was given."""
        self.socket.connect(self.base_url, auth={"token": self.access}, wait_timeout=10)

    def wait_for(self, name: str, wanted: Callable[[dict[str, Any]], bool] = lambda _data: True, seconds: float = 60) -> dict[str, Any]:
        """The first event ``name`` whose data is ``wanted``, from the past or within ``seconds``."""
        deadline = time.monotonic() + seconds
        with self.arrived:
            while True:
                for event, data in self.events:
                    if event == name and wanted(data):
                        return data
                left = deadline - time.monotonic()
                assert left > 0, f"no {name} within {seconds} s; heard {[event for event, _ in self.events]}"
                self.arrived.wait(left)

    def heard(self, name: str) -> list[dict[str, Any]]:
        """The data of every event ``name`` so far."""
        with self.arrived:
            return [data for event, data in self.events if event == name]

    def close(self) -> None:
        """Close the socket and the connections."""
        if self.socket.connected:
            self.socket.disconnect()
        self.http.close()
