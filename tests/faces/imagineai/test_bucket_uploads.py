"""Uploads that clients put straight into a bucket: what was checked is what is kept, whatever is put meanwhile."""

import hashlib
import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image as PillowImage

from faces.imagineai.conftest import SigningStore, disc, saved
from pentaprism.adapters.s3_store import ObjectStore
from pentaprism.core.errors import NotFound
from pentaprism.faces.imagineai.faults import Refused
from pentaprism.faces.imagineai.service.inspection import inspect
from pentaprism.faces.imagineai.service.intake import INCOMING, check_bytes, fetch_incoming, file_rules, take_over
from pentaprism.faces.imagineai.tables import ProductImage
from s3_server import new_bucket, s3_server

GOOD = saved(disc())
BAD = b"no picture at all".ljust(len(GOOD), b".")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3_server() as running:
        yield running.endpoint


@pytest.fixture
def server(make_server: Callable[..., Any], endpoint: str) -> Any:
    return make_server(store=lambda folder: ObjectStore.from_url(new_bucket(endpoint, "shop"), folder))


def put(ticket: Any, content: bytes) -> int:
    return httpx.put(ticket["upload_url"], content=content, headers={"Content-Type": "image/jpeg"}).status_code


def announced(person: Any) -> Any:
    return person.presign(person.product(), file_size_bytes=len(GOOD))


def image_row(server: Any, image_id: str) -> ProductImage:
    with server.platform.database.read() as session:
        return session.get_one(ProductImage, image_id)


def taken_over(server: Any, image_id: str, checked: Any) -> bool:
    with server.platform.database.write() as session:
        return take_over(server.context, session, session.get_one(ProductImage, image_id, with_for_update=True), checked)


def stored_bytes(server: Any, image: ProductImage) -> bytes:
    return b"".join(server.platform.blobs.read(image.s3_key))


def test_what_is_put_after_the_confirmation_changes_nothing(server: Any, ann: Any) -> None:
    ticket = announced(ann)
    assert ann.post("/uploads/confirm", json={"image_id": ticket["image_id"]}).status_code == 409
    assert put(ticket, GOOD) == 200
    assert ann.post("/uploads/confirm", json={"image_id": ticket["image_id"]}).status_code == 200
    assert put(ticket, BAD) == 200
    assert ann.post("/uploads/confirm", json={"image_id": ticket["image_id"]}).json()["message"] == "Upload already confirmed"
    image = image_row(server, ticket["image_id"])
    assert stored_bytes(server, image) == GOOD and image.sha256 == hashlib.sha256(GOOD).hexdigest()
    server.work()
    assert ann.get(f"/analysis/{ticket['image_id']}").json()["status"] == "completed"


def test_bytes_that_come_while_others_are_looked_at_are_not_taken_unseen(server: Any, ann: Any) -> None:
    ticket = announced(ann)
    put(ticket, GOOD)
    image = image_row(server, ticket["image_id"])

    def look(path: str) -> Any:
        found = inspect(path, file_rules(server.context))
        put(ticket, BAD)
        fetch_incoming(server.context, image)
        return found

    checked = check_bytes(server.context, image, look)
    assert not taken_over(server, image.id, checked)
    with pytest.raises(Refused):
        check_bytes(server.context, image, lambda path: inspect(path, file_rules(server.context)))
    assert image_row(server, image.id).upload_status == "failed"


def test_bytes_of_a_write_that_did_not_end_are_not_taken_for_those_that_were_looked_at(server: Any, ann: Any) -> None:
    ticket = announced(ann)
    put(ticket, GOOD)
    image = image_row(server, ticket["image_id"])
    checked = check_bytes(server.context, image, lambda path: inspect(path, file_rules(server.context)))
    server.platform.blobs.store.put(image.s3_key, [BAD])
    assert not taken_over(server, image.id, checked)
    put(ticket, GOOD)
    checked = check_bytes(server.context, image, lambda path: inspect(path, file_rules(server.context)))
    assert taken_over(server, image.id, checked)
    assert stored_bytes(server, image) == GOOD


def test_whatever_clients_put_at_the_same_time_a_confirmed_image_is_one(make_server: Callable[..., Any]) -> None:
    server = make_server(store=SigningStore)
    ann, store = server.person(), server.platform.blobs.store
    other = saved(disc((30, 30, 200)))
    outcomes = set()
    for round_ in range(8):
        ticket = announced(ann)
        key = INCOMING + image_row(server, ticket["image_id"]).s3_key
        store.put(key, [GOOD if round_ % 2 else BAD])

        def disturb(content: bytes, key: str = key) -> int:
            for _ in range(4):
                with suppress(NotFound):  # a confirmation has fetched it already
                    store.put(key, [content])
            return 0

        def confirm(_: int, ticket: Any = ticket) -> int:
            return int(ann.post("/uploads/confirm", json={"image_id": ticket["image_id"]}).status_code)

        with ThreadPoolExecutor(6) as threads:
            puts = [threads.submit(disturb, content) for content in (BAD, other, GOOD)]
            statuses = set(threads.map(confirm, range(3)))
            assert [one.result() for one in puts] == [0, 0, 0]
        assert statuses <= {200, 409, 422}
        outcomes |= statuses
        image = image_row(server, ticket["image_id"])
        assert (200 in statuses) == (image.upload_status == "uploaded")
        if image.upload_status == "uploaded":
            content = stored_bytes(server, image)
            assert content in (GOOD, other) and hashlib.sha256(content).hexdigest() == image.sha256
            assert PillowImage.open(io.BytesIO(content)).size == (image.width, image.height)
    assert outcomes


def test_a_cached_copy_is_never_another_versions(endpoint: str, tmp_path: Path) -> None:
    store = ObjectStore.from_url(new_bucket(endpoint), tmp_path)
    store.put("a", [GOOD])
    first = store.local_path("a")
    store.put("a", [BAD])
    assert store.stat("a").size == len(GOOD)
    assert (first.read_bytes(), store.local_path("a").read_bytes()) == (GOOD, BAD)
