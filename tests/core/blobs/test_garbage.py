import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from pentaprism.core.blobs.local import LocalStore
from pentaprism.core.blobs.tables import Blob
from pentaprism.core.blobs.uploads import Blobs
from pentaprism.core.database.engine import Database
from pentaprism.core.errors import Unavailable


def fill(database: Database, blobs: Blobs, count: int) -> list[str]:
    keys = [f"spheroseg/original/{number:05}" for number in range(count)]
    for key in keys:
        blobs.store.put(key, [b"x"])
    with database.write() as session:
        session.add_all(Blob(key=key, face="spheroseg", state="kept", holder="image:1", size=1, sha256="0" * 64) for key in keys)
    return keys


def rows(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Blob)) or 0


def test_more_than_a_handful_is_collected_in_one_go(database: Database, blobs: Blobs) -> None:
    keys = fill(database, blobs, 230)
    with database.write() as session:
        assert blobs.release(session, *keys[:201]) == 201
    assert blobs.collect_garbage().blobs == 201
    assert rows(database) == len(list(blobs.store.list())) == 29


def test_collectors_side_by_side_remove_each_blob_once(database: Database, blobs: Blobs) -> None:
    fill(database, blobs, 120)
    with database.write() as session:
        blobs.release(session, "image:1")
    removed: list[int] = []
    threads = [threading.Thread(target=lambda: removed.append(blobs.collect_garbage().blobs)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(removed) == 120 and rows(database) == 0


def test_a_row_goes_only_after_its_bytes(database: Database, blobs: Blobs, store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = fill(database, blobs, 3)
    with database.write() as session:
        blobs.release(session, "image:1")
    delete = store.delete

    def delete_all_but_one(key: str) -> None:
        if key == keys[1]:
            raise Unavailable("Storage is unavailable")
        delete(key)

    monkeypatch.setattr(store, "delete", delete_all_but_one)
    assert blobs.collect_garbage().blobs == 2
    assert rows(database) == 1
    monkeypatch.undo()
    assert blobs.collect_garbage().blobs == 1
    assert rows(database) == 0 and list(store.list()) == []


def test_a_crash_between_bytes_and_row_is_mended(database: Database, blobs: Blobs, store: LocalStore) -> None:
    (key,) = fill(database, blobs, 1)
    with database.write() as session:
        blobs.release(session, key)
    store.delete(key)
    assert blobs.collect_garbage().blobs == 1 and rows(database) == 0


def test_bytes_without_a_row_go_within_an_hour_and_others_stay(database: Database, blobs: Blobs, watch: Any) -> None:
    keys = fill(database, blobs, 600)
    orphans = [f"spheroseg/original/{number:05}-orphan" for number in range(0, 600, 100)]
    for key in orphans:
        blobs.store.put(key, [b"x"])
    assert blobs.collect_garbage().orphans == 0
    watch.move(minutes=29)
    assert blobs.collect_garbage().orphans == 0
    watch.move(minutes=25)
    assert blobs.collect_garbage().orphans == 6
    assert [stat.key for stat in blobs.store.list()] == keys


def test_orphans_are_looked_for_at_intervals(database: Database, blobs: Blobs, watch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    listings: list[str] = []
    list_all = blobs.store.list
    monkeypatch.setattr(blobs.store, "list", lambda prefix="": listings.append(prefix) or list_all(prefix))
    for _ in range(8):
        blobs.collect_garbage()
        watch.move(minutes=10)
    assert len(listings) == 3


def test_an_upload_on_its_way_is_left_alone(database: Database, blobs: Blobs, watch: Any) -> None:
    watch.move(minutes=59)
    staged = blobs.stage(b"content", account_id=None, face="spheroseg")
    assert blobs.collect_garbage().remains == 0 and staged.path.exists()
    watch.ahead += timedelta(minutes=2)
    assert blobs.collect_garbage().remains == 1 and not staged.path.exists()
