"""What is accepted, what is refused, and with which words."""

import gzip
import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pentaprism.engines.seismic import Limits, NotSeismic, SeismicError, StructureError, check_structure, describe, open_section, recognise
from seismic_files import section, storable, write_miniseed, write_segy


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    np.save(tmp_path / "a.npy", section(6, 40))
    return {
        "segy": write_segy(tmp_path / "a.sgy", storable(1, (6, 40)), code=1),
        "miniseed": write_miniseed(tmp_path / "a.mseed", [("A", 0.0, np.arange(500, dtype="i4"))], encoding="STEIM1"),
        "npy": tmp_path / "a.npy",
    }


def test_names_decide_nothing(files: dict[str, Path], tmp_path: Path) -> None:
    for kind, path in files.items():
        assert recognise(path.read_bytes()[:4096]) == kind
        hidden = tmp_path / "file.txt"
        hidden.write_bytes(path.read_bytes())
        assert check_structure(hidden) == kind


def test_other_files_are_no_seismic_files(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.sgy", write_segy(tmp_path / "a.sgy", section(6, 40)).read_bytes())
    others = {
        "zip": packed.getvalue(),
        "gzip": gzip.compress((tmp_path / "a.sgy").read_bytes()),
        "text": b"time,amplitude\n" * 1000,
        "blank text": b" " * 8000,
        "seg-2": b"\x55\x3a\x01\x00" + bytes(8000),
        "zeros": bytes(8000),
        "short": b"C 1 CLIENT",
        "png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 32,
    }
    for name, content in others.items():
        path = tmp_path / "other.sgy"
        path.write_bytes(content)
        with pytest.raises(NotSeismic) as refused:
            check_structure(path)
        assert refused.value.message == "Not a seismic file (accepted: SEG-Y, miniSEED, npy)", name


def test_an_empty_file_is_said_to_be_empty(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(StructureError, match=r"^File is empty$"):
        check_structure(tmp_path / "a")


@pytest.mark.parametrize(("cut", "trace"), [(1, 5), (400, 4), (400 * 3 + 399, 2), (400 * 6 - 300, 0)])
def test_a_truncated_file_names_the_trace_in_which_it_ends(files: dict[str, Path], cut: int, trace: int) -> None:
    stored = files["segy"].read_bytes()
    files["segy"].write_bytes(stored[: len(stored) - cut])
    if (len(stored) - cut - 3600) % 400:
        with pytest.raises(StructureError, match=rf"^File ends inside trace {trace}$"):
            check_structure(files["segy"])
    else:
        with open_section(files["segy"]) as found:
            assert found.traces == 5


def test_a_truncated_npy_file_names_the_trace_in_which_it_ends(files: dict[str, Path]) -> None:
    stored = files["npy"].read_bytes()
    files["npy"].write_bytes(stored[:-200])
    with pytest.raises(StructureError, match=r"^File ends inside trace 4$"):
        check_structure(files["npy"])


def test_headers_alone_are_refused(files: dict[str, Path]) -> None:
    files["segy"].write_bytes(files["segy"].read_bytes()[:3600])
    with pytest.raises(StructureError, match="before its first trace"):
        check_structure(files["segy"])


def test_a_section_above_the_limits_is_refused(files: dict[str, Path]) -> None:
    for kind in ("segy", "npy"):
        for limits in (Limits(traces=5), Limits(samples=39)):
            with pytest.raises(StructureError, match="at most"):
                check_structure(files[kind], limits=limits)


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("/tmp/pentaprism-unpickled"),)  # type: ignore[return-value]


def test_objects_in_npy_files_are_never_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.array([[Bomb()]], object), allow_pickle=True)
    with pytest.raises(StructureError, match="Python objects"):
        check_structure(path)
    path.write_bytes(b"\x93NUMPY\x01\x00" + pickle.dumps(Bomb()))
    with pytest.raises(StructureError):
        check_structure(path)
    assert not Path("/tmp/pentaprism-unpickled").exists()


@pytest.mark.parametrize("array", [np.ones(3, complex), np.ones((2, 2), bool), np.ones((2, 2, 2)), np.array(["a"]), np.ones((0, 4))])
def test_other_arrays_are_refused(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(StructureError):
        check_structure(tmp_path / "a.npy")


@pytest.mark.parametrize("kind", ["i1", "u2", ">i4", "u8", "f2", ">f4", "f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_numbers_of_every_width_and_order_read_alike(tmp_path: Path, kind: str, order: str) -> None:
    data = np.asarray(np.random.default_rng(1).integers(0, 100, (13, 7)).astype(kind), order=order)
    np.save(tmp_path / "a.npy", data)
    expected = data.astype(np.float32)
    with open_section(tmp_path / "a.npy") as found:
        assert np.array_equal(found.read(), expected)
        assert np.array_equal(found.read(3, 2, 1, 4), expected[3:5, 1:5])
        assert np.array_equal(found.pick([12, 0], 2, 3), expected[[12, 0], 2:5])
        assert found.headers()["npy"] == {"dtype": np.dtype(kind).str, "shape": [13, 7]}


def test_one_dimension_is_one_trace(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(9.0))
    with open_section(tmp_path / "a.npy") as found:
        assert (found.traces, found.samples) == (1, 9)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_broken_bytes_end_in_a_documented_error(files: dict[str, Path], tmp_path: Path, data: st.DataObject) -> None:
    stored = bytearray(files[data.draw(st.sampled_from(sorted(files)))].read_bytes())
    begin = data.draw(st.sampled_from([0, 3200, 3600]))
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, 420), st.integers(0, 255)), max_size=12)):
        stored[min(begin + place, len(stored) - 1)] = value
    path = tmp_path / "broken"
    path.write_bytes(stored[: data.draw(st.integers(0, len(stored)))] if data.draw(st.booleans()) else stored)
    try:
        found = describe(path)
    except SeismicError as error:
        assert error.message
    else:
        assert found.traces * found.samples <= 100_000
        assert found.statistics.nonfinite >= 0
