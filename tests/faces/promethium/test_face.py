"""What holds for every operation: shapes of errors and answers, health, pages, prefixes, and that hostile requests are refused."""

import random
import re
from typing import Any

import jsonschema_rs
import pytest

NASTY = [
    "",
    "x",
    "-1",
    "0",
    "1e999",
    "NaN",
    "null",
    "9" * 40,
    "../../etc/passwd",
    "%00",
    "é\U0001f600",
    "a" * 3000,
    "[]",
    "2020-13-45",
    "true",
]
BODIES: list[Any] = [
    None,
    [],
    "text",
    {},
    {"type": "reconstruction", "dataset_id": "x", "model_id": "\x00", "parameters": {"missing_traces": [[[]]], "noise_sigma": 1e308}},
    {"type": {}, "dataset_id": 5, "model_id": [], "parameters": "no"},
    {"username": "\ud800".encode("utf-8", "replace").decode(), "password": "p" * 2000},
    {"email": "a@b", "password": None, "full_name": 7},
    {"filename": "", "size_bytes": 10**30},
    {"name": "\x07", "tags": [1], "gather_key": "?", "sample_interval_us": -1, "description": None},
]


def checked(response: Any) -> Any:
    """The answer, whose errors have the one shape."""
    assert response.status_code < 500, (response.request.url, response.text)
    if response.status_code >= 400:
        body = response.json()
        assert set(body) == {"error", "detail"}
        assert set(body["error"]) == {"code", "message", "details"}
        assert all(set(item) == {"field", "message"} for item in body["error"]["details"])
        assert response.headers["x-request-id"]
    return response


def test_health_stands_below_the_base_and_at_the_root(server: Any) -> None:
    for path in ("//health", "/health"):
        assert server.call("GET", path).json()["status"] == "healthy"
    assert server.call("GET", "//health/live").json()["status"] == "alive"
    ready = server.call("GET", "/health/ready")
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "ready",
        "checks": {"database": "ok", "redis": "ok", "storage": "ok"},
        "backends": {"database": "sqlite", "redis": "in-process", "storage": "local"},
    }


def test_slashes_unknown_routes_and_wrong_methods(ann: Any) -> None:
    assert ann.get("/datasets/").status_code == 200
    unknown = checked(ann.server.call("GET", "/nothing"))
    assert (unknown.status_code, unknown.json()["detail"]) == (404, "Route not found")
    wrong = checked(ann.call("PUT", "/datasets"))
    assert wrong.status_code == 405
    assert "POST" in wrong.headers["allow"]
    anonymous = checked(ann.server.call("GET", "/datasets"))
    assert (anonymous.status_code, anonymous.json()["detail"]) == (401, "Not authenticated")
    assert anonymous.headers["www-authenticate"] == "Bearer"
    large = checked(ann.post("/jobs", content=b" " * 2_000_001, headers={"Content-Type": "application/json"}))
    assert (large.status_code, large.json()["detail"]) == (413, "JSON body is larger than 2 MB")


def test_pages_of_the_api_load_nothing_from_elsewhere(server: Any) -> None:
    for path in ("//docs", "//redoc"):
        page = server.call("GET", path)
        assert page.headers["content-type"].startswith("text/html")
        links = re.findall(r"""(?:src|href)="([^"]+)\"""", page.text)
        assert links
        assert all(server.call("GET", f"//{link}").status_code == 200 for link in links)


def test_browsers_of_the_configured_origin_may_read_the_headers(server: Any) -> None:
    answer = server.call("GET", "/health", headers={"Origin": "http://localhost:4200"})
    assert answer.headers["access-control-allow-origin"] == "http://localhost:4200"
    assert "X-RateLimit-Remaining" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in server.call("GET", "/health", headers={"Origin": "http://evil.test"}).headers


@pytest.fixture
def document(server: Any) -> dict[str, Any]:
    """The OpenAPI document."""
    found: dict[str, Any] = server.call("GET", "//openapi.json").json()
    return found


def test_answers_fit_the_document(ann: Any, document: dict[str, Any]) -> None:
    dataset = ann.dataset()
    job = ann.job(dataset["id"]).json()["id"]
    ann.server.work()
    places = {"/datasets": "", "/datasets/{id}": dataset["id"], "/jobs": "", "/jobs/{id}": job, "/jobs/{id}/logs": job}
    places |= {"/jobs/{id}/results": job, "/models": "", "/auth/me": "", "/datasets/{id}/traces": dataset["id"]}
    places |= {"/datasets/{id}/gathers": dataset["id"]}
    for path, thing in places.items():
        schema = document["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        validator = jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})
        body = ann.get(path.replace("{id}", thing)).json()
        assert [f"{path}: {error.message[:200]}" for error in validator.iter_errors(body)] == []


def test_hostile_requests_are_refused_in_the_one_shape(ann: Any, document: dict[str, Any]) -> None:
    choice = random.Random(11)
    ids = [ann.dataset()["id"], "01a1fde9-0cde-762e-baed-634157bb8526", "../x", "nope"]
    others = ["0", "1", "x", "metrics.json"]
    count = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path.endswith(("/logout", "/refresh")) or "text/event-stream" in str(operation):
                continue
            for _ in range(6):
                filled = re.sub(r"\{(\w+)\}", lambda found: choice.choice(ids if found[1] == "id" else others), path)
                names = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
                query = {name: choice.choice(NASTY) for name in names if choice.random() < 0.5}
                options = {} if method == "get" else {"json": choice.choice(BODIES)}
                checked(ann.call(method.upper(), "/" + filled.removeprefix("/api/v1").lstrip("/"), params=query, **options))
                count += 1
    assert count > 150


def test_broken_forms_are_refused(ann: Any) -> None:
    for content in (b"", b"--b\r\n", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n", b"nonsense"):
        answer = checked(ann.post("/datasets", content=content, headers={"Content-Type": "multipart/form-data; boundary=b"}))
        assert answer.status_code in {400, 422}
    assert ann.server.stored_files() == []
