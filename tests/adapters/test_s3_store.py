"""What is particular to a bucket."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from pentaprism.adapters.s3_store import ObjectStore
from pentaprism.core.errors import NotFound, Unavailable
from redis_server import free_port
from s3_server import new_bucket

HOUR = timedelta(hours=1)


@pytest.fixture
def store(s3_here: str, tmp_path: Path) -> ObjectStore:
    return ObjectStore.from_url(new_bucket(s3_here, "here"), tmp_path / "cache")


def test_a_signed_put_is_bound_to_type_and_length(store):
    url = store.sign("incoming/a.png", method="PUT", expires_in=HOUR, content_type="image/png", size=4)
    query = parse_qs(urlsplit(url).query)
    assert query["X-Amz-SignedHeaders"] == ["content-length;content-type;host"]
    assert query["X-Amz-Expires"] == ["3600"]
    assert httpx.put(url, content=b"\x89PNG", headers={"Content-Type": "image/png"}).status_code == 200
    assert b"".join(store.read("incoming/a.png")) == b"\x89PNG"


def test_a_signed_get_opens_the_blob_without_credentials(store):
    store.put("a", [b"bytes"])
    answer = httpx.get(store.sign("a", method="GET", expires_in=HOUR))
    assert (answer.status_code, answer.content) == (200, b"bytes")


def test_a_large_blob_is_opened_without_fetching_it_whole(store):
    content = bytes(range(256)) * 40_000
    store.put("large", [content])
    with store.open("large") as file:
        file.seek(9_000_000)
        assert file.read(10) == content[9_000_000:9_000_010]
        file.seek(-5, 2)
        assert file.read() == content[-5:]


def test_a_blob_that_is_replaced_while_it_is_open_is_not_read_as_a_mixture(store):
    store.put("large", [b"a" * 10_000_000])
    with store.open("large") as file:
        assert file.read(1) == b"a"
        store.put("large", [b"b" * 10_000_000])
        file.seek(9_000_000)
        with pytest.raises(Unavailable):
            file.read(1)


def test_a_local_copy_follows_the_blob(store):
    store.put("a", [b"first"])
    first = store.local_path("a")
    assert first.read_bytes() == b"first"
    assert store.local_path("a") == first
    store.put("a", [b"second!"])
    assert store.local_path("a").read_bytes() == b"second!"


def test_a_store_that_is_away_is_unavailable_in_time(tmp_path):
    url = f"s3://bucket?endpoint=http://127.0.0.1:{free_port()}&access_key_id=a&secret_access_key=b"
    away = ObjectStore.from_url(url, tmp_path / "cache")
    with pytest.raises(Unavailable):
        away.stat("a")


def test_a_missing_blob_is_not_found_and_not_unavailable(store):
    with pytest.raises(NotFound):
        list(store.read("nothing", 5))


@pytest.mark.parametrize("url", ["s3://", "http://bucket", "s3://bucket?color=red"])
def test_an_address_that_names_no_bucket_is_refused(url, tmp_path):
    with pytest.raises(ValueError, match="bucket"):
        ObjectStore.from_url(url, tmp_path / "cache")
