"""What local files do when the process dies or the disk is full."""

import errno
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pentaprism.core.blobs.local import LocalStore
from pentaprism.core.errors import NotFound, StorageFull, Unavailable

LATER = timedelta(minutes=1)

ENDLESS_WRITER = """
    import hashlib, sys
    from pathlib import Path
    from pentaprism.core.blobs.local import LocalStore

    store, number = LocalStore(Path(sys.argv[1])), 0
    while True:
        number += 1
        block = bytes([number % 256]) * 250_000
        store.put(f"face/{number % 7}/{number}-{hashlib.sha256(block * 4).hexdigest()}", iter([block] * 4))
        print(number, flush=True)
"""

SLOW_WRITER = """
    import sys, time
    from pathlib import Path
    from pentaprism.core.blobs.local import LocalStore

    def chunks():
        yield b"x" * 1_000_000
        print("under way", flush=True)
        time.sleep(60)

    LocalStore(Path(sys.argv[1])).put("face/slow", chunks())
"""

CRAMPED_WRITER = """
    import io, resource, sys
    from pathlib import Path
    from pentaprism.core.blobs.local import LocalStore
    from pentaprism.core.errors import StorageFull

    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
    store = LocalStore(Path(sys.argv[1]))
    store.put("face/small", [b"x" * 900_000])
    for key in ("face/small", "face/large"):
        try:
            store.put(key, [b"y" * 600_000, b"y" * 600_000])
        except StorageFull as error:
            print(error.code)
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_killed_writer_leaves_no_visible_blob(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    with start(SLOW_WRITER, tmp_path) as writer:
        assert writer.stdout is not None and writer.stdout.readline() == "under way\n"
        writer.send_signal(signal.SIGKILL)
    assert list(store.list()) == []
    with pytest.raises(NotFound):
        store.stat("face/slow")
    assert len(files(tmp_path)) == 1
    assert store.sweep(datetime.now(UTC) - LATER) == 0
    assert store.sweep(datetime.now(UTC) + LATER) == 1
    assert files(tmp_path) == []


def test_kills_at_random_moments_leave_whole_blobs_only(tmp_path: Path) -> None:
    store, chance = LocalStore(tmp_path), random.Random(7)
    for _ in range(6):
        with start(ENDLESS_WRITER, tmp_path) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(chance.uniform(0, 0.15))
            writer.send_signal(signal.SIGKILL)
            told = [int(line) for line in writer.stdout]
        stats = list(store.list())
        assert stats and all(stat.size == 1_000_000 for stat in stats)
        numbers = {int(stat.key.split("/")[2].split("-")[0]) for stat in stats}
        assert set(told) <= numbers


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with start(CRAMPED_WRITER, tmp_path) as writer:
        assert writer.stdout is not None and writer.stdout.read() == "STORAGE_FULL\nSTORAGE_FULL\n"
    store = LocalStore(tmp_path)
    assert [(stat.key, stat.size) for stat in store.list()] == [("face/small", 900_000)]
    assert b"".join(store.read("face/small")) == b"x" * 900_000
    assert len(files(tmp_path)) == 1


def test_a_file_on_another_file_system_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "upload"
    source.write_bytes(b"content" * 100_000)
    rename = Path.replace

    def refuse_once(path: Path, target: Path) -> Any:
        if path == source:
            raise OSError(errno.EXDEV, "another file system")
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", refuse_once)
    store = LocalStore(tmp_path / "store")
    assert store.adopt("face/a", source).size == 700_000
    assert b"".join(store.read("face/a")) == b"content" * 100_000 and not source.exists()


def test_a_failing_disk_is_told_without_its_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, "input/output error", str(tmp_path))

    store = LocalStore(tmp_path)
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(Unavailable) as caught:
        store.put("a", [b"content"])
    assert caught.value.message == "Storage is unavailable" and not isinstance(caught.value, StorageFull)
    assert list(store.list()) == [] and files(tmp_path) == []


def test_every_file_and_folder_is_flushed_before_put_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: set[str] = set()
    real = os.fsync

    def watch(descriptor: int) -> None:
        flushed.add(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    store = LocalStore(tmp_path)
    monkeypatch.setattr(os, "fsync", watch)
    store.put("a/b/c", [b"content"])
    assert {str(tmp_path), str(tmp_path / "a"), str(tmp_path / "a/b")} <= flushed
    assert any("/.drafts/" in path for path in flushed)
    flushed.clear()
    store.put("a/b/d", [b"content"])
    assert str(tmp_path / "a/b") in flushed and str(tmp_path) not in flushed
    store.delete("a/b/c")
    store.delete("a/b/d")
    flushed.clear()
    store.put("a/b/c", [b"content"])
    assert {str(tmp_path), str(tmp_path / "a"), str(tmp_path / "a/b")} <= flushed


def test_emptied_folders_go(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put("a/b/c/d", [b"content"])
    store.put("a/x", [b"content"])
    store.delete("a/b/c/d")
    assert not (tmp_path / "a/b").exists() and (tmp_path / "a").exists()
    store.delete("a/x")
    assert [path.name for path in tmp_path.iterdir()] == [".drafts"]
