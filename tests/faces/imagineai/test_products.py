"""Products over HTTP."""

import uuid
from typing import Any

import pytest

PRODUCT_KEYS = [
    "id",
    "user_id",
    "title",
    "description",
    "category",
    "subcategory",
    "ai_description",
    "status",
    "metadata_",
    "images",
    "created_at",
    "updated_at",
]


def test_a_product_with_a_title_only(ann: Any) -> None:
    made = ann.post("/products", json={"title": "  Lamp ", "unknown": 1})
    assert made.status_code == 201 and list(made.json()) == PRODUCT_KEYS
    body = made.json()
    assert (body["title"], body["status"], body["metadata_"], body["images"]) == ("Lamp", "draft", {}, [])
    assert ann.get(f"/products/{body['id']}").json() == body


@pytest.mark.parametrize(
    "body",
    [
        {"title": "   "},
        {},
        {"title": "x" * 501},
        {"title": "x", "category": "cars"},
        {"title": "x", "description": "y" * 10_001},
        {"title": "x\0y"},
        {"title": None},
    ],
)
def test_products_that_are_refused(ann: Any, body: dict[str, Any]) -> None:
    answer = ann.post("/products", json=body)
    assert answer.status_code == 422 and isinstance(answer.json()["detail"], list)


def test_changing_one_key_keeps_the_others(ann: Any) -> None:
    product = ann.product("Lamp", description="bright", category="home_garden")
    changed = ann.made("PATCH", f"/products/{product}", json={"title": "Desk lamp"})
    assert (changed["title"], changed["description"], changed["category"]) == ("Desk lamp", "bright", "home_garden")
    cleared = ann.made("PATCH", f"/products/{product}", json={"description": None, "category": None})
    assert (cleared["description"], cleared["category"], cleared["title"]) == (None, None, "Desk lamp")
    same = ann.made("PATCH", f"/products/{product}", json={})
    assert same == cleared


@pytest.mark.parametrize("body", [{"title": None}, {"status": None}, {"status": "processing"}, {"category": "cars"}, {"title": " "}])
def test_changes_that_are_refused(ann: Any, body: dict[str, Any]) -> None:
    assert ann.call("PATCH", f"/products/{ann.product()}", json=body).status_code == 422


def test_a_deleted_product_is_gone(ann: Any) -> None:
    product = ann.product()
    gone = ann.call("DELETE", f"/products/{product}")
    assert gone.status_code == 204 and gone.content == b""
    missing = ann.get(f"/products/{product}")
    assert missing.status_code == 404 and missing.json() == {"detail": f"Product '{product}' not found"}


def test_ids_that_are_none(ann: Any) -> None:
    answer = ann.get("/products/seven")
    assert answer.status_code == 422 and answer.json()["detail"][0]["loc"] == ["path", "product_id"]
    assert ann.get(f"/products/{uuid.uuid4()}").status_code == 404


def test_pages(ann: Any) -> None:
    titles = [f"thing {number:02}" for number in range(45)]
    for title in titles:
        ann.product(title)
    page = ann.get("/products?page=3&page_size=20").json()
    assert (page["total"], page["pages"], page["page"], page["page_size"], len(page["items"])) == (45, 3, 3, 20, 5)
    assert [item["title"] for item in page["items"]] == titles[4::-1], "the newest come first"
    assert ann.get("/products?page=9").json()["items"] == [] and ann.get("/products?page=9").json()["total"] == 45
    for query in ("page=0", "page=1000001", "page_size=101", "page_size=0", "category=cars", "status=gone", f"search={'x' * 201}"):
        assert ann.get(f"/products?{query}").status_code == 422, query


def test_an_empty_list(ann: Any) -> None:
    assert ann.get("/products?category=&status=").json() == {"items": [], "total": 0, "page": 1, "page_size": 20, "pages": 0}


def test_filters(ann: Any) -> None:
    ann.product("one", category="toys")
    product = ann.product("two", category="books")
    ann.made("PATCH", f"/products/{product}", json={"status": "archived"})
    assert [item["title"] for item in ann.get("/products?category=toys").json()["items"]] == ["one"]
    assert [item["title"] for item in ann.get("/products?status=archived").json()["items"]] == ["two"]


def test_searching(ann: Any) -> None:
    ann.product("Wireless Headphones", description="over-ear, 50%_off")
    ann.product("Wired mouse", description="für Büro und 無線ヘッドホン")

    def found(query: str) -> set[str]:
        return {item["title"] for item in ann.get("/products", params={"search": query}).json()["items"]}

    both = {"Wireless Headphones", "Wired mouse"}
    assert found("wire") == both and found("WIRELESS ear") == {"Wireless Headphones"} and found("wireless mouse") == set()
    assert found("%") == found("_") == found("%_o") == {"Wireless Headphones"} and found("  ") == both
    assert found("büro") == found("ヘッドホン") == {"Wired mouse"}
    product = ann.get("/products?search=mouse").json()["items"][0]["id"]
    ann.made("PATCH", f"/products/{product}", json={"title": "Trackball"})
    assert found("mouse") == set() and found("trackball") == {"Trackball"}


def test_others_see_nothing(ann: Any, bob: Any) -> None:
    product = ann.product("secret lamp")
    assert bob.get("/products").json()["total"] == 0 and bob.get("/products?search=secret").json()["total"] == 0
    for method, options in (("GET", {}), ("PATCH", {"json": {"title": "mine"}}), ("DELETE", {})):
        assert bob.call(method, f"/products/{product}", **options).status_code == 404
    assert ann.get(f"/products/{product}").json()["title"] == "secret lamp"
