"""Checkpoints as PyTorch writes them, without PyTorch: in a ZIP archive, or as one stream."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
STORAGES = {"float32": "FloatStorage", "float16": "HalfStorage", "int64": "LongStorage"}


class Name:
    """Pickled as a name of a module."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class Call:
    """Pickled as a call."""

    def __init__(self, function: Name, *arguments: Any) -> None:
        self.function, self.arguments = function, arguments


class Storage:
    """Pickled as a persistent id."""

    def __init__(self, key: str, dtype: str, count: int) -> None:
        self.pid = ("storage", Name("torch", STORAGES[dtype]), key, "cpu", count)


class Pickler(pickle._Pickler):
    def __init__(self, file: io.BytesIO, *, legacy: bool) -> None:
        super().__init__(file, 2)
        self.legacy = legacy

    def persistent_id(self, value: Any) -> Any:
        return None if not isinstance(value, Storage) else (*value.pid, None) if self.legacy else value.pid

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if isinstance(obj, Name):
            self.write(b"c" + obj.module.encode() + b"\n" + obj.name.encode() + b"\n")
        elif isinstance(obj, Call):
            self.save(obj.function)
            self.save(obj.arguments)
            self.write(b"R")
        else:
            super().save(obj, save_persistent_id)


def pickled(value: Any, *, legacy: bool = False) -> bytes:
    file = io.BytesIO()
    Pickler(file, legacy=legacy).dump(value)
    return file.getvalue()


def table_of(tensors: dict[str, np.ndarray], change: Callable[[dict[str, Any]], None] | None = None) -> OrderedDict[str, Any]:
    """The dictionary that is pickled. ``change`` may alter the description of the first tensor (offset, shape, strides, count)."""
    table: OrderedDict[str, Any] = OrderedDict()
    for number, (name, array) in enumerate(tensors.items()):
        strides = tuple(stride // array.itemsize for stride in np.array(array, order="C").strides)
        said = {"offset": 0, "shape": array.shape, "strides": strides, "count": array.size}
        if number == 0 and change is not None:
            change(said)
        storage = Storage(str(number), str(array.dtype), said["count"])
        hooks = Call(Name("collections", "OrderedDict"))
        table[name] = Call(
            Name("torch._utils", "_rebuild_tensor_v2"), storage, said["offset"], said["shape"], said["strides"], False, hooks
        )
    return table


def write_zip(path: Path, tensors: dict[str, np.ndarray], table: Any = None, compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("archive/data.pkl", pickled(table_of(tensors) if table is None else table))
        archive.writestr("archive/byteorder", "little")
        for number, array in enumerate(tensors.values()):
            archive.writestr(f"archive/data/{number}", np.ascontiguousarray(array).tobytes())
        archive.writestr("archive/version", "3\n")
    return path


def write_stream(path: Path, tensors: dict[str, np.ndarray]) -> Path:
    parts = [pickled(value) for value in (MAGIC, 1001, {"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}})]
    parts += [pickled(table_of(tensors), legacy=True), pickled([str(number) for number in range(len(tensors))])]
    for array in tensors.values():
        parts += [struct.pack("<q", array.size), np.ascontiguousarray(array).tobytes()]
    path.write_bytes(b"".join(parts))
    return path
