import hashlib
import io
import resource
import signal
import subprocess
import sys
import textwrap
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pentaprism.core.accounts.tables import Account
from pentaprism.core.blobs.local import LocalStore
from pentaprism.core.blobs.tables import Blob
from pentaprism.core.blobs.uploads import Blobs
from pentaprism.core.database.engine import Database
from pentaprism.core.errors import Conflict, NotFound, QuotaExceeded, TooLarge

FACE: dict[str, Any] = {"face": "spheroseg"}

SLOW_UPLOAD = """
    import sys, time
    from pathlib import Path
    from pentaprism.core.blobs.local import LocalStore
    from pentaprism.core.blobs.uploads import Blobs, StorageRules
    from pentaprism.core.database.engine import Database

    def chunks():
        yield b"x" * 3_000_000
        print("under way", flush=True)
        time.sleep(60)

    folder = Path(sys.argv[1])
    blobs = Blobs(LocalStore(folder / "store"), Database(f"sqlite:///{folder}/test.db"), StorageRules(folder / "staging"))
    blobs.stage(chunks(), account_id=None, face="spheroseg")
"""

KILLED_WHILE_KEEPING = """
    import os, signal, sys
    from pathlib import Path
    import pentaprism.core.accounts.tables
    from pentaprism.core.blobs.local import LocalStore
    from pentaprism.core.blobs.uploads import Blobs, StorageRules
    from pentaprism.core.database.engine import Database

    folder = Path(sys.argv[1])
    database = Database(f"sqlite:///{folder}/test.db")
    blobs = Blobs(LocalStore(folder / "store"), database, StorageRules(folder / "staging"))
    for number in range(2):
        staged = blobs.stage(b"content", account_id=None, face="spheroseg")
        with database.write() as session:
            blobs.keep(session, staged, f"image:{number}")
            if number:
                os.kill(os.getpid(), signal.SIGKILL)
"""


def stored(blobs: Blobs) -> list[str]:
    return [stat.key for stat in blobs.store.list()]


def state(database: Database, key: str) -> str | None:
    with database.read() as session:
        row = session.get(Blob, key)
        return None if row is None else row.state


def keep(database: Database, blobs: Blobs, content: bytes, holder: str, account_id: str | None = None, **options: Any) -> Blob:
    quota = options.pop("quota", None)
    staged = blobs.stage(content, account_id=account_id, **{**FACE, **options})
    with database.write() as session:
        return blobs.keep(session, staged, holder, quota=quota)


@pytest.mark.parametrize("source", [b"hello world", io.BytesIO(b"hello world"), [b"hello ", b"", b"world"], iter([b"hello world"])])
def test_any_source_can_be_staged_and_kept(database: Database, blobs: Blobs, owner: str, source: Any) -> None:
    staged = blobs.stage(source, account_id=owner, content_type="image/tiff", suffix=".tif", **FACE)
    assert staged.path.read_bytes() == b"hello world" and stored(blobs) == []
    with database.write() as session:
        row = blobs.keep(session, staged, "image:1")
    assert (row.key, row.state, row.holder, row.size, row.account_id) == (staged.key, "kept", "image:1", 11, owner)
    assert (row.content_type, row.sha256, row.purpose) == ("image/tiff", staged.sha256, "original")
    assert b"".join(blobs.read(row.key, 6)) == b"world" and blobs.stat(row.key).size == 11
    assert blobs.local_path(row.key).read_bytes() == b"hello world"
    with blobs.open(row.key) as file:
        assert file.read() == b"hello world"
    assert not staged.path.exists()


def test_an_upload_above_its_limit_is_cut_off_and_leaves_nothing(blobs: Blobs) -> None:
    sent: list[int] = []

    def endless() -> Any:
        while True:
            sent.append(1)
            yield b"x" * 100_000

    with pytest.raises(TooLarge):
        blobs.stage(endless(), account_id=None, limit=1_000_000, **FACE)
    assert len(sent) == 11 and list(blobs.rules.staging.iterdir()) == []


def test_a_broken_connection_leaves_nothing(blobs: Blobs) -> None:
    def broken() -> Any:
        yield b"x" * 2_000_000
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        blobs.stage(broken(), account_id=None, **FACE)
    assert list(blobs.rules.staging.iterdir()) == []


def test_a_large_upload_needs_little_memory(blobs: Blobs) -> None:
    blobs.stage(b"warm up", account_id=None, **FACE).discard()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    staged = blobs.stage((b"x" * 65_536 for _ in range(3200)), account_id=None, **FACE)
    assert staged.size == 3200 * 65_536
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000
    staged.discard()


def test_a_killed_upload_is_invisible_and_swept_up(database: Database, blobs: Blobs, tmp_path: Path, watch: Any) -> None:
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(SLOW_UPLOAD), str(tmp_path)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None and child.stdout.readline() == b"under way\n"
        child.send_signal(signal.SIGKILL)
    assert stored(blobs) == [] and len(list(blobs.rules.staging.iterdir())) == 1
    assert blobs.collect_garbage().remains == 0
    watch.move(hours=1, minutes=1)
    assert blobs.collect_garbage().remains == 1
    assert list(blobs.rules.staging.iterdir()) == []


def test_a_process_killed_before_the_commit_leaves_bytes_that_are_collected(
    database: Database, blobs: Blobs, tmp_path: Path, watch: Any
) -> None:
    command = [sys.executable, "-c", textwrap.dedent(KILLED_WHILE_KEEPING), str(tmp_path)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert len(stored(blobs)) == 2
    with database.read() as session:
        (kept,) = session.query(Blob).all()
    assert (kept.holder, kept.state) == ("image:0", "kept")
    assert blobs.collect_garbage().orphans == 0
    watch.move(minutes=31)
    assert blobs.collect_garbage().orphans == 1
    assert stored(blobs) == [kept.key]


def test_a_rolled_back_transaction_keeps_no_row(database: Database, blobs: Blobs, watch: Any) -> None:
    staged = blobs.stage(b"content", account_id=None, **FACE)
    with pytest.raises(ZeroDivisionError), database.write() as session:
        blobs.keep(session, staged, "image:1")
        raise ZeroDivisionError
    assert state(database, staged.key) is None
    watch.move(minutes=31)
    blobs.collect_garbage()
    assert stored(blobs) == []


def test_a_full_store_fails_the_transaction(database: Database, blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    staged = blobs.stage(b"content", account_id=None, **FACE)

    def full(path: Path, target: Path) -> Path:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(Exception, match="no room left"), database.write() as session:
        blobs.keep(session, staged, "image:1")
    assert state(database, staged.key) is None and stored(blobs) == []


def test_a_discarded_upload_is_gone(blobs: Blobs) -> None:
    staged = blobs.stage(b"content", account_id=None, **FACE)
    blobs.discard(staged)
    blobs.discard(staged)
    assert list(blobs.rules.staging.iterdir()) == []


def test_discarding_after_keeping_harms_nothing(database: Database, blobs: Blobs) -> None:
    staged = blobs.stage(b"content", account_id=None, **FACE)
    with database.write() as session:
        blobs.keep(session, staged, "image:1")
    blobs.discard(staged)
    assert b"".join(blobs.read(staged.key)) == b"content"


def test_a_kept_key_is_not_overwritten(database: Database, blobs: Blobs) -> None:
    one, two, again = (blobs.stage(content, account_id=None, **FACE) for content in (b"one", b"two", b"one"))
    with database.write() as session:
        blobs.keep(session, one, "image:1", key="spheroseg/fixed")
        with pytest.raises(Conflict):
            blobs.keep(session, two, "image:2", key="spheroseg/fixed")
        assert blobs.keep(session, again, "image:2", key="spheroseg/fixed").holder == "image:1"
    assert b"".join(blobs.read("spheroseg/fixed")) == b"one"
    with database.write() as session:
        blobs.release(session, "spheroseg/fixed")
        assert blobs.keep(session, two, "image:2", key="spheroseg/fixed").holder == "image:2"
    assert b"".join(blobs.read("spheroseg/fixed")) == b"two"
    assert blobs.collect_garbage().blobs == 0


def test_a_holder_needs_a_kind(database: Database, blobs: Blobs) -> None:
    staged = blobs.stage(b"content", account_id=None, **FACE)
    with database.write() as session, pytest.raises(ValueError, match="kind"):
        blobs.keep(session, staged, "image")


def test_equal_content_is_stored_once(database: Database, blobs: Blobs, owner: str) -> None:
    staged = [blobs.stage_content(b"embedding", account_id=owner, content_type="application/x-npy", **FACE) for _ in range(2)]
    with database.write() as session:
        rows = {blobs.keep(session, one, "cache:embeddings").key for one in staged}
    assert rows == {staged[0].key} == set(stored(blobs)) and list(blobs.rules.staging.iterdir()) == []


def test_released_content_can_be_kept_again_before_and_after_its_collection(database: Database, blobs: Blobs, owner: str) -> None:
    for collect in (False, True):
        staged = blobs.stage_content(b"embedding", account_id=owner, content_type="application/x-npy", **FACE)
        with database.write() as session:
            blobs.keep(session, staged, "cache:embeddings")
        assert b"".join(blobs.read(staged.key)) == b"embedding"
        with database.write() as session:
            assert blobs.release(session, staged.key) == 1
        if collect:
            assert blobs.collect_garbage().blobs == 1 and stored(blobs) == []


def test_released_blobs_go_with_the_next_collection(database: Database, blobs: Blobs) -> None:
    first, second, third = (keep(database, blobs, b"x", holder) for holder in ("image:1", "image:1", "image:2"))
    with database.read() as session:
        assert {row.key for row in blobs.find(session, "image:1")} == {first.key, second.key}
    with database.write() as session:
        assert blobs.release(session, "image:1", third.key, "image:unknown") == 3
        assert blobs.release(session, "image:1") == 0
    assert b"".join(blobs.read(first.key)) == b"x"
    assert blobs.collect_garbage().blobs == 3
    assert stored(blobs) == [] and [state(database, row.key) for row in (first, second, third)] == [None] * 3


def test_a_rolled_back_release_releases_nothing(database: Database, blobs: Blobs) -> None:
    row = keep(database, blobs, b"x", "image:1")
    with pytest.raises(ZeroDivisionError), database.write() as session:
        blobs.release(session, "image:1")
        raise ZeroDivisionError
    assert blobs.collect_garbage().blobs == 0 and state(database, row.key) == "kept"


def test_blobs_are_released_by_prefix_of_key_or_holder(database: Database, blobs: Blobs) -> None:
    export, cache = (
        keep(database, blobs, b"x", "export:1:zip", purpose="derived"),
        keep(database, blobs, b"x", "cache:a_b", purpose="cache"),
    )
    with database.write() as session:
        assert blobs.release_prefix(session, "spheroseg/cach_") == 0
        assert blobs.release_prefix(session, "spheroseg/cache/") == 1
        assert blobs.release_prefix(session, "export:1:") == 1
        with pytest.raises(ValueError, match="empty"):
            blobs.release_prefix(session, "")
    assert (state(database, export.key), state(database, cache.key)) == ("released", "released")


def test_usage_counts_what_is_kept_by_account_face_and_purpose(database: Database, blobs: Blobs, owner: str) -> None:
    keep(database, blobs, b"x" * 10, "image:1", owner)
    keep(database, blobs, b"x" * 5, "image:2", owner)
    keep(database, blobs, b"x" * 100, "image:1", owner, purpose="derived")
    keep(database, blobs, b"x" * 1000, "image:3", owner, face="quarry")
    keep(database, blobs, b"x" * 10_000, "image:4")
    with database.write() as session:
        blobs.release(session, "image:2")
        assert blobs.usage(session, owner, "spheroseg", "original") == 10
        assert blobs.usage(session, owner, "spheroseg") == 110
        assert blobs.usage(session, owner) == 1110
        assert blobs.usage(session, None, "spheroseg") == 10_000


def test_the_quota_is_kept_to_the_byte(database: Database, blobs: Blobs, owner: str) -> None:
    keep(database, blobs, b"x" * 60, "image:1", owner, quota=100)
    keep(database, blobs, b"x" * 40, "image:2", owner, quota=100)
    with pytest.raises(QuotaExceeded) as caught:
        keep(database, blobs, b"x", "image:3", owner, quota=100)
    assert caught.value.details == {"used": 100, "limit": 100, "adding": 1}
    keep(database, blobs, b"x", "image:3", owner, purpose="derived", quota=100)
    with database.write() as session:
        blobs.release(session, "image:1")
    keep(database, blobs, b"x", "image:4", owner, quota=100)


def test_simultaneous_uploads_cannot_share_the_last_room(database: Database, blobs: Blobs, owner: str) -> None:
    outcomes: list[str] = []

    def upload(number: int) -> None:
        try:
            keep(database, blobs, b"x" * 30, f"image:{number}", owner, quota=100)
            outcomes.append("kept")
        except QuotaExceeded:
            outcomes.append("refused")

    threads = [threading.Thread(target=upload, args=[number]) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["kept"] * 3 + ["refused"] * 7
    with database.read() as session:
        assert blobs.usage(session, owner) == 90


def announce(database: Database, blobs: Blobs, owner: str) -> str:
    with database.write() as session:
        return blobs.expect(session, account_id=owner, size=50, content_type="image/png", lifetime=timedelta(hours=1), **FACE).key


def test_an_announced_upload_is_received_and_confirmed(database: Database, blobs: Blobs, owner: str) -> None:
    key = announce(database, blobs, owner)
    with database.write() as session:
        assert blobs.usage(session, owner) == 50
        with pytest.raises(Conflict):
            blobs.confirm(session, key, "image:1")
    for content in (b"first try", b"second"):
        with database.write() as session:
            blobs.receive(session, key, blobs.stage(content, account_id=owner, **FACE))
    with database.write() as session:
        row = blobs.confirm(session, key, "image:1")
        assert (row.state, row.size, row.holder, row.expires_at) == ("kept", 6, "image:1", None)
        with pytest.raises(NotFound):
            blobs.receive(session, key, blobs.stage(b"too late", account_id=owner, **FACE))
    assert b"".join(blobs.read(key)) == b"second"


def test_an_announced_upload_that_is_not_confirmed_ends(database: Database, blobs: Blobs, owner: str, watch: Any) -> None:
    silent, received = announce(database, blobs, owner), announce(database, blobs, owner)
    with database.write() as session:
        blobs.receive(session, received, blobs.stage(b"content", account_id=owner, **FACE))
    watch.move(minutes=59)
    assert blobs.collect_garbage().blobs == 0
    watch.move(minutes=1)
    with database.write() as session, pytest.raises(NotFound):
        blobs.confirm(session, received, "image:1")
    assert blobs.collect_garbage().blobs == 2
    assert [state(database, key) for key in (silent, received)] == [None, None] and stored(blobs) == []


def test_blobs_of_a_deleted_account_can_still_be_collected(database: Database, blobs: Blobs, owner: str) -> None:
    row = keep(database, blobs, b"x", "image:1", owner)
    with database.write() as session:
        blobs.release(session, "image:1")
        session.delete(session.get_one(Account, owner))
    assert blobs.collect_garbage().blobs == 1 and state(database, row.key) is None


def test_only_the_platform_serves_local_files(database: Database, blobs: Blobs, store: LocalStore) -> None:
    row = keep(database, blobs, b"x", "image:1")
    assert blobs.sign(row.key, method="GET", expires_in=timedelta(minutes=1)) is None


def test_a_finished_file_is_staged_without_a_copy(blobs: Blobs, database: Database, tmp_path: Path) -> None:
    path = tmp_path / "result.sgy"
    path.write_bytes(b"samples" * 1000)
    inode = path.stat().st_ino
    staged = blobs.stage_file(path, account_id=None, suffix=".sgy", **FACE)
    assert (staged.size, staged.sha256) == (7000, hashlib.sha256(b"samples" * 1000).hexdigest())
    with database.write() as session:
        key = blobs.keep(session, staged, "dataset:1").key
    assert not path.exists()
    assert blobs.local_path(key).stat().st_ino == inode
    assert b"".join(blobs.read(key)) == b"samples" * 1000


def test_refused_bytes_of_an_announced_upload_go_and_others_may_come(database: Database, blobs: Blobs, owner: str) -> None:
    announced: dict[str, Any] = {"account_id": owner, "size": 5, "content_type": "image/png", "lifetime": timedelta(hours=1)}
    with database.write() as session:
        key = blobs.expect(session, key="products/one/photo.png", **announced, **FACE).key
    assert key == "products/one/photo.png"
    for content in (b"wrong", b"right"):
        with database.write() as session:
            blobs.receive(session, key, blobs.stage(content, account_id=owner, **FACE))
        if content == b"wrong":
            with database.write() as session:
                assert blobs.refuse(session, key).sha256 == ""
            assert stored(blobs) == []
            with database.write() as session, pytest.raises(Conflict):
                blobs.confirm(session, key, "image:1")
    with database.write() as session:
        blobs.confirm(session, key, "image:1")
    assert b"".join(blobs.read(key)) == b"right"
    with database.write() as session, pytest.raises(NotFound):
        blobs.refuse(session, key)
