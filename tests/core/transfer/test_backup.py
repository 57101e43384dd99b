import tarfile
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import insert

from pentaprism.core.blobs.hold import is_held
from pentaprism.core.clock import now
from pentaprism.core.database.migrate import upgrade
from pentaprism.core.jobs.tables import JobLog
from pentaprism.core.transfer.backup import back_up
from pentaprism.core.transfer.checking import check
from pentaprism.core.transfer.errors import TransferRefused
from pentaprism.core.transfer.restoring import restore
from transfer_world import CHILD, Place, belongs

NewPlace = Callable[[str], Place]


def test_what_was_backed_up_is_restored_byte_for_byte_on_either_kind(source: Place, target: Place, tmp_path: Path) -> None:
    done = back_up(tmp_path / "a.tar", source.database, source.store)
    restored = restore(tmp_path / "a.tar", target.database, target.store)
    assert target.rows() == belongs(source.rows())
    assert target.files() == source.files()
    assert (restored.rows, restored.blobs) == (done.rows, done.blobs) == (sum(map(len, target.rows().values())), 3)
    assert (tmp_path / "a.tar").stat().st_mode & 0o777 == 0o600
    with target.database.write() as session:
        session.execute(insert(JobLog).values(job_id=CHILD, message="its number is the next one"))
    assert max(row["id"] for row in target.rows()["job_logs"]) == 302


def test_each_part_is_told_from_its_beginning_to_its_end(new_place: NewPlace, tmp_path: Path) -> None:
    source, target = new_place("embedded"), new_place("embedded")
    source.fill()
    told: dict[str, list[tuple[int, int]]] = {}

    def report(part: str, done: int, total: int) -> None:
        told.setdefault(part, []).append((done, total))

    back_up(tmp_path / "a.tar", source.database, source.store, report=report)
    assert list(told) == ["rows", "files"]
    restore(tmp_path / "a.tar", target.database, target.store, report=report)
    assert list(told) == ["rows", "files", "check"]
    for part in told.values():
        assert part[0][0] == 0 and part[-1][0] == part[-1][1] > 0 and part[0][1] == part[-1][1]


def test_any_program_can_read_the_archive(source: Place, tmp_path: Path) -> None:
    back_up(tmp_path / "a.tar", source.database, source.store, secret=b"s" * 32)
    with tarfile.open(tmp_path / "a.tar") as tar:
        names = tar.getnames()
        assert names[:2] == ["header.json", "secret"] and names[-2:] == ["blobs.jsonl", "manifest.json"]
        found = tar.extractfile("blobs/spheroseg/original/01/picture-1.png")
        assert found is not None and found.read() == b"one byte more than nothing"
    assert check(tmp_path / "a.tar").secret == b"s" * 32


def test_a_backup_shows_one_moment_however_much_is_written_meanwhile(source: Place, new_place: NewPlace, tmp_path: Path) -> None:
    target = new_place("embedded")
    begun, written = Event(), Event()

    def write_more() -> None:
        begun.wait(20)
        with source.database.write() as session:
            session.execute(insert(JobLog).values(job_id=CHILD, message="too late"))
        with source.database.write() as session:
            source.blobs.release(session, "image:1")
        source.blobs.collect_garbage()
        written.set()

    def report(part: str, done: int, _: int) -> None:
        if part == "rows" and done and not begun.is_set():
            begun.set()
            assert written.wait(20)

    before, files = belongs(source.rows()), source.files()
    thread = Thread(target=write_more)
    thread.start()
    done = back_up(tmp_path / "a.tar", source.database, source.store, report=report)
    thread.join()
    restore(tmp_path / "a.tar", target.database, target.store)
    assert done.missing == []
    assert target.rows() == before and target.files() == files
    with source.database.read() as session:
        assert not is_held(session, now())
    assert source.blobs.collect_garbage().blobs == 3


def test_lost_and_damaged_files_are_named_and_the_rest_is_kept(new_place: NewPlace, tmp_path: Path) -> None:
    source, target = new_place("embedded"), new_place("embedded")
    source.fill()
    source.store.delete("spheroseg/original/00/picture-0.png")
    source.store.put("spheroseg/original/01/picture-1.png", [b"bit rot"])
    done = back_up(tmp_path / "a.tar", source.database, source.store)
    assert done.missing == ["spheroseg/original/00/picture-0.png"]
    assert done.damaged == ["spheroseg/original/01/picture-1.png"]
    assert restore(tmp_path / "a.tar", target.database, target.store).contents.manifest.damaged == done.damaged
    assert target.files() == source.files()


def test_nothing_is_overwritten_and_nothing_is_left_behind(new_place: NewPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = new_place("embedded")
    with pytest.raises(TransferRefused, match="no tables"):
        back_up(tmp_path / "a.tar", source.database, source.store)
    source.fill()
    (tmp_path / "a.tar").write_text("mine")
    with pytest.raises(TransferRefused, match="there already"):
        back_up(tmp_path / "a.tar", source.database, source.store)
    assert (tmp_path / "a.tar").read_text() == "mine"

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(source.store, "open", full)
    with pytest.raises(TransferRefused, match="No space left"):
        back_up(tmp_path / "b.tar", source.database, source.store)
    assert not list(tmp_path.glob("b.tar*"))


def test_an_empty_installation_is_an_archive_too(new_place: NewPlace, tmp_path: Path) -> None:
    source, target = new_place("embedded"), new_place("embedded")
    upgrade(source.database)
    back_up(tmp_path / "a.tar", source.database, source.store)
    assert restore(tmp_path / "a.tar", target.database, target.store).rows == 0
