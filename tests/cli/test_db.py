"""The database on the command line."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any


def test_upgrading_creates_the_tables_and_upgrading_again_changes_nothing(pentaprism: Any) -> None:
    assert "no database yet" in pentaprism("db", "status", status=1).err
    first = pentaprism("db", "upgrade", "--json").json
    assert first["before"] is None
    second = pentaprism("db", "upgrade", "--json").json
    assert second == {"before": first["after"], "after": first["after"]}
    status = pentaprism("db", "status", "--json").json
    assert status["current"] is True
    assert status["rows"]["accounts"] == 0
    assert {"jobs", "blobs"} <= status["rows"].keys()


def test_a_database_of_a_newer_release_is_named_and_left_alone(pentaprism: Any, tmp_path: Path) -> None:
    pentaprism("db", "upgrade")
    with closing(sqlite3.connect(tmp_path / "data" / "pentaprism.sqlite3")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert "older than the database" in pentaprism("db", "status", status=1).out
    assert "version 9999" in pentaprism("db", "upgrade", status=1).err
    found = {finding["check"]: finding for finding in pentaprism("doctor", "--json", status=1).json["findings"]}["database"]
    assert found["state"] == "error" and "9999" in found["found"] and "upgrade`" not in found["advice"]
    for upgrade in ("true", "false"):
        environment = {**os.environ, "PENTAPRISM_DATABASE__UPGRADE": upgrade}
        command = [sys.executable, "-m", "pentaprism", "serve", "--port", "0", "--workers", "0"]
        served = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
        assert served.returncode == 1
        assert "The server cannot start: The database has version 9999" in served.stderr
        assert "Traceback" not in served.stderr + served.stdout
