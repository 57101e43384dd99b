"""Backups and moves on the command line."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest


def stored(data: Path) -> list[Any]:
    with closing(sqlite3.connect(data / "pentaprism.sqlite3")) as connection:
        return connection.execute("SELECT id, email, password_hash FROM accounts").fetchall()


@pytest.fixture
def account(pentaprism: Any) -> str:
    pentaprism("user", "add", "ada@example.com", "--password", "correct horse battery")
    return "ada@example.com"


def test_a_backup_goes_into_an_empty_folder_and_no_other(pentaprism: Any, tmp_path: Path, account: str) -> None:
    made = pentaprism("backup", "create", "--out", "a.tar", "--json").json
    assert made["rows"] == 1 and made["missing"] == made["damaged"] == []
    done = pentaprism("backup", "restore", "a.tar", "--data-dir", tmp_path / "other", "--json").json
    assert (done["rows"], done["secret"]) == (1, "none")
    assert stored(tmp_path / "other") == stored(tmp_path / "data")
    assert not (tmp_path / "other" / "secret").exists()
    assert "installation already" in pentaprism("backup", "restore", "a.tar", "--data-dir", tmp_path / "other", status=1).err
    pentaprism("backup", "restore", "a.tar", "--data-dir", tmp_path / "other", "--replace")
    assert "there already" in pentaprism("backup", "create", "--out", "a.tar", status=1).err


def test_the_secret_travels_only_when_asked_and_replaces_none(pentaprism: Any, tmp_path: Path, account: str) -> None:
    told = pentaprism("backup", "create", "--out", "a.tar", "--with-secret")
    assert "safe as passwords" in told.err
    assert pentaprism("backup", "restore", "a.tar", "--data-dir", tmp_path / "b", "--json").json["secret"] == "restored"
    secret = tmp_path / "b" / "secret"
    assert secret.read_bytes() == (tmp_path / "data" / "secret").read_bytes()
    assert secret.stat().st_mode & 0o777 == 0o600
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "secret").write_bytes(b"x" * 32)
    assert "keeps a secret of its own" in pentaprism("backup", "restore", "a.tar", "--data-dir", tmp_path / "c").out
    assert (tmp_path / "c" / "secret").read_bytes() == b"x" * 32


def test_complaints_are_sentences(pentaprism: Any, tmp_path: Path) -> None:
    assert "There is no installation" in pentaprism("backup", "create", status=1).err
    assert not (tmp_path / "data" / "pentaprism.sqlite3").exists()
    (tmp_path / "x.tar").write_bytes(b"no tar" * 1000)
    for name in ("x.tar", "absent.tar", "."):
        assert len(pentaprism("backup", "restore", name, status=1).err.splitlines()) == 1


def test_rows_move_and_files_stay_where_no_other_storage_is_named(pentaprism: Any, tmp_path: Path, account: str) -> None:
    (tmp_path / "other").mkdir()
    url = f"sqlite:///{tmp_path}/other/pentaprism.sqlite3"
    told = pentaprism("migrate-data", "--to-database", url)
    assert "Copied 1 rows and no files; all counts and checksums agree." in told.out
    assert stored(tmp_path / "other") == stored(tmp_path / "data")
    assert "holds rows" in pentaprism("migrate-data", "--to-database", url, status=1).err
    same = f"sqlite:///{tmp_path}/data/pentaprism.sqlite3"
    assert "in this database already" in pentaprism("migrate-data", "--to-database", same, status=1).err
    assert "mysql" in pentaprism("migrate-data", "--to-database", "mysql://x/y", status=2).err


def test_files_move_too_where_a_storage_is_named(pentaprism: Any, tmp_path: Path, account: str) -> None:
    url = f"sqlite:///{tmp_path}/db.sqlite3"
    done = pentaprism("migrate-data", "--to-database", url, "--to-blobs", f"file://{tmp_path}/blobs", "--json").json
    assert (done["rows"], done["blobs"], done["present"]) == (1, 0, 0)
    assert "names ftp" in pentaprism("migrate-data", "--to-database", f"{url}2", "--to-blobs", "ftp://x", status=2).err
