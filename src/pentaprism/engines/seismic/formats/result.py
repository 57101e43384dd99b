"""Result files: the input with some traces replaced."""

import contextlib
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, cast

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.formats.miniseed.section import MiniseedSection
from pentaprism.engines.seismic.formats.miniseed.writing import stream_segments, write_segments
from pentaprism.engines.seismic.formats.npy import header_bytes
from pentaprism.engines.seismic.formats.section import Rows, Section
from pentaprism.engines.seismic.formats.segy.samples import encode
from pentaprism.engines.seismic.formats.segy.section import SegySection


class ResultWriter(Protocol):
    """Takes changed traces, whole and in any order. The file is complete at the end of the ``with`` block, and gone on an error in it.

    Attributes:
        saturated: samples that were clipped to the range of the file's whole numbers.
    """

    saturated: int

    def write(self, traces: npt.ArrayLike, rows: Rows, *, filled: bool = False) -> None:
        """Replace ``traces`` [n] by ``rows`` [n, samples]; ``filled`` says that they have no gaps any more.

        Raises:
            ValueError: the shapes do not fit or a sample is NaN or Inf.
        """

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...


def open_result(section: Section, target: Path) -> ResultWriter:
    """A result file at ``target`` in the format of ``section``, beginning as its copy.

    SEG-Y: a byte copy in which only the samples of changed traces differ. npy: float32, little-endian, [trace, sample]. miniSEED:
    float32 in records of 4096 bytes with ids, start times and unfilled gaps as they are.
    """
    if isinstance(section, SegySection):
        return SegyResult(section, target)
    if isinstance(section, MiniseedSection):
        return MiniseedResult(section, target)
    return NpyResult(section, target)


class _Result(ABC):
    """What the three kinds share: checks of what is written, and that a failure leaves no file."""

    def __init__(self, section: Section, target: Path) -> None:
        self.saturated = 0
        self._section = section
        self._target = target
        self._file = -1
        try:
            self._begin()
        except BaseException:
            self._drop()
            raise

    def write(self, traces: npt.ArrayLike, rows: Rows, *, filled: bool = False) -> None:
        """See :class:`ResultWriter`."""
        numbers = np.asarray(traces, np.int64).reshape(-1)
        if rows.shape != (numbers.size, self._section.samples):
            raise ValueError(f"{numbers.size} traces of {self._section.samples} samples do not come as {rows.shape}")
        if numbers.size and not (int(numbers.min()) >= 0 and int(numbers.max()) < self._section.traces):
            raise ValueError(f"a trace is not one of 0..{self._section.traces - 1}")
        if not bool(np.isfinite(rows).all()):
            raise ValueError("a sample is NaN or Inf")
        self._write(numbers.tolist(), rows)
        self._note(numbers.tolist(), filled)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                self._end()
        except BaseException:
            self._drop()
            raise
        if kind is not None:
            self._drop()
        self._close()

    @abstractmethod
    def _begin(self) -> None:
        """Open the file."""

    @abstractmethod
    def _write(self, traces: list[int], rows: Rows) -> None:
        """Put rows in the places of their traces."""

    def _note(self, traces: list[int], filled: bool) -> None:  # noqa: B027 - nothing to do for most formats
        """Remember which traces were written."""

    def _end(self) -> None:  # noqa: B027 - nothing to do for most formats
        """Complete the file."""

    def _drop(self) -> None:
        self._close()
        self._target.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class SegyResult(_Result):
    """A byte copy whose changed sample blocks are overwritten in place."""

    def _begin(self) -> None:
        source = cast("SegySection", self._section)
        assert source.path is not None
        shutil.copyfile(source.path, self._target)
        self._layout = source.layout
        self._file = os.open(self._target, os.O_RDWR)

    def _write(self, traces: list[int], rows: Rows) -> None:
        layout = self._layout
        stored, clipped = encode(rows, layout.code, layout.order)
        self.saturated += clipped
        for trace, samples in zip(traces, stored, strict=True):
            put_bytes(self._file, samples, layout.data_start + trace * layout.trace_bytes + layout.trace_header)


class NpyResult(_Result):
    """A float32 copy whose changed rows are overwritten in place."""

    def _begin(self) -> None:
        self._start = write_npy(self._section, self._target)
        self._file = os.open(self._target, os.O_RDWR)

    def _write(self, traces: list[int], rows: Rows) -> None:
        stored = np.ascontiguousarray(rows, "<f4")
        for trace, row in zip(traces, stored, strict=True):
            put_bytes(self._file, row.view(np.uint8), self._start + trace * 4 * self._section.samples)


class MiniseedResult(_Result):
    """Changed rows wait in a scratch file; at the end all streams are written one after the other."""

    def _begin(self) -> None:
        self._scratch = self._target.with_name(self._target.name + ".rows")
        self._file = os.open(self._scratch, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._filled: dict[int, bool] = {}

    def _write(self, traces: list[int], rows: Rows) -> None:
        for trace, row in zip(traces, np.ascontiguousarray(rows, np.float32), strict=True):
            put_bytes(self._file, row.view(np.uint8), trace * 4 * self._section.samples)

    def _note(self, traces: list[int], filled: bool) -> None:
        self._filled.update(dict.fromkeys(traces, filled))

    def _end(self) -> None:
        section = cast("MiniseedSection", self._section)
        assert section.interval_us is not None
        with self._target.open("wb") as target:
            for first, count in section.spans():
                rows = section.read(first, count, raw=True)
                for trace in range(first, first + count):
                    row = rows[trace - first]
                    if trace in self._filled:
                        row = np.frombuffer(os.pread(self._file, 4 * section.samples, trace * 4 * section.samples), np.float32)
                    segments = stream_segments(section, trace, row, self._filled.get(trace, False))
                    write_segments(target, segments, section.interval_us)

    def _close(self) -> None:
        super()._close()
        with contextlib.suppress(FileNotFoundError):
            self._scratch.unlink()


def write_npy(section: Section, target: Path, *, each: Callable[[float], None] | None = None) -> int:
    """The section as a float32 npy file; gives the first byte of its samples. ``each`` is told the share done after each window."""
    head = header_bytes((section.traces, section.samples))
    with target.open("wb") as file:
        file.write(head)
        for first, count in section.spans():
            file.write(section.read(first, count, raw=True).astype("<f4", copy=False).data)
            if each is not None:
                each((first + count) / section.traces)
    return len(head)


def put_bytes(file: int, data: npt.NDArray[np.uint8], offset: int) -> None:
    """Write all of a contiguous array at ``offset``."""
    view = np.ascontiguousarray(data).data
    done = 0
    while done < len(view):
        done += os.pwrite(file, view[done:], offset + done)
