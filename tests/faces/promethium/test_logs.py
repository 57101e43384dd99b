"""Logs of jobs: paging through many lines, and the words of each level."""

from typing import Any

import pytest

from seismic_files import segy_bytes, shots

GATHERS, PER_SHOT = 500, 8
DEAD = 3


@pytest.fixture
def job(ann: Any, tmp_path: Any) -> dict[str, Any]:
    """A job that has something to say about each of 500 gathers."""
    data = shots(GATHERS, PER_SHOT, samples=16)
    data[DEAD::PER_SHOT] = 0
    dataset = ann.dataset(segy_bytes(tmp_path, data, per_shot=PER_SHOT))
    assert dataset["geometry"]["gathers"] == GATHERS
    made = ann.job(dataset["id"], holdout=False, patch_size=64).json()
    ann.server.work()
    found: dict[str, Any] = ann.get(f"/jobs/{made['id']}").json()
    assert found["status"] == "completed", found
    return found


def test_paging_by_since_neither_loses_nor_repeats_a_line(ann: Any, job: dict[str, Any]) -> None:
    place = f"/jobs/{job['id']}/logs"
    everything = ann.get(f"{place}?limit=5000").json()["logs"]
    assert sum(line["message"].startswith("Processing gather") for line in everything) == GATHERS
    stamps = [line["timestamp"] for line in everything]
    assert stamps == sorted(set(stamps))
    collected: list[dict[str, Any]] = []
    since, truncated = None, True
    while truncated:
        page = ann.get(place, params={"limit": 37} | ({"since": since} if since else {})).json()
        collected, since, truncated = collected + page["logs"], page["next_since"], page["truncated"]
    assert collected == everything
    assert ann.get(place, params={"since": since}).json() == {"logs": [], "next_since": since, "truncated": False}
    assert job["logs"] == everything[-200:]


def test_levels_leave_out_what_lies_below_them(ann: Any, job: dict[str, Any]) -> None:
    place = f"/jobs/{job['id']}/logs?limit=5000"
    by_level = {level: ann.get(f"{place}&level={level}").json()["logs"] for level in ("debug", "info", "warning", "error")}
    order = ["debug", "info", "warning", "error"]
    for number, level in enumerate(order):
        assert {line["level"] for line in by_level[level]} <= set(order[number:])
    assert any("patch_size" in line["message"] for line in by_level["warning"])
    assert by_level["error"] == []
    refused = ann.get(f"{place}&level=loud")
    assert (refused.status_code, refused.json()["error"]["details"][0]["field"]) == (422, "level")
