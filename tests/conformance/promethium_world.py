"""A client of the promethium face written from its reference, over real HTTP and WebSockets."""

import json
import time
from dataclasses import dataclass
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

PASSWORD = "correct horse battery"
FINAL = {"completed", "failed", "cancelled"}


@dataclass
class Client:
    """One account on a face at ``base``."""

    base: str
    email: str
    token: str = ""

    @classmethod
    def fresh(cls, base: str) -> "Client":
        """A new account, logged in."""
        client = cls(base, f"person{time.time_ns()}@example.org")
        httpx.post(f"{base}/api/v1/auth/register", json={"email": client.email, "password": PASSWORD}, timeout=60).raise_for_status()
        client.log_in()
        return client

    def log_in(self) -> None:
        """Take a fresh token."""
        body = {"username": self.email, "password": PASSWORD}
        self.token = httpx.post(f"{self.base}/api/v1/auth/login", json=body, timeout=60).json()["access_token"]

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A request below the base URL."""
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return httpx.request(method, f"{self.base}/api/v1{path}", headers=headers, **{"timeout": 60, **options})

    def get(self, path: str, **options: Any) -> httpx.Response:
        """GET."""
        return self.call("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        """POST."""
        return self.call("POST", path, **options)

    def dataset(self, content: bytes, name: str = "line.sgy", **fields: Any) -> dict[str, Any]:
        """A dataset, once it is no longer processed."""
        response = self.post("/datasets", files={"file": (name, content, None)}, data=fields)
        assert response.status_code == 201, response.text
        return self.wait(f"/datasets/{response.json()['id']}", {"ready", "failed"})

    def job(self, dataset_id: str, model: str, job_type: str = "reconstruction", **parameters: Any) -> str:
        """Id of a new job."""
        body = {"type": job_type, "dataset_id": dataset_id, "model_id": model, "parameters": parameters}
        response = self.post("/jobs", json=body)
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    def ended(self, job_id: str, patience: float = 120) -> dict[str, Any]:
        """The job, once it has ended."""
        return self.wait(f"/jobs/{job_id}", FINAL, patience)

    def wait(self, path: str, statuses: set[str], patience: float = 60) -> dict[str, Any]:
        """The thing, once it has one of ``statuses``."""
        deadline = time.monotonic() + patience
        while True:
            found: dict[str, Any] = self.get(path).json()
            if found["status"] in statuses:
                return found
            assert time.monotonic() < deadline, found
            time.sleep(0.05)

    def socket(self, *, greet: bool = True) -> "Socket":
        """An open socket, logged in."""
        socket = Socket(connect(f"{self.base.replace('http', 'ws', 1)}/api/v1/ws", legacy=True))
        if greet:
            socket.send(type="auth", token=self.token)
            assert socket.next()["type"] == "auth_ok"
        return socket


@dataclass
class Socket:
    """Frames as dictionaries."""

    connection: ClientConnection

    def send(self, **frame: Any) -> None:
        """Send a frame."""
        self.connection.send(json.dumps(frame))

    def next(self, timeout: float = 60) -> dict[str, Any]:
        """The next frame."""
        frame: dict[str, Any] = json.loads(self.connection.recv(timeout=timeout))
        return frame

    def quiet(self, seconds: float = 0.5) -> bool:
        """Whether nothing comes."""
        try:
            self.connection.recv(timeout=seconds)
        except TimeoutError:
            return True
        return False

    def until_terminal(self, job_id: str) -> list[dict[str, Any]]:
        """Frames of a job up to its terminal update."""
        frames = []
        while True:
            frame = self.next(60)
            if frame.get("job_id") == job_id:
                frames.append(frame)
                if frame["type"] == "job_update" and frame["status"] in FINAL:
                    return frames

    def close_code(self, timeout: float = 60) -> int:
        """Code that the server closes with, whatever it sends before."""
        try:
            while True:
                self.connection.recv(timeout=timeout)
        except ConnectionClosed as closed:
            assert closed.rcvd is not None
            return closed.rcvd.code
