"""Checkpoints are read as PyTorch writes them, and never trusted."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.sam.pth_files import Call, Name, pickled, table_of, write_stream, write_zip
from pentaprism.engines.sam import WeightsError
from pentaprism.engines.sam.network.checkpoint import read_checkpoint

TENSORS = {
    "a.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "a.bias": np.array([1.5, -2], np.float16),
    "count": np.array(7, np.int64),
}


@pytest.mark.parametrize("write", [write_zip, write_stream])
def test_both_formats_are_read(tmp_path: Path, write: Any) -> None:
    found = read_checkpoint(write(tmp_path / "model.pth", TENSORS))
    assert list(found) == list(TENSORS)
    for name, tensor in TENSORS.items():
        assert found[name].dtype == tensor.dtype
        assert found[name].shape == tensor.shape
        assert (found[name] == tensor).all()


def test_views_of_a_storage_are_read(tmp_path: Path) -> None:
    def view(said: dict[str, Any]) -> None:
        said.update(offset=1, shape=(3, 4), strides=(1, 3))

    found = read_checkpoint(write_zip(tmp_path / "view.pth", TENSORS, table_of(TENSORS, view)))
    assert (found["a.weight"] == 1 + np.arange(3)[:, None] + 3 * np.arange(4)[None, :]).all()


class Evil:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.path}",)


def test_nothing_of_a_foreign_pickle_is_carried_out(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    bare = tmp_path / "bare.pth"
    bare.write_bytes(pickle.dumps(Evil(mark), 2))
    packed = tmp_path / "packed.pth"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"a": Evil(mark)}, 2))
    for path in (bare, packed):
        with pytest.raises(WeightsError):
            read_checkpoint(path)
    assert not mark.exists()


@pytest.mark.parametrize(
    "table",
    [
        {"a": Call(Name("builtins", "eval"), "1")},
        {"a": Call(Name("torch", "load"), "x")},
        {"a": Call(Name("collections", "Counter"))},
        {"a": Call(Name("torch._utils", "_rebuild_tensor_v2"), 1, 0, (1,), (1,), False, None)},
        {"a": 1},
        [1, 2],
        "text",
    ],
    ids=["eval", "load", "counter", "rebuild", "number", "list", "text"],
)
def test_names_and_values_off_the_list_are_refused(tmp_path: Path, table: Any) -> None:
    with pytest.raises(WeightsError):
        read_checkpoint(write_zip(tmp_path / "model.pth", TENSORS, table))


@pytest.mark.parametrize(
    "said",
    [
        {"offset": 1}, {"offset": -1}, {"shape": (2, 3, 5)}, {"strides": (12, 4, -1)}, {"strides": (1000, 4, 1)}, {"count": 25},
        {"count": 1 << 50}, {"shape": (1 << 45,), "strides": (0,)}, {"shape": (0, 1 << 39), "strides": (1, 1)}, {"strides": (1,)},
        {"shape": "no", "strides": "no"}, {"offset": 1.5},
    ],
    ids=str,
)  # fmt: skip
def test_tensors_beyond_their_storage_are_refused(tmp_path: Path, said: dict[str, Any]) -> None:
    table = table_of(TENSORS, lambda description: description.update(said))
    path = write_zip(tmp_path / "model.pth", TENSORS, table)
    if said == {"shape": (0, 1 << 39), "strides": (1, 1)}:
        assert read_checkpoint(path)["a.weight"].size == 0
        return
    with pytest.raises(WeightsError):
        read_checkpoint(path)


@pytest.mark.parametrize("write", [write_zip, write_stream])
def test_truncated_and_altered_files_are_refused(tmp_path: Path, write: Any) -> None:
    data = write(tmp_path / "model.pth", TENSORS).read_bytes()
    path = tmp_path / "damaged.pth"
    for length in (0, 1, 40, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:length])
        with pytest.raises(WeightsError):
            read_checkpoint(path)
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(data), 200).tolist():
        path.write_bytes(data[:place] + bytes([data[place] ^ int(rng.integers(1, 256))]) + data[place + 1 :])
        try:
            found = read_checkpoint(path)
        except WeightsError:
            continue
        assert all(isinstance(tensor, np.ndarray) for tensor in found.values())


def test_compressed_archives_and_state_of_objects_are_not_trusted(tmp_path: Path) -> None:
    with pytest.raises(WeightsError):
        read_checkpoint(write_zip(tmp_path / "small.pth", TENSORS, compression=zipfile.ZIP_DEFLATED))
    # BUILD after a tensor would change what was checked: its state is dropped.
    data = pickled(table_of({"count": TENSORS["count"]}))
    end = data.rindex(b"Rs.") if b"Rs." in data else data.rindex(b"R") - 1
    built = data[: end + 1] + pickle.dumps({"offset": 1 << 39}, 2)[2:-1] + b"b" + data[end + 1 :]
    path = tmp_path / "built.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", built)
        archive.writestr("archive/data/0", TENSORS["count"].tobytes())
    assert int(read_checkpoint(path)["count"]) == 7
