"""Seismic files on the command line."""

from pathlib import Path
from typing import Any

import numpy as np
import obspy
import pytest
from PIL import Image

from seismic_files import read_segy, section, write_miniseed, write_segy

DEAD = [5, 6, 30]


def picture_size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Three shots of 24 traces as IBM floats, with three dead traces."""
    data = section(72, 200)
    data[DEAD] = 0
    fields = {9: np.repeat([101, 102, 103], 24), 37: np.tile(np.arange(24) * 25, 3)}
    return write_segy(tmp_path / "shots.sgy", data, code=1, fields=fields)


def test_info_tells_what_a_file_holds(pentaprism: Any, shots: Path, tmp_path: Path) -> None:
    found = pentaprism("seismic", "info", shots, "--picture", "section.png", "--json").json
    assert (found["traces"], found["samples"], found["sample_rate"]) == (72, 200, 250.0)
    assert found["dead_traces"]["indices"] == DEAD
    assert found["geometry"]["gather_key"] == "ffid"
    assert picture_size(tmp_path / "section.png") == (1200, 800)
    shown = pentaprism("seismic", "info", shots).out
    for words in ("72 x 200", "4000 µs (250 Hz)", "3 by ffid, 24 to 24 traces", "3 (3 zero)", "A SECTION FOR TESTS"):
        assert words in shown


def test_dead_traces_are_filled_and_nothing_else_changes(pentaprism: Any, shots: Path, tmp_path: Path) -> None:
    done = pentaprism("reconstruct", shots, "out.sgy", "--method", "linear", "--json").json
    assert (done["method"], done["filled"], done["metrics"]["metric_basis"]) == ("linear-reconstruction", 3, "holdout")
    before, after = read_segy(shots), read_segy(tmp_path / "out.sgy")
    assert np.flatnonzero((before != after).any(axis=1)).tolist() == DEAD
    assert after[DEAD].any(axis=1).all()
    stored = [np.frombuffer(path.read_bytes(), np.uint8) for path in (shots, tmp_path / "out.sgy")]
    differs = np.flatnonzero(stored[0] != stored[1]) - 3600
    assert set((differs // 1040).tolist()) == set(DEAD)
    assert (differs % 1040).min() >= 240
    assert picture_size(tmp_path / "out_comparison.png") == (1800, 700)


def test_named_traces_are_replaced_and_compared_with_the_truth(pentaprism: Any, shots: Path) -> None:
    done = pentaprism("reconstruct", shots, "out.npy", "--missing", "50,52-53", "--method", "linear", "--reference", shots, "--json").json
    assert done["filled"] == 3
    assert done["metrics"]["metric_basis"] == "reference"
    changed = np.flatnonzero((np.load("out.npy") != read_segy(shots)).any(axis=1))
    assert changed.tolist() == [50, 52, 53]


def test_denoising_writes_the_format_of_the_name(pentaprism: Any, shots: Path, tmp_path: Path) -> None:
    said = pentaprism("denoise", shots, "out.mseed", "--method", "fkwiener", "-p", "strength=high", "--picture", "seen.png").out
    assert "removed_energy_fraction" in said
    found = obspy.read(str(tmp_path / "out.mseed"))
    assert len(found) == 72
    assert found[0].stats.delta == pytest.approx(0.004)
    assert (tmp_path / "seen.png").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.mseed", "seen.png", "shots.sgy"]


def test_miniseed_is_reconstructed_as_miniseed(pentaprism: Any, tmp_path: Path) -> None:
    data = (section(12, 300) * 1000).astype("i4")
    data[4] = 0
    write_miniseed(tmp_path / "a.mseed", [(f"S{k}", 0.0, row) for k, row in enumerate(data)], encoding="STEIM2")
    pentaprism("reconstruct", "a.mseed", "b.mseed", "--method", "linear")
    found = obspy.read(str(tmp_path / "b.mseed"))
    assert [trace.id for trace in found] == [f"XX.S{k}..HHZ" for k in range(12)]
    rows = np.stack([trace.data for trace in found])
    assert np.array_equal(np.delete(rows, 4, axis=0), np.delete(data, 4, axis=0).astype(np.float32))
    assert rows[4].any()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--method", "psychic"], "no method psychic"),
        (["--method", "linear", "--missing", "72"], "72"),
        (["--method", "linear", "--missing", "all"], "missing_traces"),
        (["-p", "overlap"], "NAME=VALUE"),
        (["-p", "overlap=2"], "overlap"),
        (["--gather-key", "shot"], "gather_key"),
    ],
)
def test_a_wrong_command_is_named_and_writes_nothing(pentaprism: Any, shots: Path, tmp_path: Path, arguments: list[str], said: str) -> None:
    assert said in pentaprism("reconstruct", shots, "out.sgy", *arguments, status=2).err
    assert [path.name for path in tmp_path.iterdir()] == ["shots.sgy"]


def test_a_file_without_interval_needs_one_for_other_formats(pentaprism: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", section(12, 100))
    assert "--interval" in pentaprism("denoise", "a.npy", "b.sgy", "--method", "fkwiener", status=2).err
    pentaprism("denoise", "a.npy", "b.sgy", "--method", "fkwiener", "--interval", "2000")
    assert pentaprism("seismic", "info", "b.sgy", "--json").json["sample_rate"] == 500.0


def test_a_file_that_is_no_section_is_told_so(pentaprism: Any, tmp_path: Path) -> None:
    (tmp_path / "a.sgy").write_text("not seismic\n" * 1000)
    for command in (["seismic", "info", "a.sgy"], ["denoise", "a.sgy", "b.sgy"]):
        assert "Not a seismic file (accepted: SEG-Y, miniSEED, npy)" in pentaprism(*command, status=1).err
    assert "place of its input" in pentaprism("denoise", "a.sgy", "a.sgy", status=2).err
