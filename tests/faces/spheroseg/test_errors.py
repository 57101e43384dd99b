import asyncio
import io
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pentaprism.core import errors as core
from pentaprism.core.observability import logs
from pentaprism.faces.spheroseg.errors import CODES, code_of

KEYS = {"success", "error", "code", "message", "statusCode", "details", "errors", "timestamp", "requestId"}


def check(response: Any, status: int, code: str) -> dict[str, Any]:
    body: dict[str, Any] = response.json()
    assert response.status_code == status, body
    assert set(body) >= KEYS
    assert (body["success"], body["error"], body["code"], body["statusCode"]) == (False, code, code, status)
    assert isinstance(body["details"], dict)
    assert isinstance(body["errors"], list)
    assert body["requestId"] == response.headers["X-Request-ID"]
    assert CODES[code] == status
    return body


def test_unknown_routes_and_methods_have_the_one_shape(server: Any, ann: Any) -> None:
    for path in ("/nothing", "/api/nothing", "/api", "/api/projects/x/y/z", "/uploads"):
        check(ann.get(path), 404, "RESOURCE_NOT_FOUND")
    response = ann.call("PUT", "/api/projects")
    check(response, 405, "METHOD_NOT_ALLOWED")
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}


@pytest.mark.parametrize("content", [b"{bad", b"[1,", b"\xff\xfe", b'"text"', b"17", b"null"])
def test_bad_json_is_a_validation_error(ann: Any, content: bytes) -> None:
    body = check(ann.post("/api/projects", content=content, headers={"Content-Type": "application/json"}), 400, "VALIDATION_ERROR")
    assert body["errors"]
    assert set(body["details"]) >= {"field", "validation"}


def test_all_problems_of_a_request_are_named(ann: Any) -> None:
    body = check(ann.post("/api/projects", json={"title": "", "tags": "x", "public": "maybe"}), 400, "VALIDATION_ERROR")
    assert {entry["path"] for entry in body["errors"]} == {"body.title", "body.tags", "body.public"}
    query = check(ann.get("/api/projects?limit=0"), 400, "VALIDATION_ERROR")
    assert (query["errors"][0]["path"], query["details"]["field"]) == ("query.limit", "limit")


def test_who_is_not_signed_in_learns_nothing_of_parameters(server: Any) -> None:
    check(server.post("/api/projects", content=b"{bad"), 401, "AUTHENTICATION_REQUIRED")
    check(server.get("/api/projects?limit=0"), 401, "AUTHENTICATION_REQUIRED")
    check(server.post("/api/auth/login", content=b"{bad"), 400, "VALIDATION_ERROR")


def test_request_ids_are_kept_or_made(server: Any) -> None:
    assert check(server.get("/nothing"), 404, "RESOURCE_NOT_FOUND")["requestId"].startswith("req_")
    assert server.get("/nothing", headers={"X-Request-ID": "mine-1"}).json()["requestId"] == "mine-1"
    assert server.get("/nothing", headers={"X-Request-ID": "bad id\x7f"}).json()["requestId"].startswith("req_")


def test_a_json_body_above_its_limit_is_413(make_server: Callable[..., Any]) -> None:
    server = make_server(json_limit_bytes=1000)
    ann = server.person()
    check(ann.post("/api/projects", json={"title": "x", "description": "y" * 1000}), 413, "FILE_TOO_LARGE")


def test_an_upload_above_the_limit_of_requests_is_413(make_server: Callable[..., Any]) -> None:
    server = make_server(request_limit_bytes=50_000)
    ann = server.person()
    project = ann.project()
    check(ann.upload(project, ("a.png", bytes(60_000))), 413, "FILE_TOO_LARGE")
    assert ann.get(f"/api/projects/{project}/images").json()["images"] == []


def test_crashes_tell_nothing_of_the_inside(server: Any, ann: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_arguments: Any, **_options: Any) -> None:
        raise RuntimeError("secret detail in /srv/data")

    monkeypatch.setattr("pentaprism.faces.spheroseg.service.images.document", crash)
    image = ann.image(ann.project())
    response = ann.get(f"/api/images/{image['id']}")
    check(response, 500, "INTERNAL_ERROR")
    assert "secret" not in response.text


def test_a_fault_midway_leaves_no_row_and_no_file(server: Any, ann: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_arguments: Any, **_options: Any) -> None:
        raise RuntimeError("midway")

    project = ann.project()
    with monkeypatch.context() as patch:
        patch.setattr("pentaprism.faces.spheroseg.service.uploads.image_document", crash)
        check(ann.upload(project, ("a.png", server.pictures.png())), 500, "INTERNAL_ERROR")
    assert ann.get(f"/api/projects/{project}/images").json()["images"] == []
    assert ann.get("/api/users/me/statistics").json()["storage"]["used"] == 0
    assert server.told("image-uploaded") == []
    assert list((server.folder / "staging").iterdir()) == []


def test_the_six_hundred_and_first_request_of_a_minute_is_429(make_server: Callable[..., Any]) -> None:
    server = make_server(limits=True)
    ann, bob = server.person(), server.person()

    async def many() -> list[int]:
        transport = httpx.ASGITransport(server.app, client=("192.0.2.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://cells.test", headers=ann.headers) as client:
            responses = await asyncio.gather(*(client.get("/api/projects/new") for _ in range(600)))
            return [response.status_code for response in responses]

    assert set(server.loop.run(many())) == {200}
    response = ann.get("/api/projects/new")
    body = check(response, 429, "RATE_LIMIT_EXCEEDED")
    assert set(body["details"]) == {"limit", "remaining", "retryAfter"}
    assert (body["details"]["limit"], body["details"]["remaining"]) == (600, 0)
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    for name in ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"):
        assert response.headers[name] == response.headers[f"X-{name}"]
    assert bob.get("/api/projects/new").status_code == 200


def test_an_address_without_a_token_gets_sixty_requests(make_server: Callable[..., Any]) -> None:
    server = make_server(limits=True)
    statuses = [server.get("/api/projects").status_code for _ in range(61)]
    assert statuses == [401] * 60 + [429]
    assert server.get("/health/live").status_code == 200
    assert server.get("/api/projects", address="192.0.2.2").status_code == 401


def test_uploads_have_a_limit_of_their_own(make_server: Callable[..., Any]) -> None:
    server = make_server(limits=True, upload_rate=2)
    ann = server.person()
    project = ann.project()
    statuses = [ann.upload(project, ("a.png", server.pictures.png(8, 8))).status_code for _ in range(3)]
    assert statuses == [201, 201, 429]


def test_every_error_of_the_core_has_a_code_of_the_closed_list() -> None:
    kinds = [kind for kind in vars(core).values() if isinstance(kind, type) and issubclass(kind, core.PlatformError)]
    assert {code_of(kind()) for kind in kinds} <= set(CODES)
    assert code_of(core.Stale()) == "PRECONDITION_FAILED"
    assert code_of(core.Unavailable()) == "SERVICE_UNAVAILABLE"


def test_the_log_holds_no_secrets(server: Any, log_stream: io.StringIO) -> None:
    logs.configure("DEBUG", stream=log_stream)
    ann = server.person("ann@example.org", "a very special password")
    image = ann.image(ann.project())
    url = image["url"].removeprefix("http://cells.test")
    server.get(url)
    server.get(image["storage_path"], headers={"Cookie": f"auth_token={ann.body['accessToken']}"})
    server.login("ann@example.org", "wrong special password")
    server.post("/api/auth/forgot-password", json={"email": ann.email})
    written = log_stream.getvalue()
    assert "/uploads/" in written
    for secret in ("special password", ann.body["accessToken"], ann.body["refreshToken"], url.partition("sig=")[2]):
        assert secret not in written


def test_configured_origins_may_use_the_face_from_a_browser(make_server: Callable[..., Any]) -> None:
    server = make_server(cors_origins=("https://cells.example.org",))
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}
    known = server.call("OPTIONS", "/api/projects", headers={"Origin": "https://cells.example.org", **asked})
    assert known.headers["Access-Control-Allow-Origin"] == "https://cells.example.org"
    other = server.call("OPTIONS", "/api/projects", headers={"Origin": "https://else.example.org", **asked})
    assert "Access-Control-Allow-Origin" not in other.headers
    assert (
        "X-Request-ID" in server.get("/nothing", headers={"Origin": "https://cells.example.org"}).headers["Access-Control-Expose-Headers"]
    )
