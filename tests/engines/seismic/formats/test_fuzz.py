"""Damaged files: readers answer with their own errors, in bounded memory and time, whatever the bytes are."""

import io
import os
import struct
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import obspy
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from pentaprism.engines.seismic import ParameterError, SeismicError, convert, describe, open_section
from pentaprism.engines.seismic.pictures import PreviewParameters, draw_preview
from seismic_files import section, storable, write_miniseed, write_segy

CASES = int(os.environ.get("PENTAPRISM_TEST_FUZZ_CASES", "120"))
MOST_MEMORY = 160_000_000
MOST_SECONDS = 20.0
HEX = ["0000", "ffff", "7fff", "8000", "0001", "2710", "00000000", "ffffffff", "7f800000", "7fffffff"]
WORDS = tuple(bytes.fromhex(word) for word in HEX)
FIELDS = (3200, 3204, 3212, 3216, 3220, 3224, 3500, 3502, 3504, 3506, 3600 + 8, 3600 + 28, 3600 + 70, 3600 + 108, 3600 + 114, 3600 + 116)


def segy_files(folder: Path) -> list[bytes]:
    """Both byte orders, floats of both kinds, integers, an extended header."""
    kinds = [(1, "big", 0), (5, "little", 0), (5, "big", 1), (3, "big", 0), (6, "big", 0), (8, "little", 2), (16, "big", 0)]
    made = []
    for number, (code, endian, extended) in enumerate(kinds):
        path = write_segy(folder / f"{number}.sgy", storable(code, (12, 40)), code=code, endian=endian, extended=extended)
        made.append(path.read_bytes())
    return made


def miniseed_files(folder: Path) -> list[bytes]:
    """Steim 1 and 2, floats, integers with a gap and two streams, and the recorded example of ObsPy."""
    whole = np.cumsum(np.random.default_rng(0).integers(-90, 90, 900)).astype(np.int32)
    encodings = {"STEIM1": whole, "STEIM2": whole, "FLOAT32": whole.astype("f4"), "INT16": whole.astype("i2")}
    made = []
    for number, (encoding, data) in enumerate(encodings.items()):
        parts = [("A", 0.0, data[:400]), ("A", 6.0, data[400:]), ("B", 1.0, data)]
        made.append(write_miniseed(folder / f"{number}.mseed", parts, encoding=encoding).read_bytes())
    recorded = io.BytesIO()
    obspy.read().write(recorded, format="MSEED", reclen=512)
    return [*made, recorded.getvalue()]


def npy_files(_folder: Path) -> list[bytes]:
    """Floats and integers in C and Fortran order."""
    made = []
    for data in (section(9, 30), np.asfortranarray(section(9, 30)).astype("f8"), np.arange(80, dtype=">i2").reshape(8, 10), np.arange(9.0)):
        file = io.BytesIO()
        np.save(file, data)
        made.append(file.getvalue())
    return made


@st.composite
def damage(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """One to six changes: bytes, words at fields or anywhere, cuts, insertions, doubled and swapped pieces."""
    change = st.tuples(st.integers(0, 5), st.floats(0, 1), st.floats(0, 1), st.binary(min_size=1, max_size=8))
    changes = draw(st.lists(change, min_size=1, max_size=6))

    def apply(content: bytes) -> bytes:
        for kind, where, much, given_bytes in changes:
            at = int(where * max(0, len(content) - 1))
            if kind == 0:
                content = content[:at] + given_bytes + content[at + len(given_bytes) :]
            elif kind == 1:
                word = WORDS[int(much * (len(WORDS) - 1))]
                place = FIELDS[int(where * (len(FIELDS) - 1))]
                content = content[:place] + word + content[place + len(word) :]
            elif kind == 2:
                content = content[: max(1, at)]
            elif kind == 3:
                content = content[:at] + given_bytes * (1 + int(much * 40)) + content[at:]
            elif kind == 4:
                length = 1 + int(much * 600)
                content = content[: at + length] + content[at:]
            else:
                word = WORDS[int(much * (len(WORDS) - 1))]
                content = content[:at] + word + content[at + len(word) :]
        return content

    return apply


def use(path: Path) -> None:
    """Everything that a server does with a file: open, describe, read, draw, convert."""
    describe(path)
    with open_section(path, sample_interval_us=4000) as opened:
        rows = opened.read(0, min(8, opened.traces), 0, min(1000, opened.samples))
        assert np.isfinite(rows).all()
        draw_preview(opened, PreviewParameters(width=32, height=24, mode="both" if opened.traces <= 400 else "density"))
        if opened.traces * opened.samples < 100_000:
            for number, wanted in enumerate(("segy", "npz")):
                convert(opened, path.with_suffix(f".{number}"), wanted)


@pytest.mark.parametrize("make", [segy_files, miniseed_files, npy_files])
def test_damaged_files_get_an_error_or_are_read(make: Callable[[Path], list[bytes]], tmp_path: Path) -> None:
    originals = make(tmp_path)
    outcomes = {"read": 0, "refused": 0}

    @seed(20)
    @settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, len(originals) - 1), damage())
    def case(which: int, change: Callable[[bytes], bytes]) -> None:
        path = tmp_path / "damaged"
        path.write_bytes(change(originals[which]))
        tracemalloc.start()
        began = time.monotonic()
        try:
            use(path)
            outcomes["read"] += 1
        except SeismicError as error:
            assert not isinstance(error, ParameterError)
            assert str(error)
            assert str(tmp_path) not in str(error)
            outcomes["refused"] += 1
        finally:
            memory = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert memory < MOST_MEMORY, f"{memory} bytes"
        assert time.monotonic() - began < MOST_SECONDS

    case()
    assert outcomes["read"] > 0
    assert outcomes["refused"] > 0


@pytest.mark.parametrize("count", [2**31 - 1, 10**9])
def test_claimed_sizes_reserve_no_memory(count: int, tmp_path: Path) -> None:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({count}, {count}), }}".encode()
    path = tmp_path / "huge.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(64))
    tracemalloc.start()
    with pytest.raises(SeismicError):
        open_section(path, sample_interval_us=4000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000
