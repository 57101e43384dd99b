"""NumPy files (NEP 1) as sections. Their headers are parsed as literals; objects are refused and never unpickled."""

import ast
import io
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy_format

from pentaprism.engines.seismic.errors import StructureError
from pentaprism.engines.seismic.formats.section import WINDOW_BYTES, Indices, Limits, Rows, Section, as_float32, empty_headers, within
from pentaprism.engines.seismic.formats.source import FileSource

MAGIC = b"\x93NUMPY"
MOST_HEADER = 10_000
NUMBERS = re.compile(r"[<>|=]?([iu][1248]|f[248])")
# Bytes of the field that holds the length of the header, by version.
LENGTH_BYTES = {(1, 0): 2, (2, 0): 4}
# Column-major files up to this size are read at once; larger ones sample by sample.
MEMORY = 64_000_000


class NpySection(Section):
    """An array [trace, sample] or one trace [sample] of integers or floats of 1 to 8 bytes.

    Raises:
        StructureError: another shape or type, or a size that does not fit.
    """

    format = "npy"

    def __init__(self, path: Path, sample_interval_us: float | None = None, limits: Limits | None = None) -> None:
        self.path = path
        self._source = FileSource(path)
        try:
            self._shape, self._columns_first, self._dtype, self._start = read_header(self._source)
            self.traces, self.samples = self._shape if len(self._shape) == 2 else (1, self._shape[0])
            within(self.traces, self.samples, limits or Limits())
        except BaseException:
            self._source.close()
            raise
        self._columns_first = self._columns_first and min(self.traces, self.samples) > 1
        self.interval_us = sample_interval_us
        self.sample_format = self._dtype.name

    def headers(self) -> dict[str, Any]:
        return {**empty_headers(), "npy": {"dtype": self._dtype.str, "shape": list(self._shape)}}

    def close(self) -> None:
        self._source.close()

    def _rows(self, first_trace: int, count: int, first_sample: int, samples: int) -> Rows:
        if self._columns_first:
            return self._transposed(first_trace, count, first_sample, samples)
        if samples == self.samples:
            return as_float32(self._values(first_trace * self.samples, count * samples).reshape(count, samples))
        return self._picked(np.arange(first_trace, first_trace + count), first_sample, samples)

    def _picked(self, traces: Indices, first_sample: int, samples: int) -> Rows:
        if self._columns_first:
            return self._transposed_picked(traces, first_sample, samples)
        rows = np.empty((traces.size, samples), np.float32)
        with np.errstate(over="ignore"):
            for row, trace in zip(rows, traces.tolist(), strict=True):
                row[:] = self._values(trace * self.samples + first_sample, samples)
        return rows

    def _transposed(self, first_trace: int, count: int, first_sample: int, samples: int) -> Rows:
        rows = np.empty((count, samples), np.float32)
        step = max(1, MEMORY // max(1, self.traces * self._dtype.itemsize)) if 4 * count >= self.traces else 1
        with np.errstate(over="ignore"):
            for at in range(0, samples, step):
                n = min(step, samples - at)
                begin = (first_sample + at) * self.traces
                if step == 1:
                    rows[:, at] = self._values(begin + first_trace, count)
                else:
                    rows[:, at : at + n] = self._values(begin, n * self.traces).reshape(n, self.traces).T[first_trace : first_trace + count]
        return rows

    def _transposed_picked(self, traces: Indices, first_sample: int, samples: int) -> Rows:
        rows = np.empty((traces.size, samples), np.float32)
        step = max(1, WINDOW_BYTES // max(1, self.traces * self._dtype.itemsize))
        with np.errstate(over="ignore"):
            for at in range(0, samples, step):
                n = min(step, samples - at)
                part = self._values((first_sample + at) * self.traces, n * self.traces).reshape(n, self.traces)
                rows[:, at : at + n] = part[:, traces].T
        return rows

    def _values(self, first: int, count: int) -> npt.NDArray[Any]:
        size = self._dtype.itemsize
        return self._source.read(self._start + first * size, count * size).view(self._dtype)


def read_header(source: FileSource) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Shape, whether columns come first, type, and the first byte of the samples; StructureError for anything unfit."""
    shape, columns_first, name, start = _parsed(source.head(MOST_HEADER + 12))
    if isinstance(name, str) and name.endswith("O"):
        raise StructureError("npy files that hold Python objects are not accepted")
    if not isinstance(name, str) or not NUMBERS.fullmatch(name):
        raise StructureError("npy files must hold integers or floats of 1 to 8 bytes")
    dtype = np.dtype(name)
    if len(shape) not in (1, 2):
        raise StructureError("npy files must have 1 or 2 dimensions")
    if any(type(side) is not int or side < 1 for side in shape):
        raise StructureError("File holds no samples")
    size = math.prod(shape) * dtype.itemsize
    if source.size < start + size:
        trace = (source.size - start) // (shape[-1] * dtype.itemsize) if source.size > start else 0
        raise StructureError(f"File ends inside trace {trace}")
    if source.size > start + size:
        raise StructureError("File is longer than its header says")
    return shape, columns_first, dtype, start


def _parsed(head: bytes) -> tuple[tuple[Any, ...], bool, object, int]:
    """Shape, order, type and length of the header as they stand."""
    unfit = StructureError("The npy header cannot be read")
    version = tuple(head[6:8])
    if version not in LENGTH_BYTES:
        raise unfit
    begin = 8 + LENGTH_BYTES[version]
    start = begin + int.from_bytes(head[8:begin], "little")
    if start > len(head):
        raise unfit
    try:
        fields = ast.literal_eval(head[begin:start].decode("ascii").strip())
        shape, order, name = fields["shape"], fields["fortran_order"], fields["descr"]
    except (ValueError, TypeError, SyntaxError, KeyError, MemoryError, RecursionError) as error:
        raise unfit from error
    if not isinstance(shape, tuple) or not isinstance(order, bool):
        raise unfit
    return shape, order, name, start


def header_bytes(shape: tuple[int, ...], dtype: str = "<f4") -> bytes:
    """The header of a row-major npy file of version 1.0."""
    target = io.BytesIO()
    npy_format.write_array_header_1_0(target, {"shape": shape, "fortran_order": False, "descr": dtype})
    return target.getvalue()
