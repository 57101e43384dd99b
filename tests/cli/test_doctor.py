"""What the doctor finds."""

import socket
from pathlib import Path
from typing import Any

import pytest


def findings(ran: Any) -> dict[str, dict[str, Any]]:
    return {finding["check"]: finding for finding in ran.json["findings"]}


def test_a_fresh_installation_is_ready_to_run(pentaprism: Any) -> None:
    ran = pentaprism("doctor", "--json")
    assert ran.json["ok"] is True
    found = findings(ran)
    assert found["packages"]["state"] == "ok"
    assert found["database"]["state"] == "note"
    assert all(item["advice"] for item in found.values() if item["state"] in {"warning", "error"})


def test_servers_that_do_not_answer_are_named_with_what_to_do(pentaprism: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{unused.getsockname()[1]}/0")
        ran = pentaprism("doctor", "--json", status=1)
    found = findings(ran)
    assert found["redis"]["state"] == "error"
    assert found["redis"]["advice"]


def test_a_secret_that_others_can_read_is_a_warning(pentaprism: Any, tmp_path: Path) -> None:
    pentaprism("user", "list")
    secret = tmp_path / "data" / "secret"
    assert findings(pentaprism("doctor", "--json"))["secret"]["state"] == "ok"
    secret.chmod(0o644)
    assert findings(pentaprism("doctor", "--json"))["secret"]["state"] == "warning"


def test_a_data_folder_that_cannot_be_made_is_an_error(pentaprism: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    ran = pentaprism("doctor", "--data-dir", tmp_path / "file", "--json", status=1)
    assert findings(ran)["data folder"]["state"] == "error"


def test_a_port_in_use_is_noticed(pentaprism: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("PENTAPRISM_SERVER__PORT", str(taken.getsockname()[1]))
        assert findings(pentaprism("doctor", "--json"))["port"]["state"] == "warning"
