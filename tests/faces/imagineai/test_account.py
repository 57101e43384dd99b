"""Figures, exports, feedback, limits and the end of an account."""

import csv
import io
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np

from faces.imagineai.conftest import disc, saved
from pentaprism.core.accounts.tables import Account


def marked() -> bytes:
    """A grey thing with a dark scratch."""
    picture = disc((170, 170, 175), 640, 480)
    rows, columns = np.mgrid[:480, :640]
    picture[(np.abs(rows - 200 - 0.4 * (columns - 240)) < 2.5) & (columns > 250) & (columns < 380)] = 15
    return saved(picture, "PNG")


def test_figures_are_those_of_the_account(server: Any, ann: Any, bob: Any) -> None:
    assert ann.get("/dashboard/stats").json() == {
        "total_products": 0,
        "total_images": 0,
        "completed_analyses": 0,
        "total_defects": 0,
        "active_jobs": 0,
        "avg_processing_time_ms": None,
    }
    for person, count in ((ann, 2), (bob, 1)):
        for _ in range(count):
            person.direct(person.product("x", category="toys"), marked())
    server.work()
    ann.direct(ann.product("y", category="books"))
    for person, products, images, active in ((ann, 3, 3, 1), (bob, 1, 1, 0)):
        stats = person.get("/dashboard/stats").json()
        found = [one for item in person.get("/products").json()["items"] for one in person.get(f"/products/{item['id']}/analysis").json()]
        done = [one for one in found if one["status"] == "completed"]
        assert (stats["total_products"], stats["total_images"], stats["active_jobs"]) == (products, images, active)
        assert stats["completed_analyses"] == len(done) and stats["total_defects"] == sum(len(one["detected_defects"]) for one in done)
        assert abs(stats["avg_processing_time_ms"] - sum(one["processing_time_ms"] for one in done) / len(done)) <= 0.5
    recent = ann.get("/dashboard/recent").json()
    assert len(recent) == 3 and list(recent[0]) == [
        "id",
        "job_type",
        "status",
        "total_images",
        "processed_images",
        "created_at",
        "completed_at",
    ]
    assert ann.get("/dashboard/category-distribution").json() == [{"category": "toys", "count": 2}, {"category": "books", "count": 1}]
    jobs = ann.get("/jobs?status=completed&limit=1&offset=1").json()
    assert jobs["total"] == 2 and len(jobs["items"]) == 1 and len(jobs["items"][0]["steps"]) == 5
    for query in ("status=running", "limit=0", "limit=101", "offset=-1", "offset=1000000001"):
        assert ann.get(f"/jobs?{query}").status_code == 422


def test_feedback_stands_above_the_machine(server: Any, ann: Any, bob: Any) -> None:
    product = ann.product("x")
    image = ann.analysed(product, marked())
    before = ann.get(f"/analysis/{image}").json()
    defect = before["detected_defects"][0]
    body = {
        "label": "lamp",
        "attributes": {"color": "blue", "material": "glass"},
        "defects": [{"id": defect["id"], "verdict": "rejected"}],
        "note": "n",
    }
    given = ann.made("POST", f"/analysis/{image}/feedback", json=body)
    assert given["user_label"] == "lamp" and given["classification_label"] == before["classification_label"]
    said = {one["attribute_name"]: (one["attribute_value"], one["source"]) for one in given["extracted_attributes"]}
    assert said["color"] == ("blue", "user") and said["material"] == ("glass", "user")
    assert next(one for one in given["detected_defects"] if one["id"] == defect["id"])["user_verdict"] == "rejected"
    owner = ann.get(f"/products/{product}").json()
    assert (owner["category"], owner["subcategory"]) == ("home_garden", "lighting")
    stats = ann.get("/dashboard/stats").json()
    assert stats["total_defects"] == len(before["detected_defects"]) - 1
    ann.made("POST", f"/analysis/{image}/retry")
    server.work()
    after = ann.get(f"/analysis/{image}").json()
    assert after["user_label"] == "lamp" and ann.get("/dashboard/stats").json()["total_defects"] == stats["total_defects"]
    assert {one["attribute_name"]: one["attribute_value"] for one in after["extracted_attributes"]}["color"] == "blue"
    assert ann.get(f"/products/{product}").json()["category"] == "home_garden"
    removed = ann.made("POST", f"/analysis/{image}/feedback", json={"attributes": {"color": None}})
    assert "color" not in {one["attribute_name"] for one in removed["extracted_attributes"]}
    assert bob.post(f"/analysis/{image}/feedback", json={"label": "lamp"}).status_code == 404


def test_the_own_corrections_teach(server: Any, ann: Any, bob: Any) -> None:
    picture = saved(disc((20, 120, 60)))
    first = ann.analysed(ann.product("x"), picture)
    ann.made("POST", f"/analysis/{first}/feedback", json={"label": "plant_pot"})
    assert ann.get(f"/analysis/{ann.analysed(ann.product('y'), picture)}").json()["classification_label"] == "plant_pot"
    assert bob.get(f"/analysis/{bob.analysed(bob.product('y'), picture)}").json()["classification_label"] != "plant_pot"


def test_feedback_outside_the_vocabulary(server: Any, ann: Any) -> None:
    image = ann.analysed(ann.product())
    for body in (
        {"label": "spaceship"},
        {"category": "cars"},
        {"attributes": {"color": "mauve"}},
        {"attributes": {"smell": "sweet"}},
        {"attributes": {"brand": "x" * 81}},
        {"defects": [{"id": str(uuid.uuid4()), "verdict": "confirmed"}]},
        {"label": "lamp", "category": "books"},
        {"note": "x" * 1001},
    ):
        answer = ann.post(f"/analysis/{image}/feedback", json=body)
        assert answer.status_code == 422 and isinstance(answer.json()["detail"], list), body
    assert ann.get(f"/analysis/{image}").json()["user_label"] is None


def test_exports_hold_what_their_filters_ask_for(server: Any, ann: Any, bob: Any) -> None:
    ann.product('=HYPERLINK("x")', description='quoted "text",\nnew line', category="books")
    lamp = ann.product("Lamp", category="home_garden")
    image = ann.analysed(lamp)
    table = ann.get("/exports/products")
    assert table.headers["content-type"] == "text/csv; charset=utf-8" and table.headers["content-disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(table.text, newline="")))
    assert [row["title"] for row in rows] == ["Lamp", '\'=HYPERLINK("x")'] and rows[1]["description"] == 'quoted "text",\nnew line'
    assert table.text.count("\r\n") == 3
    listed = ann.get("/exports/products?format=json&category=home_garden")
    assert listed.headers["content-type"] == "application/json" and [one["id"] for one in listed.json()] == [lamp]
    assert listed.json()[0]["images"][0]["id"] == image
    found = ann.get(f"/exports/analysis?format=json&product_id={lamp}").json()
    assert [one["product_image_id"] for one in found] == [image] and found[0]["product_title"] == "Lamp"
    analysed = list(csv.DictReader(io.StringIO(ann.get("/exports/analysis?search=lamp").text, newline="")))
    assert [row["image_id"] for row in analysed] == [image] and analysed[0]["color"] == "red"
    assert ann.get("/exports/analysis?search=nothing&format=json").json() == []
    assert ann.get("/exports/products?format=xml").status_code == 422
    assert bob.get("/exports/products?format=json").json() == []


def test_limits_of_each_tier(make_server: Callable[..., Any]) -> None:
    server = make_server(limits=True, auth_rate=4, upload_rate=3, read_rate=5, write_rate=2, analysis_rate=2, bytes_rate=2)
    ann = server.person()
    ann.access = server.call("POST", "/auth/login", json={"email": ann.email, "password": ann.password}, address="192.0.2.9").json()[
        "access_token"
    ]
    body = {"email": ann.email, "password": "wrong password"}
    answers = [server.call("POST", "/auth/login", json=body, headers={"X-Forwarded-For": f"198.51.100.{n}"}) for n in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 429, 429]
    refused = answers[-1]
    assert refused.json() == {"detail": "Rate limit exceeded. Try again later."} and int(refused.headers["retry-after"]) >= 1
    assert refused.headers["x-ratelimit-limit-minute"] == "4" and refused.headers["x-ratelimit-remaining-minute"] == "0"
    product = ann.post("/products", json={"title": "x"})
    assert product.headers["x-ratelimit-limit-minute"] == "2" and product.headers["x-ratelimit-remaining-minute"] == "1"
    ticket = {"product_id": product.json()["id"], "filename": "a", "content_type": "image/png", "file_size_bytes": 1}
    uploads = [ann.post("/uploads/presigned-url", json=ticket) for _ in range(4)]
    assert [answer.status_code for answer in uploads] == [200, 200, 200, 429] and "retry-after" in uploads[-1].headers
    other = server.call("POST", "/auth/refresh", json={"refresh_token": ann.refresh}, address="192.0.2.10").json()["access_token"]
    ann.access = other
    assert ann.post("/uploads/presigned-url", json=ticket, headers={"X-Organization-ID": "1"}).status_code == 429
    reads = [ann.get("/products").status_code for _ in range(6)]
    assert reads == [200] * 5 + [429]
    image = uploads[0].json()["image_id"]
    assert [ann.get(f"/analysis/{image}").status_code for _ in range(3)] == [404, 404, 429]
    assert [ann.get(f"/uploads/{image}/content").status_code for _ in range(3)] == [409, 409, 429]
    assert server.call("GET", "/health").status_code == 200


def test_the_end_of_an_account_takes_everything(server: Any, ann: Any) -> None:
    ann.analysed(ann.product())
    ann.direct(ann.product())
    with server.platform.database.write() as session:
        server.platform.accounts.delete(session, ann.id)
    server.platform.blobs.collect_garbage()
    assert server.stored_files() == [] and server.work() == 0
    with server.platform.database.read() as session:
        assert session.get(Account, ann.id) is None
    assert ann.get("/products").json() == {"detail": "Could not validate credentials"}


def test_engines_are_described(ann: Any) -> None:
    found = ann.get("/engines").json()
    assert set(found) == {"classifier", "attributes", "defects", "description"}
    assert found["classifier"]["labels"] and found["classifier"]["thresholds"] == {"label": 0.35, "category": 0.5}
