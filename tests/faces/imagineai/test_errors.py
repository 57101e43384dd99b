"""Errors, addresses and documents at the face's root."""

from collections.abc import Callable
from typing import Any

import pytest

from pentaprism.faces.imagineai.service import products


def test_unknown_addresses_and_methods(server: Any, ann: Any) -> None:
    assert server.call("GET", "/unknown").json() == {"detail": "Not Found"}
    wrong = ann.call("PUT", "/products")
    assert wrong.status_code == 405 and wrong.json() == {"detail": "Method Not Allowed"}
    for name in ("organizations", "experiments", "rate-limits"):
        assert ann.get(f"/{name}").status_code == 404


def test_a_final_slash_makes_no_difference(server: Any, ann: Any) -> None:
    assert ann.get("/products/").status_code == 200 and server.call("GET", "/health/").status_code == 200
    assert ann.post("/products/", json={"title": "x"}).status_code == 201


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 5000])
def test_malformed_json_is_a_list_of_problems(ann: Any, body: bytes) -> None:
    answer = ann.post("/products", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422 and isinstance(answer.json()["detail"], list)


def test_a_crash_has_the_shape_of_errors(server: Any, ann: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def broken(*_: Any) -> None:
        calls.append(1)
        raise RuntimeError("a secret path")

    monkeypatch.setattr(products, "create", broken)
    answer = ann.post("/products", json={"title": "x"})
    assert answer.status_code == 500 and answer.json() == {"detail": "Internal server error"} and len(calls) == 1
    assert answer.headers["content-type"] == "application/json"


def test_health_and_readiness(server: Any) -> None:
    health = server.call("GET", "/health")
    assert health.json() == {"status": "healthy"} and health.headers["content-type"] == "application/json"
    ready = server.call("GET", "/ready")
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "ready",
        "checks": {"database": "ok", "redis": "ok"},
        "backends": {"database": "sqlite", "redis": "in-process"},
    }


def test_an_unreachable_database_is_told_without_its_address(server: Any) -> None:
    def broken() -> None:
        raise RuntimeError("sqlite:////somewhere")

    server.platform.health.add("database", broken)
    answer = server.call("GET", "/ready")
    assert answer.status_code == 503 and answer.json()["status"] == "not_ready"
    assert answer.json()["checks"]["database"] == "error: unreachable" and "somewhere" not in answer.text


def test_documents(make_server: Callable[..., Any]) -> None:
    server, closed = make_server(), make_server(development=False)
    for path in ("/docs", "/redoc"):
        page = server.call("GET", path)
        assert page.status_code == 200 and "src=" not in page.text and "/api/v1/uploads/confirm" in page.text
        assert closed.call("GET", path).status_code == 404
    assert closed.call("GET", "/openapi.json").status_code == 200


def test_the_document_names_every_operation_of_the_reference(server: Any) -> None:
    document = server.call("GET", "/openapi.json").json()
    wanted = """post auth/register|post auth/login|post auth/refresh|post auth/logout|get auth/me|get products|post products
        |get products/{product_id}|patch products/{product_id}|delete products/{product_id}|get products/{product_id}/analysis
        |post uploads/presigned-url|post uploads/confirm|post uploads/direct|post uploads/multi|get uploads/{image_id}/content
        |get uploads/{image_id}/thumbnail|delete uploads/{image_id}|post uploads/{image_id}/primary|get analysis/{image_id}
        |post analysis/{image_id}/retry|post analysis/{image_id}/feedback|post batch|get batch/{job_id}|delete batch/{job_id}
        |get jobs|get jobs/{job_id}|get dashboard/stats|get dashboard/recent|get dashboard/category-distribution
        |get exports/products|get exports/analysis|post api-keys|get api-keys|delete api-keys/{key_id}|post webhooks|get webhooks
        |get webhooks/{webhook_id}|patch webhooks/{webhook_id}|delete webhooks/{webhook_id}|post webhooks/{webhook_id}/test
        |post webhooks/{webhook_id}/rotate-secret|get webhooks/{webhook_id}/deliveries
        |post webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver|get engines"""
    for entry in wanted.split("|"):
        method, path = entry.split()
        assert method in document["paths"][f"/api/v1/{path}"], entry
    assert {"/health", "/ready"} <= set(document["paths"])
    assert "admin" not in str(document["paths"].keys())


def test_the_organization_header_is_ignored(ann: Any) -> None:
    product = ann.product()
    answer = ann.get(f"/products/{product}", headers={"X-Organization-ID": "11111111-1111-1111-1111-111111111111"})
    assert answer.status_code == 200 and answer.headers["x-request-id"]


def test_browsers_of_the_known_origin_may_call(server: Any) -> None:
    headers = {"Origin": "http://localhost:4200", "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
    allowed = server.call("OPTIONS", "/products", headers=headers)
    assert allowed.status_code == 200 and allowed.headers["access-control-allow-credentials"] == "true"
    answer = server.call("GET", "/health", headers={"Origin": "http://localhost:4200"})
    exposed = answer.headers["access-control-expose-headers"]
    assert all(name in exposed for name in ("X-Request-ID", "Retry-After", "ETag", "Content-Disposition", "X-RateLimit-Limit-Minute"))
