"""The section: what every format offers to its readers."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.errors import StructureError
from pentaprism.engines.seismic.room import Room

Rows = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

WINDOW_BYTES = 4_000_000
# Samples decoded at once: what is done with a block then finds it in the processor's cache.
BLOCK_SAMPLES = 131_072


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest section that is accepted."""

    traces: int = 10_000_000
    samples: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Window:
    """``traces`` neighbouring traces of ``samples``, read but not decoded yet.

    ``fields`` are the trace header fields asked for, [traces] each; ``missing`` [traces, samples] marks samples that the file does not
    hold (None: it holds all); ``decode`` gives the traces of a slice, NaN and Inf as they are.
    """

    first_trace: int
    traces: int
    samples: int
    fields: Mapping[str, Indices]
    missing: Mask | None
    decode: Callable[[slice], Rows]

    @property
    def block_shape(self) -> tuple[int, int]:
        """Traces of the largest block, and samples."""
        return min(self.traces, traces_a_block(self.samples)), self.samples

    def blocks(self) -> Iterator[tuple[slice, Rows]]:
        """All traces a few at a time: which ones, counted from the first of the window, and their rows, to be read until the next
        block is asked for."""
        step, _ = self.block_shape
        for first in range(0, self.traces, step):
            part = slice(first, min(first + step, self.traces))
            yield part, self.decode(part)


class Section(ABC):
    """Traces of equal length and interval in a file, or in memory. Formats fill in ``_rows`` and ``_picked`` and what else they have.

    Attributes:
        traces, samples: the shape.
        interval_us: the sample interval in µs, None when unknown.
        delay_ms: time of the first sample in ms.
        sample_format: how samples are stored.
    """

    format: str = "array"
    path: Path | None = None
    traces: int
    samples: int
    interval_us: float | None = None
    delay_ms: float = 0.0
    sample_format: str | None = None
    field_names: tuple[str, ...] = ()

    def read(
        self, first_trace: int = 0, count: int | None = None, first_sample: int = 0, samples: int | None = None, *, raw: bool = False
    ) -> Rows:
        """Neighbouring traces as a fresh float32 array [count, samples]; NaN and Inf are 0 unless ``raw``, missing samples are 0.

        Raises:
            IndexError: the window does not lie inside the section.
            UnreadableFile: the file cannot be read.
        """
        count, samples = self._inside(first_trace, count, first_sample, samples)
        rows = self._rows(first_trace, count, first_sample, samples)
        return rows if raw else finite(rows)

    def pick(self, traces: npt.ArrayLike, first_sample: int = 0, samples: int | None = None, *, raw: bool = False) -> Rows:
        """Any traces, in the order asked for, as :meth:`read`."""
        numbers = np.asarray(traces, np.int64).reshape(-1)
        _, samples = self._inside(0, 0, first_sample, samples)
        if numbers.size and not (int(numbers.min()) >= 0 and int(numbers.max()) < self.traces):
            raise IndexError(f"a trace is not one of 0..{self.traces - 1}")
        if numbers.size and np.array_equal(numbers, np.arange(numbers[0], numbers[0] + numbers.size)):
            rows = self._rows(int(numbers[0]), numbers.size, first_sample, samples)
        else:
            rows = self._picked(numbers, first_sample, samples)
        return rows if raw else finite(rows)

    def missing(self, first_trace: int = 0, count: int | None = None) -> Mask | None:
        """Samples [count, samples] that the file does not hold; None when it holds all."""
        self._inside(first_trace, count, 0, None)
        return None

    def fields(
        self,
        names: Collection[str],  # noqa: ARG002 - a format without trace headers has none of them
        first_trace: int = 0,
        count: int | None = None,
    ) -> dict[str, Indices]:
        """Trace header fields [count] as int64; names that the format does not have are left out."""
        self._inside(first_trace, count, 0, None)
        return {}

    def window(self, first_trace: int, count: int, names: Collection[str], room: Room) -> Window:  # noqa: ARG002 - few need it
        """Neighbouring traces with their header fields ``names``, in arrays of ``room``."""
        count, _ = self._inside(first_trace, count, 0, None)
        rows = self._rows(first_trace, count, 0, self.samples)
        fields, missing = self.fields(names, first_trace, count), self.missing(first_trace, count)
        return Window(first_trace, count, self.samples, fields, missing, rows.__getitem__)

    def spans(self, window_bytes: int = WINDOW_BYTES) -> Iterator[tuple[int, int]]:
        """First trace and number of traces of windows that cover the section."""
        step = max(1, window_bytes // (4 * self.samples))
        for first in range(0, self.traces, step):
            yield first, min(step, self.traces - first)

    def headers(self) -> dict[str, Any]:
        """What the file says of itself: text and binary header, streams, type; ready for JSON."""
        return empty_headers()

    def coordinate_unit(self) -> str | None:
        """m, ft, degrees, or None when the file does not say it."""
        return None

    def gaps(self, most: int = 1000) -> list[dict[str, int]]:  # noqa: ARG002 - a format without gaps has none to count
        """The first ``most`` runs of missing samples: trace, first_sample, samples."""
        return []

    def roundtrip(self, rows: Rows) -> Rows:
        """``rows`` as a result file of this section's format gives them back; fresh, ``rows`` stays as it is."""
        return np.array(rows, np.float32)

    def close(self) -> None:  # noqa: B027 - nothing to do for most formats
        """Let go of the file; again is no error."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _inside(self, first_trace: int, count: int | None, first_sample: int, samples: int | None) -> tuple[int, int]:
        count = self.traces - first_trace if count is None else count
        samples = self.samples - first_sample if samples is None else samples
        if min(first_trace, count, first_sample, samples) < 0 or first_trace + count > self.traces or first_sample + samples > self.samples:
            raise IndexError(f"the window does not lie inside {self.traces} traces of {self.samples} samples")
        return count, samples

    @abstractmethod
    def _rows(self, first_trace: int, count: int, first_sample: int, samples: int) -> Rows:
        """Neighbouring traces, float32 [count, samples], fresh and as they are in the file."""

    def _picked(self, traces: Indices, first_sample: int, samples: int) -> Rows:
        rows = np.empty((traces.size, samples), np.float32)
        for row, trace in enumerate(traces.tolist()):
            rows[row] = self._rows(trace, 1, first_sample, samples)[0]
        return rows


class ArraySection(Section):
    """A section in memory: ``array`` [trace, sample] of any integer or float type, with trace header fields where there are some."""

    def __init__(
        self,
        array: npt.ArrayLike,
        interval_us: float | None = None,
        fields: Mapping[str, npt.ArrayLike] | None = None,
        delay_ms: float = 0.0,
    ) -> None:
        self._array = np.asarray(array)
        if self._array.ndim != 2 or self._array.size == 0 or self._array.dtype.kind not in "iuf":
            raise ValueError(f"a section is a filled array [trace, sample] of numbers, not {self._array.dtype} {self._array.shape}")
        self.traces, self.samples = self._array.shape
        self.interval_us = interval_us
        self.delay_ms = delay_ms
        self.sample_format = self._array.dtype.name
        self._fields = {name: np.asarray(values, np.int64) for name, values in (fields or {}).items()}
        self.field_names = tuple(self._fields)

    def fields(self, names: Collection[str], first_trace: int = 0, count: int | None = None) -> dict[str, Indices]:
        count, _ = self._inside(first_trace, count, 0, None)
        return {name: self._fields[name][first_trace : first_trace + count] for name in names if name in self._fields}

    def _rows(self, first_trace: int, count: int, first_sample: int, samples: int) -> Rows:
        part = self._array[first_trace : first_trace + count, first_sample : first_sample + samples]
        return as_float32(part)

    def _picked(self, traces: Indices, first_sample: int, samples: int) -> Rows:
        return as_float32(self._array[traces, first_sample : first_sample + samples])


def traces_a_block(samples: int) -> int:
    """How many traces of ``samples`` are decoded at once."""
    return max(1, BLOCK_SAMPLES // samples)


def as_float32(values: npt.NDArray[Any]) -> Rows:
    """A fresh float32 copy of numbers of any type; what is too large becomes infinite."""
    with np.errstate(over="ignore"):
        return np.array(values, np.float32, order="C")


def finite(rows: Rows) -> Rows:
    """``rows`` with NaN and Inf set to 0, in place."""
    with np.errstate(invalid="ignore", over="ignore"):
        total = float(np.add.reduce(rows, axis=None, dtype=np.float32)) if rows.size else 0.0
    if not np.isfinite(total):
        rows[~np.isfinite(rows)] = 0
    return rows


def empty_headers() -> dict[str, Any]:
    """The keys of :meth:`Section.headers`, for a format that has none of them."""
    return {
        "text_header": None,
        "binary_header": {},
        "text_encoding": None,
        "byte_order": None,
        "extended_text_headers": [],
        "miniseed": None,
        "npy": None,
    }


def known(names: Collection[str], has: Sequence[str]) -> list[str]:
    """Those of ``names`` that a format has, in its order."""
    return [name for name in has if name in names]


def within(traces: int, samples: int, limits: Limits) -> None:
    """StructureError for a section larger than ``limits``."""
    if traces > limits.traces:
        raise StructureError(f"File holds {traces} traces; at most {limits.traces} are accepted")
    if samples > limits.samples:
        raise StructureError(f"Traces hold {samples} samples; at most {limits.samples} are accepted")
