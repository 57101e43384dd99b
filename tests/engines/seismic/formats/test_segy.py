"""SEG-Y against segyio and ObsPy, which know nothing of our reader."""

import itertools
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from obspy.io.segy.segy import _read_segy

from pentaprism.engines.seismic import UnreadableFile, describe, open_result, open_section
from pentaprism.engines.seismic.formats.segy.ibm import float_to_ibm, ibm_to_float
from pentaprism.engines.seismic.formats.segy.samples import decode, encode
from pentaprism.engines.seismic.formats.segy.section import SegySection
from pentaprism.engines.seismic.room import room
from seismic_files import CODES, INTEGER_LIMITS, read_segy, section, storable, write_segy

quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
EVERYWHERE = list(itertools.product(CODES, ("big", "little")))


@pytest.mark.parametrize(("code", "endian"), EVERYWHERE)
def test_samples_are_those_that_segyio_wrote_and_reads(tmp_path: Path, code: int, endian: str) -> None:
    data = storable(code, (7, 33), seed=code)
    path = write_segy(tmp_path / "a.sgy", data, code=code, endian=endian, interval_us=2000)
    with open_section(path) as found:
        assert (found.traces, found.samples, found.interval_us) == (7, 33, 2000)
        assert found.headers()["byte_order"] == endian
        assert np.array_equal(found.read(), data.astype(np.float32))
        assert np.array_equal(found.read(), read_segy(path, endian).astype(np.float32))
        assert np.array_equal(found.read(2, 3, 5, 9), data[2:5, 5:14].astype(np.float32))
        assert np.array_equal(found.pick([6, 0, 3], 4, 2), data[[6, 0, 3], 4:6].astype(np.float32))
        with room() as memory:
            window = found.window(2, 5, ["tracl"], memory)
            assert np.array_equal(np.concatenate([rows.copy() for _, rows in window.blocks()]), found.read()[2:])
            assert np.array_equal(window.fields["tracl"], found.fields(["tracl"], 2)["tracl"])


@pytest.mark.parametrize(("code", "endian"), [pair for pair in EVERYWHERE if pair[0] in (1, 2, 3, 5)])
def test_samples_are_those_that_obspy_reads(tmp_path: Path, code: int, endian: str) -> None:
    path = write_segy(tmp_path / "a.sgy", storable(code, (5, 20), seed=9), code=code, endian=endian)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = np.stack([trace.data for trace in _read_segy(str(path), endian=">" if endian == "big" else "<").traces])
    with open_section(path) as found:
        assert np.array_equal(found.read(), theirs.astype(np.float32))


@pytest.mark.parametrize(("code", "endian"), EVERYWHERE)
def test_a_result_differs_from_its_input_only_in_the_samples_of_changed_traces(tmp_path: Path, code: int, endian: str) -> None:
    path = write_segy(tmp_path / "a.sgy", storable(code, (9, 25), seed=3), code=code, endian=endian, fields={9: 7, 37: np.arange(9) * 25})
    rows = storable(code, (2, 25), seed=4).astype(np.float32)
    kept = rows.copy()
    with open_section(path) as source:
        with open_result(source, tmp_path / "b.sgy") as result:
            result.write([7, 2], rows)
        assert result.saturated == 0
        before, after = np.fromfile(path, np.uint8), np.fromfile(tmp_path / "b.sgy", np.uint8)
        differs = np.flatnonzero(before != after)
        size = source.layout.trace_bytes  # type: ignore[attr-defined]
        traces, places = np.divmod(differs - 3600, size)
        assert set(traces.tolist()) == {2, 7}
        assert places.min() >= 240
    assert np.array_equal(rows, kept)
    assert np.array_equal(read_segy(tmp_path / "b.sgy", endian)[[7, 2]].astype(np.float32), rows)


@pytest.mark.parametrize("code", INTEGER_LIMITS)
def test_whole_numbers_are_rounded_and_saturated_and_counted(tmp_path: Path, code: int) -> None:
    low, high = INTEGER_LIMITS[code]
    path = write_segy(tmp_path / "a.sgy", storable(code, (2, 6)), code=code)
    rows = np.array([[low - 1e10, high + 1e10, 1.4, 2.6, 0, 100.0]], np.float32)
    with open_section(path) as source:
        with open_result(source, tmp_path / "b.sgy") as result:
            result.write([1], rows)
        expected = np.array([low, high, 1, 3, 0, 100], np.float64).astype(np.float32)
        assert np.array_equal(source.roundtrip(rows)[0], expected)
    assert result.saturated == 2
    assert np.array_equal(read_segy(tmp_path / "b.sgy")[1].astype(np.float32), expected)


@quick
@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=200))
def test_ibm_words_become_the_nearest_float(words: list[int]) -> None:
    given_words = np.array(words, np.uint32)
    found = np.empty(len(words), np.float32)
    with np.errstate(all="ignore"):
        ibm_to_float(given_words.copy(), found, *np.empty((2, *given_words.shape), np.uint32))
        exact = [(-1) ** (word >> 31) * (word & 0xFFFFFF) * 2.0 ** (4 * ((word >> 24 & 127) - 64) - 24) for word in words]
        assert np.array_equal(found, np.array(exact).astype(np.float32))


@quick
@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=100))
def test_floats_become_ibm_within_half_a_unit_and_stay_there(values: list[float]) -> None:
    floats = np.array(values, np.float32)
    kept = floats.copy()
    words = float_to_ibm(floats)
    back = np.empty(floats.size, np.float32)
    with np.errstate(all="ignore"):
        ibm_to_float(words.copy(), back, *np.empty((2, *words.shape), np.uint32))
    assert np.array_equal(floats, kept)
    assert np.all(np.abs(back.astype(float) - floats) <= np.abs(floats.astype(float)) * 2.0**-21 + 1e-45)
    assert np.array_equal(float_to_ibm(back), words) or not np.isfinite(back).all()


@quick
@given(st.sampled_from(CODES), st.sampled_from("<>"), st.integers(1, 5), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_every_code_gives_back_what_it_holds(code: int, order: str, traces: int, samples: int, seed: int) -> None:
    rows = storable(code, (traces, samples), seed).astype(np.float32)
    stored, clipped = encode(rows, code, order)
    back = np.empty_like(rows)
    decode(stored, code, order, back)
    assert clipped == 0
    assert np.array_equal(back, rows)


def test_headers_carry_the_names_and_raw_numbers(tmp_path: Path) -> None:
    path = write_segy(tmp_path / "a.sgy", section(3, 50), interval_us=40_000, fields={9: 12, 37: -250, 109: 80, 71: -10, 73: 4321})
    with open_section(path) as found:
        headers = found.headers()
        lines = headers["text_header"].split("\n")
        assert len(lines) == 40
        assert lines[0] == "C 1 A SECTION FOR TESTS"
        assert headers["text_encoding"] == "ebcdic"
        binary = headers["binary_header"]
        assert (binary["sample_interval"], binary["samples_per_trace"], binary["data_sample_format"]) == (40_000, 50, 5)
        assert binary["segy_revision"] == "1.0"
        fields = found.fields(["ffid", "offset", "delay_ms", "coordinate_scalar", "source_x"], 1, 2)
        assert {name: values.tolist() for name, values in fields.items()} == {
            "ffid": [12, 12],
            "offset": [-250, -250],
            "delay_ms": [80, 80],
            "coordinate_scalar": [-10, -10],
            "source_x": [4321, 4321],
        }
        assert found.interval_us == 40_000


def test_an_ascii_text_header_is_found_by_its_content(tmp_path: Path) -> None:
    path = write_segy(tmp_path / "a.sgy", section(2, 20))
    stored = bytearray(path.read_bytes())
    stored[:3200] = b"C 1 PLAIN TEXT".ljust(80) * 40
    path.write_bytes(stored)
    with open_section(path) as found:
        assert found.headers()["text_encoding"] == "ascii"
        assert found.headers()["text_header"].split("\n")[39] == "C 1 PLAIN TEXT"


def test_interval_and_samples_fall_back_to_the_first_trace(tmp_path: Path) -> None:
    data = section(4, 30)
    path = write_segy(tmp_path / "a.sgy", data, interval_us=500)
    stored = bytearray(path.read_bytes())
    stored[3216:3218] = stored[3220:3222] = b"\0\0"
    path.write_bytes(stored)
    with open_section(path, sample_interval_us=77) as found:
        assert (found.samples, found.interval_us) == (30, 500)
        assert np.array_equal(found.read(), data)
    for trace in range(4):
        stored[3600 + trace * 360 + 116 : 3600 + trace * 360 + 118] = b"\0\0"
    path.write_bytes(stored)
    with open_section(path) as found:
        assert found.interval_us is None
    with open_section(path, sample_interval_us=77) as found:
        assert found.interval_us == 77


@pytest.mark.parametrize("stated", [2, -1])
def test_extended_text_headers_are_counted_or_walked(tmp_path: Path, stated: int) -> None:
    data = section(3, 40)
    path = write_segy(tmp_path / "a.sgy", data, extended=2)
    stored = bytearray(path.read_bytes())
    stored[3504:3506] = stated.to_bytes(2, "big", signed=True)
    stored[3600:6800] = "((SEG: Layer 1))".ljust(3200).encode("cp037")
    stored[6800:10000] = "((SEG: EndText))".ljust(3200).encode("cp037")
    path.write_bytes(stored)
    with open_section(path) as found:
        assert found.headers()["extended_text_headers"][1].startswith("((SEG: EndText))")
        assert np.array_equal(found.read(), data)


def test_revision_2_states_samples_and_interval_in_its_long_fields(tmp_path: Path) -> None:
    data = section(3, 40)
    path = write_segy(tmp_path / "a.sgy", data)
    stored = bytearray(path.read_bytes())
    stored[3500:3502] = b"\2\0"
    stored[3268:3272] = (40).to_bytes(4, "big")
    stored[3272:3280] = np.array(1234.5, ">f8").tobytes()
    stored[3220:3222] = b"\0\1"
    path.write_bytes(stored)
    with open_section(path) as found:
        assert (found.samples, found.interval_us) == (40, 1234.5)
        assert found.headers()["binary_header"]["segy_revision"] == "2.0"
        assert np.array_equal(found.read(), data)


def test_traces_of_different_lengths_are_refused_while_reading(tmp_path: Path) -> None:
    path = write_segy(tmp_path / "a.sgy", section(5, 30), fields={115: [30, 30, 29, 30, 30]})
    with pytest.raises(UnreadableFile) as refused:
        describe(path)
    assert refused.value.code == "VARIABLE_TRACE_LENGTH"
    short = bytearray(path.read_bytes())
    del short[3600 + 3 * 360 - 4 : 3600 + 3 * 360]
    path.write_bytes(short)
    with pytest.raises(UnreadableFile) as refused:
        open_section(path)
    assert refused.value.code == "VARIABLE_TRACE_LENGTH"


def test_nan_and_inf_are_read_as_nothing_but_shown_raw(tmp_path: Path) -> None:
    data = section(3, 20)
    data[1, 4], data[2, 5] = np.nan, np.inf
    with SegySection(write_segy(tmp_path / "a.sgy", data)) as found:
        clean, raw = found.read(), found.read(raw=True)
    assert (clean[1, 4], clean[2, 5]) == (0, 0)
    assert np.isnan(raw[1, 4])
    assert np.isinf(raw[2, 5])


def test_a_failed_result_leaves_no_file(tmp_path: Path) -> None:
    with open_section(write_segy(tmp_path / "a.sgy", section(3, 20))) as source:
        with pytest.raises(ValueError, match="NaN"), open_result(source, tmp_path / "b.sgy") as result:
            result.write([0], np.full((1, 20), np.nan, np.float32))
        with pytest.raises(ValueError, match="one of 0"), open_result(source, tmp_path / "b.sgy") as result:
            result.write([3], np.zeros((1, 20), np.float32))
    assert not (tmp_path / "b.sgy").exists()


def test_windows_outside_the_section_are_refused(tmp_path: Path) -> None:
    with open_section(write_segy(tmp_path / "a.sgy", section(3, 20))) as found:
        for window in ((0, 4), (3, 1), (-1, 1), (0, 1, 0, 21), (0, 1, 15, 6)):
            with pytest.raises(IndexError):
                found.read(*window)
        with pytest.raises(IndexError):
            found.pick([3])
