"""miniSEED against ObsPy."""

import io
from pathlib import Path

import numpy as np
import obspy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentaprism.engines.seismic import UnreadableFile, convert, open_result, open_section
from pentaprism.engines.seismic.formats.miniseed.steim import unpack
from pentaprism.engines.seismic.formats.miniseed.version3 import HEADER
from seismic_files import write_miniseed

ENCODINGS = {"STEIM1": "i4", "STEIM2": "i4", "INT16": "i2", "INT32": "i4", "FLOAT32": "f4", "FLOAT64": "f8"}


def walk(count: int, seed: int = 0, step: int = 300) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).integers(-step, step, count))


@pytest.fixture
def gapped(tmp_path: Path) -> Path:
    """Three streams; A begins 2 s after B, and B misses half a second."""
    data = [walk(900, seed).astype("i4") for seed in range(3)]
    parts = [("A", 2.0, data[0]), ("B", 0.0, data[1][:400]), ("B", 4.5, data[1][450:]), ("C", 1.0, data[2])]
    return write_miniseed(tmp_path / "a.mseed", parts, encoding="STEIM2")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("record", [256, 4096])
def test_every_encoding_reads_as_written(tmp_path: Path, encoding: str, record: int) -> None:
    data = [walk(3000, seed, 3).astype(ENCODINGS[encoding]) for seed in range(3)]
    path = write_miniseed(tmp_path / "a.mseed", [(f"S{k}", 0.0, rows) for k, rows in enumerate(data)], encoding=encoding, record=record)
    with open_section(path) as found:
        assert (found.format, found.traces, found.samples, found.interval_us) == ("miniseed", 3, 3000, 10_000)
        assert np.array_equal(found.read(), np.stack(data).astype(np.float32))
        assert np.array_equal(found.read(1, 1, 700, 50), data[1][None, 700:750].astype(np.float32))
        assert found.missing() is None
        stream = found.headers()["miniseed"]["streams"][2]
        assert (stream["id"], stream["encoding"], stream["record_length"], stream["segments"]) == ("XX.S2..HHZ", encoding, record, 1)
        assert stream["start_time"] == "2024-01-01T00:00:00.000000Z"


def test_streams_share_the_union_of_their_times_and_gaps_are_masked(gapped: Path) -> None:
    with open_section(gapped) as found:
        assert [stream["id"] for stream in found.headers()["miniseed"]["streams"]] == ["XX.A..HHZ", "XX.B..HHZ", "XX.C..HHZ"]
        assert found.samples == 1100
        assert {"trace": 1, "first_sample": 400, "samples": 50} in found.gaps()
        assert {"trace": 0, "first_sample": 0, "samples": 200} in found.gaps()
        mask = found.missing()
        assert mask is not None
        assert mask[1].sum() == 50 + 200
        rows = found.read()
        assert not rows[mask].any()
        assert np.array_equal(rows[0, 200:], walk(900, 0).astype(np.float32))
        assert np.array_equal(rows[1, 450:900], walk(900, 1)[450:].astype(np.float32))


def test_different_rates_and_distant_times_are_refused(tmp_path: Path) -> None:
    rows = walk(500).astype("i4")
    slow = write_miniseed(tmp_path / "slow.mseed", [("A", 0.0, rows)], encoding="INT32", rate=50)
    fast = write_miniseed(tmp_path / "fast.mseed", [("B", 0.0, rows)], encoding="INT32", rate=100)
    mixed = tmp_path / "mixed.mseed"
    mixed.write_bytes(slow.read_bytes() + fast.read_bytes())
    far = write_miniseed(tmp_path / "far.mseed", [("A", 0.0, rows), ("B", 16.0, rows)], encoding="INT32")
    near = write_miniseed(tmp_path / "near.mseed", [("A", 0.0, rows), ("B", 15.0, rows)], encoding="INT32")
    for path, code in ((mixed, "MIXED_SAMPLE_RATES"), (far, "TIME_SPAN")):
        with pytest.raises(UnreadableFile) as refused:
            open_section(path)
        assert refused.value.code == code
    with open_section(near) as found:
        assert found.samples == 2000


def test_a_result_keeps_ids_starts_and_unfilled_gaps(gapped: Path, tmp_path: Path) -> None:
    with open_section(gapped) as source:
        rows = source.read() + 0.5
        with open_result(source, tmp_path / "b.mseed") as result:
            result.write([1], rows[1:2])
            result.write([2], rows[2:3], filled=True)
    before, after = obspy.read(str(gapped)), obspy.read(str(tmp_path / "b.mseed"))
    assert [trace.id for trace in after] == [trace.id for trace in before]
    assert {str(trace.stats.mseed.encoding) for trace in after} == {"FLOAT32"}
    assert {trace.stats.mseed.record_length for trace in after} == {4096}
    for station, changed in (("A", 0.0), ("B", 0.5)):
        for one, other in zip(before.select(station=station), after.select(station=station), strict=True):
            assert one.stats.starttime == other.stats.starttime
            assert np.array_equal(other.data, one.data.astype(np.float32) + np.float32(changed))
    whole = after.select(station="C")[0]
    assert whole.stats.npts == 1100
    assert np.array_equal(whole.data, rows[2])
    assert not (tmp_path / "b.mseed.rows").exists()


def test_a_section_of_another_format_gets_generated_ids(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", walk(40 * 50).reshape(40, 50).astype("f4"))
    with open_section(tmp_path / "a.npy", sample_interval_us=2000) as source:
        convert(source, tmp_path / "a.mseed", "miniseed")
    found = obspy.read(str(tmp_path / "a.mseed"))
    assert [found[0].id, found[10].id, found[36].id] == ["XX.T0..HHZ", "XX.TA..HHZ", "XX.T10..HHZ"]
    assert found[0].stats.starttime == obspy.UTCDateTime(0)
    assert np.array_equal(np.stack([trace.data for trace in found]), np.load(tmp_path / "a.npy"))


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([1, 2]), st.integers(1, 400), st.integers(0, 28), st.integers(0, 2**32 - 1))
def test_steim_unpacks_as_libmseed_packs(version: int, count: int, bits: int, seed: int) -> None:
    data = np.random.default_rng(seed).integers(-(2**bits), 2**bits, count).astype("i4")
    stored = io.BytesIO()
    obspy.Trace(data, {"sampling_rate": 1.0}).write(stored, format="MSEED", encoding=f"STEIM{version}", reclen=4096)
    record = stored.getvalue()[:4096]
    held, begin = int.from_bytes(record[30:32], "big"), int.from_bytes(record[44:46], "big")
    assert np.array_equal(unpack(record[begin:], held, version), data[:held])


def version3_record(station: str, nanosecond: int, second: int, encoding: int, payload: bytes, count: int) -> bytes:
    """A miniSEED 3 record, put together after its specification; readers here do not look at its check sum."""
    name = f"FDSN:XX_{station}__H_H_Z".encode()
    head = HEADER.pack(b"MS", 3, 0, nanosecond, 2024, 1, 0, 0, second, encoding, 100.0, count, 0, 1, len(name), 0, len(payload))
    return head + name + payload


def test_version_3_reads_plain_and_packed_samples(tmp_path: Path) -> None:
    data = walk(300).astype("i4")
    packed = io.BytesIO()
    obspy.Trace(data, {"sampling_rate": 1.0}).write(packed, format="MSEED", encoding="STEIM2", reclen=4096)
    frames = packed.getvalue()[64:4096]
    records = [
        version3_record("A", 0, 0, 4, data.astype("<f4").tobytes(), 300),
        version3_record("B", 500_000_000, 0, 11, frames, 300),
        version3_record("A", 0, 4, 3, data.astype("<i4").tobytes(), 300),
    ]
    path = tmp_path / "a.mseed3"
    path.write_bytes(b"".join(records))
    with open_section(path) as found:
        assert (found.traces, found.samples, found.interval_us) == (2, 700, 10_000)
        rows = found.read()
        assert np.array_equal(rows[0, 400:], data.astype(np.float32))
        assert np.array_equal(rows[1, 50:350], data.astype(np.float32))
        assert found.gaps()[0] == {"trace": 0, "first_sample": 300, "samples": 100}
    path.write_bytes(b"".join(records)[:-1])
    with pytest.raises(UnreadableFile):
        open_section(path)
