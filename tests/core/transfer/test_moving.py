import sqlite3
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import timedelta
from subprocess import PIPE, Popen

import pytest
from sqlalchemy import insert, text, update

from pentaprism.core.blobs.store import BlobStat
from pentaprism.core.clock import now
from pentaprism.core.database.engine import Database
from pentaprism.core.errors import Unavailable
from pentaprism.core.jobs.tables import JobLog, Worker
from pentaprism.core.transfer.errors import RowsRefused, TransferRefused
from pentaprism.core.transfer.moving import move
from transfer_world import CHILD, Place, belongs

NewPlace = Callable[[str], Place]


def test_an_installation_moves_whole_and_its_source_stays_as_it_was(source: Place, target: Place) -> None:
    rows, files = source.rows(), source.files()
    done = move(source.database, target.database, stores=(source.store, target.store))
    assert target.rows() == belongs(rows) and target.files() == files
    assert source.rows() == rows and source.files() == files
    assert done.tables["job_logs"] == 301 and (done.blobs, done.present) == (3, 0)
    with target.database.write() as session:
        session.execute(insert(JobLog).values(job_id=CHILD, message="one more"))


def test_a_run_that_broke_off_is_repeated_and_finds_what_it_has_stored(new_place: NewPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = new_place("embedded"), new_place("production")
    source.fill()
    put, calls = target.store.put, []

    def fail_at_last(key: str, chunks: Iterable[bytes]) -> BlobStat:
        calls.append(key)
        if len(calls) == 3:
            raise Unavailable("The storage cannot be reached")
        return put(key, chunks)

    monkeypatch.setattr(target.store, "put", fail_at_last)
    with pytest.raises(Unavailable):
        move(source.database, target.database, stores=(source.store, target.store))
    assert target.rows() == {} and len(target.files()) == 2
    monkeypatch.undo()
    assert move(source.database, target.database, stores=(source.store, target.store)).present == 2
    assert target.rows() == belongs(source.rows()) and target.files() == source.files()
    with pytest.raises(TransferRefused, match="holds rows"):
        move(source.database, target.database, stores=(source.store, target.store))


def test_bytes_that_do_not_come_back_as_they_were_stored_end_the_move(new_place: NewPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = new_place("embedded"), new_place("embedded")
    source.fill()
    put = target.store.put
    monkeypatch.setattr(target.store, "put", lambda key, chunks: put(key, [b"".join(chunks)[:-1]]))
    with pytest.raises(TransferRefused, match="does not give back"):
        move(source.database, target.database, stores=(source.store, target.store))
    assert target.rows() == {}


def test_another_store_with_files_of_somebody_else_is_refused(new_place: NewPlace) -> None:
    source, target = new_place("embedded"), new_place("production")
    source.fill()
    target.store.put("holiday/beach.jpg", [b"x"])
    with pytest.raises(TransferRefused, match=r"holiday/beach\.jpg"):
        move(source.database, target.database, stores=(source.store, target.store))
    assert target.rows() == {} and set(target.files()) == {"holiday/beach.jpg"}


def test_rows_that_postgresql_cannot_hold_are_named_and_nothing_is_written(new_place: NewPlace) -> None:
    source, target = new_place("embedded"), new_place("production")
    source.fill()
    with source.database.write() as session:
        session.execute(text("UPDATE jobs SET message = :message"), {"message": "x" * 501})
    with pytest.raises(RowsRefused, match="jobs: value too long"):
        move(source.database, target.database)
    assert target.rows() == {}


def test_a_live_worker_keeps_the_installation_where_it_is(new_place: NewPlace) -> None:
    source, target = new_place("embedded"), new_place("embedded")
    source.fill()
    with source.database.write() as session:
        session.execute(update(Worker).values(heartbeat_at=now() - timedelta(seconds=3)))
    with pytest.raises(TransferRefused, match="worker process 1 on h"):
        move(source.database, target.database)


def test_a_process_with_the_file_open_keeps_the_installation_where_it_is(new_place: NewPlace) -> None:
    source, target = new_place("embedded"), new_place("embedded")
    source.fill()
    script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT 1 FROM jobs'); print(1, flush=True); input()"
    with Popen([sys.executable, "-c", script, f"{source.folder}/pentaprism.sqlite3"], stdin=PIPE, stdout=PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(TransferRefused, match=f"in use by process {other.pid}"):
            move(source.database, target.database)
        other.communicate(b"\n")
    move(source.database, target.database)


def test_a_session_of_a_gateway_keeps_the_installation_where_it_is(new_place: NewPlace) -> None:
    source, target = new_place("production"), new_place("embedded")
    source.fill()
    gateway = Database(source.database.url)
    with gateway.read() as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(TransferRefused, match="1 connections of Pentaprism"):
            move(source.database, target.database)
    gateway.dispose()


def test_the_source_is_only_read(new_place: NewPlace) -> None:
    source, target = new_place("embedded"), new_place("embedded")
    source.fill()
    source.database.dispose()
    path = source.folder / "pentaprism.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.read_bytes()
    move(source.database, target.database, stores=(source.store, target.store))
    source.database.dispose()
    assert path.read_bytes() == before
