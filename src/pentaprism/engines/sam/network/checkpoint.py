"""Official checkpoints (``.pth``), read without PyTorch and without trusting them.

A checkpoint is a pickle that names tensors, and their bytes: in a ZIP archive (``archive/data.pkl``, ``archive/data/<key>``) since PyTorch
1.6, before that in one stream (magic number, protocol, system, pickle, list of keys, storages). Source: ``torch/serialization.py``.
Of pickle only what describes a dictionary of tensors is allowed; every other operation and name is refused before anything is built.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import struct
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
LARGEST_PICKLE = 16 << 20
MOST_MEMO = 1 << 20
MOST_AXES = 8
STORAGES = {
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "DoubleStorage": "<f8",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "BoolStorage": "?",
}
# fmt: off
OPERATIONS = frozenset((
    "PROTO", "STOP", "MARK", "POP", "POP_MARK", "EMPTY_DICT", "EMPTY_LIST", "EMPTY_TUPLE", "DICT", "LIST", "TUPLE", "TUPLE1", "TUPLE2",
    "TUPLE3", "APPEND", "APPENDS", "SETITEM", "SETITEMS", "NONE", "NEWTRUE", "NEWFALSE", "INT", "BININT", "BININT1", "BININT2", "LONG",
    "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINSTRING", "SHORT_BINSTRING", "PUT", "BINPUT", "LONG_BINPUT",
    "MEMOIZE", "GET", "BINGET", "LONG_BINGET", "GLOBAL", "REDUCE", "BUILD", "BINPERSID", "FRAME",
))
# fmt: on
BROKEN = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    struct.error,
    EOFError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    OverflowError,
    OSError,
    RuntimeError,
)


class WeightsError(ValueError):
    """A file is no checkpoint of the model, is damaged, or holds more than weights."""


class _Storage(NamedTuple):
    key: str
    dtype: str
    length: int


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_checkpoint(path: Path) -> dict[str, Array]:
    """Tensors of a checkpoint by name, not to be written to. Raises WeightsError, OSError."""
    with path.open("rb") as file:
        tensors = _read(file, path.name)
    if not tensors:
        raise WeightsError(f"{path.name} holds no tensors")
    return tensors


def _read(file: BinaryIO, name: str) -> dict[str, Array]:
    try:
        packed = zipfile.is_zipfile(file)
        file.seek(0)
        return _read_zip(file) if packed else _read_stream(file)
    except BROKEN as error:
        raise WeightsError(f"{name} is no checkpoint, or it is damaged") from error
    except ValueError as error:
        raise error if isinstance(error, WeightsError) else WeightsError(f"{name} is no checkpoint, or it is damaged") from error


def _read_zip(file: BinaryIO) -> dict[str, Array]:
    with zipfile.ZipFile(file) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        names = [name for name in entries if name.endswith("/data.pkl") and name.count("/") == 1]
        if len(names) != 1 or entries[names[0]].file_size > LARGEST_PICKLE:
            raise WeightsError("the archive holds no list of tensors")
        folder = names[0].rsplit("/", 1)[0]
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries.values()):
            raise WeightsError("the archive is compressed, as no checkpoint is")
        order = entries.get(f"{folder}/byteorder")
        if order is not None and archive.read(order) != b"little":
            raise WeightsError("the numbers of the checkpoint are not little-endian")
        table = _load(io.BytesIO(archive.read(names[0])))
        cache: dict[str, Array] = {}

        def fetch(storage: _Storage) -> Array:
            if storage.key not in cache:
                cache[storage.key] = _numbers(archive.read(entries[f"{folder}/data/{storage.key}"]), storage)
            return cache[storage.key]

        return _arrays(table, fetch)


def _read_stream(file: BinaryIO) -> dict[str, Array]:
    if _load(file) != MAGIC or _load(file) != PROTOCOL:
        raise WeightsError("the file is no checkpoint")
    system = _load(file)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise WeightsError("the numbers of the checkpoint are not little-endian")
    table, keys = _load(file), _load(file)
    storages = {tensor.storage.key: tensor.storage for tensor in _tensors(table).values()}
    cache: dict[str, Array] = {}
    for key in keys:
        storage = storages[key]
        (count,) = struct.unpack("<q", file.read(8))
        if count != storage.length:
            raise WeightsError("a tensor has another length than the list says")
        cache[key] = _numbers(file.read(count * np.dtype(storage.dtype).itemsize), storage)
    return _arrays(table, lambda storage: cache[storage.key])


def _load(file: BinaryIO) -> Any:
    """One pickle of a file, every operation looked at before the first is carried out."""
    start, end = file.tell(), 0
    names: list[str] = []
    for operation, argument, place in pickletools.genops(file):
        if operation.name not in OPERATIONS:
            raise WeightsError(f"the checkpoint holds the operation {operation.name}, which no list of tensors needs")
        if operation.name in ("LONG_BINPUT", "PUT", "LONG_BINGET") and int(argument or 0) > MOST_MEMO:
            raise WeightsError("the list of tensors is too long")
        if operation.name == "GLOBAL":
            names.append(str(argument))
        end = place or 0
        if end - start > LARGEST_PICKLE:
            raise WeightsError("the list of tensors is too long")
    file.seek(start)
    return _Unpickler(file).load()


class _Unpickler(pickle._Unpickler):
    """Python's own unpickler (the one in C reads ahead), which knows a few names and the storages, and sets no attributes."""

    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)

    def load_build(self) -> None:
        """Drop the state (PyTorch adds version numbers of modules to the dictionary)."""
        self.stack.pop()  # type: ignore[attr-defined]

    dispatch[pickle.BUILD[0]] = load_build

    def find_class(self, module: str, name: str) -> Any:
        """Raises WeightsError for a name that is not on the list."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return _rebuild_parameter
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        raise WeightsError(f"the checkpoint asks for {module}.{name}, which no list of tensors needs")

    def persistent_load(self, pid: Any) -> _Storage:
        """A storage by its description ('storage', type, key, device, count[, view])."""
        kind, dtype, key, _, count, *view = pid
        if kind != "storage" or dtype not in STORAGES.values() or not str(key).isalnum() or not 0 <= count < 1 << 40 or (view and view[0]):
            raise WeightsError("the checkpoint describes a storage that cannot be read")
        return _Storage(str(key), dtype, int(count))


def _rebuild(storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> _Tensor:
    """Stands for torch._utils._rebuild_tensor_v2; checks that the tensor lies inside its storage."""
    if (
        not isinstance(storage, _Storage)
        or not isinstance(shape, tuple)
        or not isinstance(strides, tuple)
        or len(shape) != len(strides)
        or len(shape) > MOST_AXES
    ):
        raise WeightsError("the checkpoint describes a tensor that cannot be read")
    if min((offset, *shape, *strides)) < 0 or max((offset, *shape, *strides)) >= 1 << 40:
        raise WeightsError("the checkpoint describes a tensor that cannot be read")
    last = offset + sum((side - 1) * stride for side, stride in zip(shape, strides, strict=True))
    size = 1
    for side in shape:
        size *= side
    if size > storage.length or (size and last >= storage.length):
        raise WeightsError("a tensor of the checkpoint reaches beyond its storage")
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


def _rebuild_parameter(tensor: _Tensor, *_: Any) -> _Tensor:
    """Stands for torch._utils._rebuild_parameter."""
    return tensor


def _tensors(table: Any) -> dict[str, _Tensor]:
    if isinstance(table, dict) and isinstance(table.get("model"), dict):
        table = table["model"]
    if not isinstance(table, dict):
        raise WeightsError("the checkpoint is no dictionary of tensors")
    return {str(name): tensor for name, tensor in table.items() if isinstance(tensor, _Tensor)}


def _numbers(data: bytes, storage: _Storage) -> Array:
    dtype = np.dtype(storage.dtype)
    if len(data) != storage.length * dtype.itemsize:
        raise WeightsError("a tensor has another length than the list says")
    numbers = np.frombuffer(data, dtype)
    return numbers if sys.byteorder == "little" else numbers.astype(dtype.newbyteorder("="))


def _arrays(table: Any, fetch: Callable[[_Storage], Array]) -> dict[str, Array]:
    arrays = {}
    for name, tensor in _tensors(table).items():
        numbers = fetch(tensor.storage)
        steps = tuple(stride * numbers.itemsize for stride in tensor.strides)
        view = np.lib.stride_tricks.as_strided(numbers[tensor.offset :], tensor.shape, steps, writeable=False)
        # The weights of a model take gigabytes: what lies in order is not copied.
        arrays[name] = np.ascontiguousarray(view).reshape(tensor.shape)
    return arrays
