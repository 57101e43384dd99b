"""What every blob store must do. A further implementation is one more parameter of ``store``."""

import os
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pentaprism.adapters.s3_store import ObjectStore
from pentaprism.core.blobs.local import LocalStore
from pentaprism.core.blobs.memory import MemoryStore
from pentaprism.core.blobs.store import BlobStore
from pentaprism.core.errors import Conflict, InvalidInput, NotFound
from s3_server import new_bucket

MEGABYTE = 1024 * 1024
BAD_KEYS = ["", "/", "/etc/passwd", "..", "../x", "a/../b", "a/..", "./a", "a/./b", "a//b", "a/", ".hidden", "a/.hidden", "a\0b"]
BAD_KEYS += ["a\\b", "a b", "ä", "a\nb", "a\n", "C:x", "~root", "x" * 513, "x" * 256, "\ud800", "a/%2e%2e/b", "\u0661"]


def local(folder: Path) -> BlobStore:
    return LocalStore(folder / "store")


def memory(folder: Path) -> BlobStore:
    return MemoryStore()


@pytest.fixture(params=["local", "memory", "s3", "s3-prefix"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param.startswith("s3"):
        url = new_bucket(request.getfixturevalue("s3_here"), "some/prefix" if request.param == "s3-prefix" else "")
        return ObjectStore.from_url(url, tmp_path / "cache")
    return local(tmp_path) if request.param == "local" else memory(tmp_path)


def content(store: BlobStore, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join(store.read(key, start, end))


def test_what_is_put_is_read(store: BlobStore) -> None:
    put = store.put("face/original/a.tif", [b"one ", b"", b"two"])
    assert (put.key, put.size) == ("face/original/a.tif", 7)
    assert content(store, put.key) == b"one two"
    assert store.stat(put.key) == put
    assert abs(put.modified_at - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("size", [0, 1, 65_536, 3 * MEGABYTE + 17])
def test_any_size_and_any_range_can_be_read(store: BlobStore, size: int) -> None:
    whole = random.Random(size).randbytes(size)
    store.put("a", (whole[offset : offset + 99_991] for offset in range(0, size, 99_991)))
    assert content(store, "a") == whole
    for start, end in [(0, 0), (0, 1), (size // 3, size // 2), (size // 2, None), (size - 1 if size else 0, size), (0, size + 10)]:
        assert content(store, "a", start, end) == whole[start:end]
    assert content(store, "a", size, None) == content(store, "a", size + 5, size + 9) == b""
    assert all(0 < len(chunk) <= MEGABYTE for chunk in store.read("a"))


@pytest.mark.parametrize(("start", "end"), [(-1, None), (5, 4)])
def test_a_range_that_is_none_is_refused(store: BlobStore, start: int, end: int) -> None:
    store.put("a", [b"content"])
    with pytest.raises(ValueError, match="no bytes"):
        store.read("a", start, end)


def test_an_opened_blob_can_be_sought(store: BlobStore) -> None:
    store.put("a", [b"0123456789"])
    with store.open("a") as file:
        assert file.seek(-3, os.SEEK_END) == 7 and file.read() == b"789"
        assert file.seek(2) == 2 and file.read(2) == b"23"


def test_a_blob_can_be_read_as_a_file(store: BlobStore) -> None:
    store.put("face/a.tif", [b"content"])
    assert store.local_path("face/a.tif").read_bytes() == b"content"


def test_writing_again_replaces(store: BlobStore) -> None:
    store.put("a", [b"a longer first content"])
    store.put("a", [b"second"])
    assert content(store, "a") == b"second" and store.stat("a").size == 6


def test_bytes_that_replace_others_of_the_same_length_at_once_are_another_version(store: BlobStore, tmp_path: Path) -> None:
    versions, files = [], []
    for index in range(6):
        draft = tmp_path / "draft"
        draft.write_bytes(bytes([index]) * 1000)
        written = store.put("face/a", [draft.read_bytes()]) if index % 2 else store.adopt("face/a", draft)
        assert written == store.stat("face/a") == next(store.list("face/a"))
        versions.append(written.version)
        files.append(store.local_path("face/a").read_bytes())
    assert len(set(versions)) == 6 and "" not in versions
    assert files == [bytes([index]) * 1000 for index in range(6)]
    assert store.stat("face/a").version == versions[-1]


def test_a_failed_write_changes_nothing(store: BlobStore) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * MEGABYTE
        raise ZeroDivisionError

    store.put("old", [b"old content"])
    for key in ("old", "new"):
        with pytest.raises(ZeroDivisionError):
            store.put(key, broken())
    assert content(store, "old") == b"old content"
    assert [stat.key for stat in store.list()] == ["old"]
    assert store.sweep(datetime.now(UTC) + timedelta(days=1)) == 0


def test_a_file_is_adopted(store: BlobStore, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"content")
    long_ago = datetime.now(UTC) - timedelta(days=9)
    os.utime(path, (long_ago.timestamp(), long_ago.timestamp()))
    adopted = store.adopt("face/a", path)
    assert not path.exists() and adopted.size == 7 and content(store, "face/a") == b"content"
    assert datetime.now(UTC) - adopted.modified_at < timedelta(minutes=1)
    with pytest.raises(NotFound):
        store.adopt("face/b", path)
    with pytest.raises(NotFound):
        store.stat("face/b")


def test_missing_blobs_are_not_found(store: BlobStore) -> None:
    store.put("a/b", [b"content"])
    for key in ("c", "a", "a/b/c"):
        for call in (store.read, store.open, store.stat, store.local_path):
            with pytest.raises(NotFound):
                call(key)


def test_a_deleted_blob_is_gone_and_may_come_back(store: BlobStore) -> None:
    store.put("a/b/c", [b"content"])
    store.put("a/d", [b"other"])
    store.delete("a/b/c")
    store.delete("a/b/c")
    store.delete("never/was")
    store.delete("a/d/e")
    with pytest.raises(NotFound):
        store.read("a/b/c")
    assert [stat.key for stat in store.list()] == ["a/d"]
    store.put("a/b/c", [b"again"])
    assert content(store, "a/b/c") == b"again"


def test_a_reader_that_has_begun_reads_on_although_the_blob_goes(store: BlobStore) -> None:
    store.put("a", [b"x" * 3 * MEGABYTE])
    reader = store.read("a")
    first = next(reader)
    store.delete("a")
    assert len(first) + sum(len(chunk) for chunk in reader) == 3 * MEGABYTE


def test_blobs_are_listed_by_prefix(store: BlobStore) -> None:
    keys = ["face/a/1", "face/a/2", "face/ab", "face2/a", "other"]
    for key in keys:
        store.put(key, [key.encode()])
    assert [stat.key for stat in store.list()] == keys
    assert [stat.key for stat in store.list("face/")] == keys[:3]
    assert [stat.key for stat in store.list("face")] == keys[:4]
    assert [stat.key for stat in store.list("face/a/")] == keys[:2]
    assert [(stat.key, stat.size) for stat in store.list("oth")] == [("other", 5)]
    assert list(store.list("none/such")) == list(store.list("zzz")) == []


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_key_that_leads_elsewhere_is_refused(store: BlobStore, key: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"content")
    for call in (lambda: store.put(key, [b"x"]), lambda: store.adopt(key, source), lambda: store.delete(key)):
        with pytest.raises(InvalidInput):
            call()
    for read in (store.read, store.open, store.stat, store.local_path):
        with pytest.raises(InvalidInput):
            read(key)
    assert source.read_bytes() == b"content" and list(store.list()) == []


@pytest.mark.parametrize("key", ["a", "A-Z_0.9", "a.b.c", "a..b", "-", "_", "x" * 255, "/".join("x" * 16)])
def test_a_key_of_the_right_form_is_taken(store: BlobStore, key: str) -> None:
    store.put(key, [b"content"])
    assert content(store, key) == b"content"
    assert [stat.key for stat in store.list()] == [key]


def test_no_key_is_a_folder_of_another(store: BlobStore) -> None:
    store.put("a/b", [b"content"])
    for key in ("a", "a/b/c"):
        with pytest.raises(Conflict):
            store.put(key, [b"x"])
    assert [stat.key for stat in store.list()] == ["a/b"]


def test_readers_never_see_a_half_written_blob(store: BlobStore) -> None:
    versions = {bytes([number]) * (200_000 + number) for number in range(4)}
    store.put("a/b", [min(versions)])
    stop = threading.Event()
    broken: list[int] = []

    def read() -> None:
        while not stop.is_set():
            seen = content(store, "a/b")
            if seen not in versions:
                broken.append(len(seen))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(10):
        for version in versions:
            store.put("a/b", (version[offset : offset + 50_000] for offset in range(0, len(version), 50_000)))
    stop.set()
    for reader in readers:
        reader.join()
    assert broken == []


def test_writers_and_deleters_of_neighbours_do_not_disturb_each_other(store: BlobStore) -> None:
    def work(name: str) -> None:
        for _ in range(50):
            store.put(f"deep/er/{name}", [name.encode()])
            assert content(store, f"deep/er/{name}") == name.encode()
            store.delete(f"deep/er/{name}")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, [f"name{number}" for number in range(6)]))
    assert list(store.list()) == []


def test_a_store_signs_a_url_or_leaves_serving_to_the_platform(store: BlobStore) -> None:
    store.put("a", [b"content"])
    url = store.sign("a", method="GET", expires_in=timedelta(minutes=5))
    assert url is None or url.startswith(("http://", "https://"))
