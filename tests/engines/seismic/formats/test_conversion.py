"""Sections in the formats of downloads, read by independent readers."""

import datetime
from pathlib import Path

import numpy as np
import obspy
import pytest

from pentaprism.engines.seismic import (
    Annotation,
    ArraySection,
    DeadTraces,
    IntervalUnknown,
    ParameterError,
    convert,
    describe,
    open_section,
)
from seismic_files import read_segy, section, storable, write_miniseed, write_segy


def test_npy_and_npz_open_in_numpy(tmp_path: Path) -> None:
    data = section(12, 50)
    data[3] = 0
    path = write_segy(tmp_path / "a.sgy", data, interval_us=2000, fields={9: np.arange(12) // 4, 37: np.arange(12) * 10, 109: 100})
    with open_section(path) as source:
        for kind in ("npy", "npz"):
            convert(source, tmp_path / f"b.{kind}", kind, filled=[5], dead=describe(source).dead)
    assert np.array_equal(np.load(tmp_path / "b.npy"), data)
    assert np.load(tmp_path / "b.npy").dtype == np.dtype("<f4")
    found = np.load(tmp_path / "b.npz")
    assert set(found) == {
        *("data", "filled", "dead", "sample_interval_us", "delay_ms", "ffid", "cdp", "offset", "inline", "crossline", "text_header")
    }
    assert np.array_equal(found["data"], data)
    assert (np.flatnonzero(found["filled"]).tolist(), np.flatnonzero(found["dead"]).tolist()) == ([5], [3])
    assert (float(found["sample_interval_us"]), found["ffid"].tolist(), found["delay_ms"].tolist()) == (
        2000.0,
        [0] * 4 + [1] * 4 + [2] * 4,
        [100.0] * 12,
    )
    assert str(found["text_header"]).startswith("C 1 A SECTION FOR TESTS")


def test_segy_of_an_array_opens_in_segyio_and_obspy(tmp_path: Path) -> None:
    data = section(5, 60)
    dead = DeadTraces(np.array([0, 0, 1, 0, 0], np.uint8))
    convert(ArraySection(data, 1000), tmp_path / "a.sgy", "segy", dead=dead)
    assert np.array_equal(read_segy(tmp_path / "a.sgy"), data)
    found = obspy.read(str(tmp_path / "a.sgy"), format="SEGY")
    assert np.array_equal(np.stack([trace.data for trace in found]), data)
    assert found[0].stats.delta == 0.001
    with open_section(tmp_path / "a.sgy") as again:
        fields = again.fields(["tracl", "samples", "interval_us", "trace_id"])
        assert fields["tracl"].tolist() == [1, 2, 3, 4, 5]
        assert set(fields["samples"].tolist()) == {60}
        assert set(fields["interval_us"].tolist()) == {1000}
        assert fields["trace_id"].tolist() == [1, 1, 2, 1, 1]
        assert again.headers()["binary_header"]["segy_revision"] == "1.0"


@pytest.mark.parametrize(("samples", "interval"), [(70_000, 250.0), (20, 1234.5), (20, 100_000.0)])
def test_what_revision_1_cannot_hold_becomes_revision_2(tmp_path: Path, samples: int, interval: float) -> None:
    data = section(2, samples)
    convert(ArraySection(data, interval), tmp_path / "a.sgy", "segy")
    with open_section(tmp_path / "a.sgy") as found:
        assert found.headers()["binary_header"]["segy_revision"] == "2.0"
        assert (found.samples, found.interval_us) == (samples, interval)
        assert np.array_equal(found.read(), data)


def test_miniseed_keeps_its_date_in_segy_and_back(tmp_path: Path) -> None:
    rows = storable(3, (2, 300)).astype("i4")
    path = write_miniseed(tmp_path / "a.mseed", [("A", 3.0, rows[0]), ("B", 3.0, rows[1])], encoding="INT32")
    with open_section(path) as source:
        convert(source, tmp_path / "b.sgy", "segy")
    with open_section(tmp_path / "b.sgy") as source:
        convert(source, tmp_path / "c.mseed", "miniseed")
    assert obspy.read(str(tmp_path / "c.mseed"))[0].stats.starttime == obspy.UTCDateTime(2024, 1, 1, 0, 0, 3)


def test_an_unknown_interval_stops_segy_and_miniseed_only(tmp_path: Path) -> None:
    source = ArraySection(section(3, 20))
    for kind in ("segy", "miniseed"):
        with pytest.raises(IntervalUnknown):
            convert(source, tmp_path / "a", kind)
        assert not (tmp_path / "a").exists()
    convert(source, tmp_path / "a", "npz")
    with pytest.raises(ParameterError, match="Unknown format"):
        convert(source, tmp_path / "b", "segd")


@pytest.mark.parametrize("ascii_text", [False, True])
def test_an_annotated_copy_differs_in_two_lines_and_the_ids_of_filled_dead_traces(tmp_path: Path, ascii_text: bool) -> None:
    path = write_segy(tmp_path / "a.sgy", section(6, 30), fields={29: [1, 2, 2, 1, 1, 1]}, endian="little")
    if ascii_text:
        stored = bytearray(path.read_bytes())
        stored[:3200] = b"C 1 PLAIN TEXT".ljust(80) * 40
        path.write_bytes(stored)
    with open_section(path) as source:
        convert(source, tmp_path / "b.sgy", "segy", filled=[2, 4])
        assert (tmp_path / "b.sgy").read_bytes() == path.read_bytes()
        convert(source, tmp_path / "c.sgy", "segy", filled=[2, 4], annotate=Annotation("radon 1.0", datetime.date(2024, 5, 6)))
    before, after = np.fromfile(path, np.uint8), np.fromfile(tmp_path / "c.sgy", np.uint8)
    differs = np.flatnonzero(before != after)
    assert set(differs[differs >= 3200].tolist()) == {3600 + 2 * 360 + 28}
    assert differs[differs < 3200].min() >= 38 * 80
    with open_section(tmp_path / "c.sgy") as found:
        lines = found.headers()["text_header"].split("\n")
        assert "RADON 1.0" in lines[38]
        assert "2024-05-06" in lines[39]
        assert found.fields(["trace_id"])["trace_id"].tolist() == [1, 2, 1, 1, 1, 1]
