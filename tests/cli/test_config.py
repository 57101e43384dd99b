"""Settings on the command line."""

from pathlib import Path
from typing import Any

import pytest


def settings(ran: Any) -> dict[str, dict[str, Any]]:
    return {line["name"]: line for line in ran.json}


def test_every_setting_has_a_value_an_origin_and_a_description(pentaprism: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "pentaprism.toml").write_text("[workers]\nprocesses = 3\n")
    monkeypatch.setenv("PENTAPRISM_SERVER__PORT", "9001")
    monkeypatch.setenv("DATABASE_URL", "postgresql://someone:hidden-word@db/x")
    ran = pentaprism("config", "--json")
    found = settings(ran)
    assert (found["workers.processes"]["value"], found["workers.processes"]["origin"]) == (3, "file")
    assert (found["server.port"]["value"], found["server.port"]["origin"]) == (9001, "environment")
    assert found["logs.level"]["origin"] == "default"
    assert "hidden-word" not in ran.out
    assert all(line["description"] for line in found.values())


def test_only_changed_settings_can_be_shown(pentaprism: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PENTAPRISM_WORKERS__PRELOAD")
    assert set(settings(pentaprism("config", "--changed", "--json"))) == {"data_dir"}


def test_a_value_that_cannot_be_used_is_named(pentaprism: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENTAPRISM_SERVER__PORT", "many")
    refused = pentaprism("config", status=2)
    assert "server.port" in refused.err
    assert "Traceback" not in refused.err
