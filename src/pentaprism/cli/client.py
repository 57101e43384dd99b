"""The spheroseg face as its clients see it: plain HTTP requests, nothing from inside the server."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx

WAITING = {"queued", "processing"}


class RequestFailed(Exception):
    """The server answered with an error."""

    def __init__(self, response: httpx.Response) -> None:
        body = response.json() if response.headers.get("content-type", "").startswith("application/json") else {}
        self.status = response.status_code
        self.code = str(body.get("error", ""))
        super().__init__(f"{response.request.method} {response.request.url.path}: {self.status} {body.get('message', '')}")


class SpherosegClient:
    """One account's view of the face at ``base_url`` (``http://host:8000/spheroseg`` or ``http://host:5001``)."""

    def __init__(self, base_url: str, *, timeout: float = 60) -> None:
        self._http = httpx.Client(base_url=f"{base_url.rstrip('/')}/api", timeout=timeout)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request. Raises RequestFailed for an error answer, httpx.TransportError without one."""
        response = self._http.request(method, path, **options)
        if response.is_error:
            response.read()
            raise RequestFailed(response)
        return response

    def register(self, email: str, password: str, name: str) -> None:
        """Make an account and work as it."""
        self._use(self.call("POST", "/auth/register", json={"email": email, "password": password, "name": name}).json())

    def login(self, email: str, password: str) -> None:
        """Work as an account."""
        self._use(self.call("POST", "/auth/login", json={"email": email, "password": password}).json())

    def _use(self, answer: dict[str, Any]) -> None:
        self._http.headers["Authorization"] = f"Bearer {answer['tokens']['accessToken']}"

    def projects(self) -> list[dict[str, Any]]:
        """The account's newest projects, up to 100."""
        found: list[dict[str, Any]] = self.call("GET", "/projects", params={"limit": 100}).json()["projects"]
        return found

    def create_project(self, title: str, description: str) -> dict[str, Any]:
        """A project."""
        project: dict[str, Any] = self.call("POST", "/projects", json={"title": title, "description": description}).json()
        return project

    def images(self, project_id: str) -> list[dict[str, Any]]:
        """Every image of a project."""
        found: list[dict[str, Any]] = self.call("GET", f"/projects/{project_id}/images").json()["images"]
        return found

    def upload(self, project_id: str, files: Sequence[tuple[str, bytes]]) -> dict[str, Any]:
        """Upload named files; gives ``uploaded``, ``failed`` and ``summary``."""
        parts = [("images", (name, data)) for name, data in files]
        answer: dict[str, Any] = self.call("POST", f"/projects/{project_id}/images", files=parts).json()
        return answer

    def calibrate(self, image_id: str, pixel_size_um: float) -> None:
        """Tell how large a pixel of an image is."""
        self.call("PATCH", f"/images/{image_id}", json={"pixel_size_um": pixel_size_um})

    def segment(self, project_id: str, image_ids: Sequence[str]) -> dict[str, Any]:
        """Queue images for segmentation."""
        answer: dict[str, Any] = self.call(
            "POST", f"/projects/{project_id}/segmentation/batch-trigger", json={"imageIds": list(image_ids)}
        ).json()
        return answer

    def wait(self, project_id: str, *, patience: float = 300, report: Callable[[int, int], None] | None = None) -> list[dict[str, Any]]:
        """The project's images once none is queued or processing. Raises TimeoutError."""
        deadline = time.monotonic() + patience
        while True:
            images = self.images(project_id)
            left = sum(image["status"] in WAITING for image in images)
            if report is not None:
                report(len(images) - left, len(images))
            if not left:
                return images
            if time.monotonic() > deadline:
                raise TimeoutError(f"{left} images were not finished within {patience:.0f} s")
            time.sleep(0.25)

    def result(self, image_id: str) -> dict[str, Any]:
        """The segmentation document of an image."""
        document: dict[str, Any] = self.call("GET", f"/images/{image_id}/segmentation").json()
        return document

    def original(self, image_id: str) -> bytes:
        """The bytes of an image as uploaded."""
        return self.call("GET", f"/images/{image_id}/file").content

    def export(self, project_id: str, formats: str) -> bytes:
        """A project's results in an export format."""
        return self.call("GET", f"/projects/{project_id}/export", params={"format": formats}).content

    def statistics(self, project_id: str) -> dict[str, Any]:
        """A project's statistics."""
        answer: dict[str, Any] = self.call("GET", f"/projects/{project_id}/statistics").json()
        return answer
