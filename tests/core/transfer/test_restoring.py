import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from pentaprism.core.blobs.local import LocalStore
from pentaprism.core.blobs.store import BlobStat
from pentaprism.core.clock import now
from pentaprism.core.database.engine import Database
from pentaprism.core.database.migrate import DatabaseTooNew, revisions, upgrade
from pentaprism.core.errors import PlatformError, StorageFull
from pentaprism.core.jobs.tables import Worker
from pentaprism.core.transfer.backup import back_up
from pentaprism.core.transfer.errors import ArchiveInvalid, RowsRefused, TransferRefused
from pentaprism.core.transfer.restoring import restore
from transfer_world import Place, belongs

NewPlace = Callable[[str], Place]
Entries = list[tuple[tarfile.TarInfo, bytes]]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Read by all tests here, and changed by none."""
    folder = tmp_path_factory.mktemp("filled")
    place = Place(Database(f"sqlite:///{folder}/pentaprism.sqlite3"), LocalStore(folder / "blobs"), folder)
    place.fill()
    back_up(folder / "good.tar", place.database, place.store)
    yield place
    place.database.dispose()


@pytest.fixture
def empty(new_place: NewPlace) -> Place:
    return new_place("embedded")


@pytest.fixture
def archive(filled: Place, tmp_path: Path) -> Path:
    return Path(shutil.copy(filled.folder / "good.tar", tmp_path))


def entries(archive: Path) -> Entries:
    with tarfile.open(archive) as tar:
        files = [(info, tar.extractfile(info)) for info in tar]
        return [(info, file.read() if file is not None else b"") for info, file in files]


def rewritten(archive: Path, change: Callable[[Entries], Entries | None]) -> Path:
    """The archive after ``change``, every header fitting its entry again."""
    found = entries(archive)
    found = change(found) or found
    path = archive.with_name("changed.tar")
    with tarfile.open(path, "w") as tar:
        for info, data in found:
            info.size = len(data) if info.isreg() else 0
            tar.addfile(info, io.BytesIO(data))
    return path


def resealed(found: Entries) -> Entries:
    """The entries with a manifest that fits them: the work of somebody who knows the format."""
    manifest = json.loads(found[-1][1])
    manifest["entries"] = [
        {"name": info.name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for info, data in found[:-1]
        if not info.name.startswith("blobs/")
    ]
    return [*found[:-1], (found[-1][0], json.dumps(manifest).encode())]


def named(found: Entries, start: str) -> int:
    """Where the first entry is whose name begins with ``start``."""
    return next(at for at, (info, _) in enumerate(found) if info.name.startswith(start))


def refuses(error: type[PlatformError], words: str, path: Path, empty: Place) -> None:
    """The archive is refused in these ``words``, and nothing has happened."""
    with pytest.raises(error, match=words):
        restore(path, empty.database, empty.store)
    assert empty.rows() == {} and empty.files() == {}


@pytest.mark.parametrize("cut", [0, 100, 700, 5_000, 200_000, -10_241])
def test_a_file_that_breaks_off_is_refused(cut: int, archive: Path, empty: Place) -> None:
    data = archive.read_bytes()
    archive.write_bytes(data[:cut])
    refuses(ArchiveInvalid, "not whole|no backup", archive, empty)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "blobs/../x", "blobs/a//b", "blobs/.hidden", "tables/jobs/x.jsonl", "notes"]
)
def test_a_name_that_no_backup_has_is_refused(name: str, archive: Path, empty: Place, tmp_path: Path) -> None:
    before = set(tmp_path.rglob("*"))
    path = rewritten(archive, lambda found: [found[0], (tarfile.TarInfo(name), b"x"), *found[1:]])
    refuses(ArchiveInvalid, "that no backup has", path, empty)
    assert {file for file in set(tmp_path.rglob("*")) - before if file.is_file()} <= {path, *empty.folder.glob("pentaprism.sqlite3*")}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_folders_and_devices_are_refused(kind: bytes, archive: Path, empty: Place) -> None:
    link = tarfile.TarInfo("blobs/a")
    link.type, link.linkname = kind, "/etc/passwd"
    refuses(ArchiveInvalid, "no plain file", rewritten(archive, lambda found: [found[0], (link, b""), *found[1:]]), empty)


@pytest.mark.parametrize("start", ["tables/jobs", "tables/accounts", "blobs/spheroseg/original/01", "blobs.jsonl"])
def test_a_changed_bit_anywhere_is_found_and_named(start: str, archive: Path, empty: Place) -> None:
    def flip(found: Entries) -> None:
        at = named(found, start)
        info, data = found[at]
        found[at] = (info, bytes([*data[:9], data[9] ^ 1, *data[10:]]))

    refuses(ArchiveInvalid, "is not what was stored|Stored file|stored file", rewritten(archive, flip), empty)


def test_entries_that_are_left_out_doubled_or_added_are_found(archive: Path, empty: Place) -> None:
    def without(start: str) -> Callable[[Entries], Entries]:
        return lambda found: [entry for at, entry in enumerate(found) if at != named(found, start)]

    for start in ("tables/job_logs", "blobs/spheroseg/original/01", "blobs.jsonl", "manifest.json"):
        refuses(ArchiveInvalid, "is missing|not name the files", rewritten(archive, without(start)), empty)
    doubled = rewritten(
        archive, lambda found: [*found[: named(found, "blobs/")], found[named(found, "blobs/")], *found[named(found, "blobs/") :]]
    )
    refuses(ArchiveInvalid, "comes twice", doubled, empty)
    refuses(ArchiveInvalid, "after the end", rewritten(archive, lambda found: [*found, found[2]]), empty)
    refuses(ArchiveInvalid, "does not begin with a header", rewritten(archive, lambda found: found[1:]), empty)


def test_a_header_that_claims_gigabytes_needs_no_memory(archive: Path, empty: Place) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 6_000_000_000
    archive.write_bytes(info.tobuf() + archive.read_bytes())
    refuses(ArchiveInvalid, "too long", archive, empty)


def test_headers_that_lead_backwards_or_into_the_deep_are_refused(archive: Path, empty: Place) -> None:
    whole = archive.read_bytes()
    backwards, chain = tarfile.TarInfo("tables/jobs/000001.jsonl"), tarfile.TarInfo("x")
    backwards.size, chain.type = -1024, tarfile.GNUTYPE_LONGNAME
    for start in (backwards.tobuf(tarfile.GNU_FORMAT), chain.tobuf() * 5000):
        archive.write_bytes(start + whole)
        refuses(ArchiveInvalid, "fewer bytes than none|recursion|not whole", archive, empty)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"revision": "9999"}, DatabaseTooNew, "version 9999"),
        ({"layout": 2}, DatabaseTooNew, "version"),
        ({"revision": "0000"}, ArchiveInvalid, "never was"),
        ({"revision": "../x"}, ArchiveInvalid, "no backup that this release can read"),
        ({"format": "zip"}, ArchiveInvalid, "no backup that this release can read"),
        ({"more": 1}, ArchiveInvalid, "no backup that this release can read"),
    ],
)
def test_archives_of_another_kind_or_a_newer_release_are_refused(
    change: dict[str, Any], error: type[PlatformError], words: str, archive: Path, empty: Place
) -> None:
    def edit(found: Entries) -> Entries:
        found[0] = (found[0][0], json.dumps({**json.loads(found[0][1]), **change}).encode())
        return resealed(found)

    refuses(error, words, rewritten(archive, edit), empty)


def lines(found: Entries, table: str, edit: Callable[[list[Any]], Iterable[Any]]) -> Entries:
    at = named(found, f"tables/{table}/")
    rows = [json.loads(line) for line in found[at][1].splitlines()]
    found[at] = (found[at][0], b"".join(row if isinstance(row, bytes) else json.dumps(row).encode() + b"\n" for row in edit(rows)))
    return resealed(found)


@pytest.mark.parametrize(
    ("table", "edit", "error", "words"),
    [
        ("jobs", lambda rows: [{**rows[0], "extra": 1}], ArchiveInvalid, "Line 1 of tables/jobs.*columns"),
        ("jobs", lambda _: [b"{\n"], ArchiveInvalid, "Line 1 of tables/jobs"),
        ("jobs", lambda _: [b"[" * 100_000 + b"\n"], ArchiveInvalid, "Line 1 of tables/jobs"),
        ("jobs", lambda rows: [*rows[:-1], json.dumps(rows[-1]).encode()], ArchiveInvalid, "without an end"),
        ("jobs", lambda rows: [{**row, "created_at": "yesterday"} for row in rows], ArchiveInvalid, "Line 1 of tables/jobs"),
        ("jobs", lambda rows: [{**row, "created_at": "2026-01-01T00:00:00"} for row in rows], ArchiveInvalid, "no time zone"),
        ("quarry_results", lambda rows: [{**row, "masks": "%%%"} for row in rows], ArchiveInvalid, "Base64"),
        ("jobs", lambda rows: [{**row, "account_id": "nobody"} for row in rows], RowsRefused, "refers to a row of accounts"),
        ("jobs", lambda rows: [{**row, "kind": None} for row in rows], RowsRefused, "row of jobs"),
        ("jobs", lambda rows: [{**row, "kind": {"a": 1}} for row in rows], RowsRefused, "row of jobs"),
        ("accounts", lambda rows: [*rows, *rows], RowsRefused, "row of accounts"),
        ("job_logs", lambda rows: rows[:-1], RowsRefused, "job_logs holds 300 rows and should hold 301"),
    ],
)  # fmt: skip
def test_rows_that_are_none_are_refused_even_with_the_right_checksums(
    table: str, edit: Any, error: type[PlatformError], words: str, archive: Path, empty: Place
) -> None:
    refuses(error, words, rewritten(archive, lambda found: lines(found, table, edit)), empty)


def test_rows_of_an_unknown_table_are_refused(archive: Path, empty: Place) -> None:
    strange = (tarfile.TarInfo("tables/alembic_version/000001.jsonl"), b'{"version_num":"9999"}\n')
    refuses(ArchiveInvalid, "alembic_version", rewritten(archive, lambda found: resealed([found[0], strange, *found[1:]])), empty)


def test_a_store_that_fails_leaves_nothing_behind(archive: Path, empty: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    put, calls = empty.store.put, iter(range(9))

    def fail(key: str, chunks: Iterator[bytes]) -> BlobStat:
        if next(calls) == 2:
            raise StorageFull
        return put(key, chunks)

    monkeypatch.setattr(empty.store, "put", fail)
    refuses(StorageFull, "no room left", archive, empty)


def test_an_installation_that_is_in_use_is_refused_unless_told(archive: Path, filled: Place, new_place: NewPlace) -> None:
    other = new_place("embedded")
    other.fill()
    other.keep("spheroseg/original/07/mine.png", b"mine")
    before = other.rows()
    with pytest.raises(TransferRefused, match="There is an installation already"):
        restore(archive, other.database, other.store)
    assert other.rows() == before
    restore(archive, other.database, other.store, replace=True)
    assert other.rows() == belongs(filled.rows())
    assert filled.files().items() <= other.files().items()


def test_replacing_never_overwrites_other_bytes(archive: Path, new_place: NewPlace) -> None:
    other = new_place("embedded")
    upgrade(other.database)
    other.store.put("spheroseg/original/01/picture-1.png", [b"something else"])
    before = other.rows()
    with pytest.raises(TransferRefused, match="holds other bytes under"):
        restore(archive, other.database, other.store, replace=True)
    assert other.rows() == before and other.files() == {"spheroseg/original/01/picture-1.png": b"something else"}


def test_bytes_without_an_installation_are_refused(archive: Path, empty: Place) -> None:
    empty.store.put("holiday/beach.jpg", [b"x"])
    with pytest.raises(TransferRefused, match="The storage is not empty"):
        restore(archive, empty.database, empty.store)
    assert empty.rows() == {}


def test_an_installation_at_work_is_refused_whatever_is_told(archive: Path, new_place: NewPlace) -> None:
    other = new_place("embedded")
    other.fill()
    with other.database.write() as session:
        session.execute(update(Worker).values(heartbeat_at=now() - timedelta(seconds=1)))
    with pytest.raises(TransferRefused, match="in use by worker process"):
        restore(archive, other.database, other.store, replace=True)


def test_a_backup_of_an_earlier_release_is_upgraded_on_the_way(archive: Path, empty: Place, filled: Place) -> None:
    """The tables of the first release, as that release would have written them."""

    def older(found: Entries) -> Entries:
        gone = {f"tables/{name}/" for name in filled.rows() if name.startswith(("quarry_", "imagineai_", "promethium_", "snapasset_"))}
        kept = [entry for entry in found if not any(entry[0].name.startswith(start) for start in gone)]
        header, manifest = json.loads(kept[0][1]), json.loads(kept[-1][1])
        header["revision"] = revisions()[0]
        manifest["tables"] = {name: count for name, count in manifest["tables"].items() if f"tables/{name}/" not in gone}
        kept[0], kept[-1] = (kept[0][0], json.dumps(header).encode()), (kept[-1][0], json.dumps(manifest).encode())
        return resealed(kept)

    restore(rewritten(archive, older), empty.database, empty.store)
    rows = belongs(filled.rows())
    rows["quarry_results"] = []
    assert empty.rows() == rows
