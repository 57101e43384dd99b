"""What belongs to one account is not there for another, whatever the operation."""

import time
from typing import Any

from sqlalchemy import insert

from faces.imagineai.conftest import disc, saved
from pentaprism.core.ids import new_id
from pentaprism.faces.imagineai.tables import Product, ProductWord


def test_every_operation_hides_what_is_somebody_elses(server: Any, ann: Any, bob: Any) -> None:
    product = ann.product("secret")
    started = ann.direct(product)
    server.work()
    image, job = started["image_id"], started["job_id"]
    hook = ann.made("POST", "/webhooks", json={"url": "https://93.184.215.14/", "events": ["*"]})["id"]
    key = ann.made("POST", "/api-keys", json={"name": "k", "scopes": ["read"]})["id"]
    ids = {"product_id": product, "image_id": image, "job_id": job, "webhook_id": hook, "key_id": key, "delivery_id": image}
    bodies: dict[str, Any] = {
        "/api/v1/uploads/presigned-url": {"product_id": product, "filename": "a", "content_type": "image/png", "file_size_bytes": 1},
        "/api/v1/uploads/confirm": {"image_id": image},
        "/api/v1/batch": {"product_id": product, "image_ids": [image]},
    }
    tried = 0
    for path, operations in server.call("GET", "/openapi.json").json()["paths"].items():
        if (path not in bodies and "{" not in path) or "objects" in path:
            continue
        for method in operations:
            answer = bob.call(method.upper(), path.format(**ids), json=bodies.get(path, {}))
            assert answer.status_code == 404, f"{method} {path}: {answer.status_code} {answer.text[:200]}"
            tried += 1
    form = bob.post("/uploads/direct", data={"product_id": product}, files={"file": ("a.jpg", saved(disc()), None)})
    assert form.status_code == 404 and tried >= 24
    assert bob.post("/uploads/multi", data={"product_id": product}, files={"files": ("a.jpg", saved(disc()), None)}).status_code == 404
    assert bob.get("/jobs").json() == {"items": [], "total": 0} and bob.get("/webhooks").json() == bob.get("/api-keys").json() == []
    assert ann.get(f"/products/{product}").json()["images"][0]["id"] == image


def test_a_hundred_thousand_products_are_listed_at_once(server: Any, ann: Any) -> None:
    moment = server.platform.clock()
    products = [
        {"id": new_id(), "account_id": ann.id, "title": f"Thing {number}", "status": "draft", "status_owned": False}
        | {"owned": [], "details": {}, "created_at": moment, "updated_at": moment}
        for number in range(100_000)
    ]
    words = [
        {"product_id": one["id"], "account_id": ann.id, "word": word}
        for number, one in enumerate(products)
        for word in ("thing", str(number))
    ]
    with server.platform.database.write() as session:
        session.execute(insert(Product), products)
        session.execute(insert(ProductWord), words)
    for query, total in (("", 100_000), ("?search=99999", 1)):
        spent = []
        for _ in range(3):
            began = time.process_time()
            page = ann.get(f"/products{query}").json()
            spent.append(time.process_time() - began)
            assert page["total"] == total
        assert min(spent) < 0.2, (query, spent)
