"""Statistics, dead traces, gathers and geometry against plain NumPy."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentaprism.engines.seismic import (
    ArraySection,
    ParameterError,
    describe,
    find_dead,
    find_gathers,
    gather_rows,
    most_filled,
    open_section,
    trace_rows,
)
from pentaprism.engines.seismic.statistics import percentile_abs
from seismic_files import section, storable, write_miniseed, write_segy


@pytest.mark.parametrize("code", [1, 2, 3, 5, 6, 8, 16])
def test_statistics_are_those_of_numpy_over_finite_samples_of_live_traces(tmp_path: Path, code: int) -> None:
    data = storable(code, (50, 120), seed=code)
    data[7] = 0
    data[8] = 5
    if code in (5, 6):
        data[3, 10:20] = np.nan
        data[4, 2] = -np.inf
        data[9] = np.nan
    found = describe(write_segy(tmp_path / "a.sgy", data, code=code))
    live = np.ones(50, bool)
    live[[7, 8, *([9] if code in (5, 6) else [])]] = False
    values = data[live].astype(np.float32).astype(float)
    values = values[np.isfinite(values)]
    expected = (values.min(), values.max(), values.mean(), np.sqrt((values**2).mean()), np.percentile(np.abs(values), 99))
    got = found.statistics
    assert (got.min, got.max, got.mean, got.rms, got.p99_abs) == pytest.approx(expected, rel=1e-6)
    assert got.zero_fraction == pytest.approx((values == 0).mean())
    assert got.nonfinite == (11 + 120 if code in (5, 6) else 0)
    assert got.sampled is False
    assert found.dead.as_json() == {
        "count": int((~live).sum()),
        "indices": np.flatnonzero(~live).tolist(),
        "reasons": {"zero": 1, "nonfinite": int(code in (5, 6)), "constant": 1, "header_code": 0, "missing": 0},
    }
    assert [warning["code"] for warning in found.warnings] == (["NONFINITE_INPUT"] if code in (5, 6) else [])
    json.dumps(found.as_json(), allow_nan=False)


@pytest.mark.parametrize("code", [1, 3, 5])
def test_statistics_of_several_windows_are_right_and_the_same_each_time(tmp_path: Path, code: int) -> None:
    data = storable(code, (5700, 1000), seed=code)
    data[:700, :200] = 0
    data[[0, 130, 131, 1124, 1125, 5699]] = 0
    data[1249] = 7
    path = write_segy(tmp_path / "a.sgy", data, code=code)
    found = describe(path)
    dead = [0, 130, 131, 1124, 1125, 1249, 5699]
    values = np.delete(data, dead, axis=0).astype(np.float32).astype(float)
    got = found.statistics
    assert (got.min, got.max, got.zero_fraction) == (values.min(), values.max(), (values == 0).mean())
    rms = np.sqrt((values**2).mean())
    assert (got.mean, got.rms) == pytest.approx((values.mean(), rms), abs=1e-6 * rms)
    assert found.dead.indices.tolist() == dead
    with open_section(path) as source:
        assert find_dead(source).indices.tolist() == dead
    assert [describe(path).as_json() for _ in range(3)] == [found.as_json()] * 3


def test_a_trace_with_one_sample_that_differs_is_alive() -> None:
    data = np.zeros((3, 900), np.float32)
    data[0, 451] = 1
    data[2] = 1
    assert find_dead(ArraySection(data)).as_json()["reasons"] == {"zero": 1, "nonfinite": 0, "constant": 1, "header_code": 0, "missing": 0}


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 400), st.floats(50, 100), st.integers(0, 2**32 - 1))
def test_the_percentile_is_that_of_numpy(size: int, percentile: float, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=size).astype(np.float32)
    assert percentile_abs(values.copy(), percentile) == pytest.approx(np.percentile(np.abs(values), percentile), rel=1e-6)


def test_the_percentile_of_a_large_section_comes_from_samples_spread_evenly() -> None:
    data = np.random.default_rng(0).normal(size=(1500, 1000)).astype(np.float32) * np.linspace(0.1, 3, 1000, dtype=np.float32)
    found = describe(ArraySection(data, 1000)).statistics
    assert found.sampled is True
    assert found.p99_abs == pytest.approx(np.percentile(np.abs(data), 99), rel=0.02)
    assert found.mean == pytest.approx(data.mean(dtype=float), abs=1e-6 * float(found.rms or 0))


def test_a_section_without_live_traces_has_no_statistics() -> None:
    found = describe(ArraySection(np.zeros((4, 10), np.float32)))
    assert found.statistics.as_json() == {
        **dict.fromkeys(("min", "max", "mean", "rms", "p99_abs", "zero_fraction")),
        "nonfinite": 0,
        "sampled": False,
    }
    assert (found.sample_rate, found.warnings[0]["code"]) == (None, "INTERVAL_UNKNOWN")


def test_four_milliseconds_are_250_hertz(tmp_path: Path) -> None:
    assert describe(write_segy(tmp_path / "a.sgy", section(3, 20), interval_us=4000)).sample_rate == 250.0
    assert describe(write_segy(tmp_path / "b.sgy", section(3, 20), interval_us=3000)).sample_rate == 333.333333


def test_filled_traces_are_not_dead_whatever_their_header_says(tmp_path: Path) -> None:
    path = write_segy(tmp_path / "a.sgy", section(6, 30), fields={29: [1, 2, 1, 2, 1, 1]})
    with open_section(path) as source:
        assert find_dead(source).indices.tolist() == [1, 3]
        assert find_dead(source, filled=[3]).indices.tolist() == [1]
    assert describe(path, filled=[1, 3]).dead.count == 0


def test_a_stream_that_is_mostly_missing_is_dead(tmp_path: Path) -> None:
    rows = np.cumsum(np.random.default_rng(0).integers(-9, 9, (2, 1000)), axis=1).astype("i4")
    path = write_miniseed(tmp_path / "a.mseed", [("A", 0.0, rows[0]), ("B", 0.0, rows[1][:400])], encoding="STEIM1")
    found = describe(path)
    assert found.dead.as_json()["reasons"]["missing"] == 1
    assert found.gaps == [{"trace": 1, "first_sample": 400, "samples": 600}]
    assert found.statistics.mean == pytest.approx(rows[0].mean())


def shots(tmp_path: Path) -> Path:
    fields = {9: np.repeat([101, 102, 105], 12), 37: np.tile(np.arange(12) * 25 + 200, 3), 73: 1000, 77: 2000, 81: 1500, 85: 2500, 71: -10}
    return write_segy(tmp_path / "shots.sgy", section(36, 40), fields=fields)


def test_shots_are_found_as_gathers(tmp_path: Path) -> None:
    found = describe(shots(tmp_path))
    assert found.geometry == {
        "kind": "prestack",
        "gather_key": "ffid",
        "gathers": 3,
        "traces_per_gather": {"min": 12, "max": 12},
        "offset": {"min": 200, "max": 475},
        "inline": None,
        "crossline": None,
        "bounds": {"x_min": 100.0, "y_min": 200.0, "x_max": 150.0, "y_max": 250.0},
    }
    with open_section(shots(tmp_path)) as source:
        gathers = find_gathers(source)
        assert list(gathers.spans()) == [(0, 12), (12, 12), (24, 12)] == list(found.gathers.spans())
        assert gathers.of(23) == 1
        rows = gather_rows(source, gathers, found.dead, 1, 5)
        assert rows[1] == {
            "index": 2,
            "key": "ffid",
            "value": 105,
            "first_trace": 24,
            "traces": 12,
            "offset_min": 200,
            "offset_max": 475,
            "dead": 0,
        }
        assert len(find_gathers(source, "none")) == 1
        assert most_filled(gathers, [1, 13, 14]) == 1
        traces = trace_rows(source, 11, 2, fields=["offset", "ffid"], dead=found.dead, gathers=gathers)
        assert [(row["index"], row["gather"], row["fields"]) for row in traces] == [
            (11, 0, {"offset": 475, "ffid": 101}),
            (12, 1, {"offset": 200, "ffid": 102}),
        ]
        assert traces[0]["rms"] == pytest.approx(np.sqrt((source.read(11, 1).astype(float) ** 2).mean()))
        for bad in ({"fields": ["bogus"]},):
            with pytest.raises(ParameterError, match="bogus"):
                trace_rows(source, 0, 1, dead=found.dead, gathers=gathers, **bad)
        with pytest.raises(ParameterError):
            find_gathers(source, "shot")


def test_a_stacked_volume_is_known_by_its_lines(tmp_path: Path) -> None:
    fields = {189: np.repeat(np.arange(10, 14), 9), 193: np.tile(np.arange(100, 118, 2), 4), 21: np.arange(36)}
    found = describe(write_segy(tmp_path / "a.sgy", section(36, 20), fields=fields)).geometry
    assert (found["kind"], found["gather_key"], found["gathers"]) == ("poststack_3d", "inline", 4)
    assert found["inline"] == {"min": 10, "max": 13, "step": 1, "count": 4}
    assert found["crossline"] == {"min": 100, "max": 116, "step": 2, "count": 9}
    line = describe(write_segy(tmp_path / "b.sgy", section(36, 20), fields={21: np.arange(36)})).geometry
    assert (line["kind"], line["gather_key"], line["gathers"]) == ("poststack_2d", "none", 1)
    assert describe(ArraySection(section(9, 20))).geometry["kind"] == "unknown"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 30)), min_size=1, max_size=12))
def test_gathers_are_the_runs_of_a_key(runs: list[tuple[int, int]]) -> None:
    values = np.concatenate([np.full(count, value) for value, count in runs])
    gathers = find_gathers(ArraySection(np.ones((values.size, 2), np.float32), fields={"cdp": values}), "cdp")
    edges = np.flatnonzero(np.diff(values)) + 1
    assert gathers.first_traces.tolist() == [0, *edges.tolist()]
    assert int(gathers.counts.sum()) == values.size
    assert gathers.values is not None
    assert gathers.values.tolist() == values[[0, *edges.tolist()]].tolist()


MEASURE = """
import sys
from pathlib import Path
from pentaprism.engines.seismic import describe, open_section, open_result
from pentaprism.engines.seismic.pictures import draw_preview
import numpy as np
path = Path(sys.argv[1])
found = describe(path)
with open_section(path) as section:
    draw_preview(section)
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(found.traces, int(status["VmHWM"].split()[0]) // 1024)
"""


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = write_segy(tmp_path / "a.sgy", section(4, 2000))
    traces = 60_000
    stored = path.read_bytes()
    with path.open("r+b") as file:
        file.truncate(3600 + traces * 8240)
        for trace in range(0, traces, 5000):
            file.seek(3600 + trace * 8240)
            file.write(stored[3600 : 3600 + 8240])
    ran = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True)
    found, memory = map(int, ran.stdout.split())
    assert found == traces
    assert path.stat().st_size > 490_000_000
    assert memory < 350
