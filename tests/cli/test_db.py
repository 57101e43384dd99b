"""The database on the command line."""

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
