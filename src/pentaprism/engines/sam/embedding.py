"""What an engine keeps of a picture between prompts, in memory and as bytes."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

MAGIC = b"PPSE\x01"
DIGEST = 32
DTYPES = {"uint8", "uint16", "int32", "float32"}
LONGEST_HEADER = 1 << 16


class EmbeddingError(ValueError):
    """The bytes of an embedding are damaged, or the embedding belongs to another engine."""


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """Arrays of one picture of ``width`` x ``height`` px, made by one version of one engine with one set of weights."""

    engine: str
    version: str
    weights_sha256: str | None
    width: int
    height: int
    arrays: Mapping[str, npt.NDArray[Any]]

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return sum(array.nbytes for array in self.arrays.values())

    def to_bytes(self) -> bytes:
        """The embedding with a checksum."""
        header = {
            "engine": self.engine,
            "version": self.version,
            "weights_sha256": self.weights_sha256,
            "width": self.width,
            "height": self.height,
            "arrays": [{"name": name, "dtype": str(array.dtype), "shape": array.shape} for name, array in self.arrays.items()],
        }
        text = json.dumps(header).encode()
        body = b"".join([struct.pack("<I", len(text)), text, *(np.ascontiguousarray(array).tobytes() for array in self.arrays.values())])
        return MAGIC + hashlib.sha256(body).digest() + body

    @classmethod
    def from_bytes(cls, data: bytes) -> Embedding:
        """The embedding that ``to_bytes`` wrote; raises EmbeddingError for anything else."""
        start = len(MAGIC) + DIGEST
        body = memoryview(data)[start:]
        if data[: len(MAGIC)] != MAGIC or hashlib.sha256(body).digest() != data[len(MAGIC) : start]:
            raise EmbeddingError("the bytes of the embedding are damaged")
        try:
            (length,) = struct.unpack("<I", body[:4])
            header = json.loads(bytes(body[4 : 4 + min(length, LONGEST_HEADER)]))
            arrays, offset = {}, 4 + length
            for entry in header["arrays"]:
                array = _array(entry, body[offset:])
                arrays[str(entry["name"])] = array
                offset += array.nbytes
            if offset != len(body):
                raise EmbeddingError("the embedding has another length than its header says")
            sha256 = header["weights_sha256"]
            return cls(
                str(header["engine"]), str(header["version"]), None if sha256 is None else str(sha256), int(header["width"]),
                int(header["height"]), arrays,
            )  # fmt: skip
        except (struct.error, KeyError, TypeError, ValueError) as error:
            raise EmbeddingError("the header of the embedding cannot be read") from error

    def belongs_to(self, engine: str, version: str, weights_sha256: str | None) -> None:
        """Raises EmbeddingError unless this engine with these weights made it."""
        if (self.engine, self.version, self.weights_sha256) != (engine, version, weights_sha256):
            raise EmbeddingError(f"the embedding was made by {self.engine}/{self.version}, not by {engine}/{version} with these weights")


def _array(entry: Mapping[str, Any], data: memoryview) -> npt.NDArray[Any]:
    if entry["dtype"] not in DTYPES:
        raise EmbeddingError("the embedding holds a type of number that no engine writes")
    dtype = np.dtype(entry["dtype"])
    shape = tuple(int(side) for side in entry["shape"])
    count = int(np.prod(shape, dtype=np.int64))
    if min(shape, default=0) < 0 or count * dtype.itemsize > len(data):
        raise EmbeddingError("the embedding ends early")
    return np.frombuffer(data, dtype, count).reshape(shape)
