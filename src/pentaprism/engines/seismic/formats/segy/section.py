"""SEG-Y files as sections."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.errors import UnreadableFile
from pentaprism.engines.seismic.formats.section import (
    WINDOW_BYTES,
    Indices,
    Limits,
    Rows,
    Section,
    Window,
    empty_headers,
    known,
    traces_a_block,
    within,
)
from pentaprism.engines.seismic.formats.segy import text
from pentaprism.engines.seismic.formats.segy.fields import (
    BINARY_FIELDS,
    HEADER_FIELDS,
    INNER_FIELDS,
    TRACE_HEADER,
    binary_value,
    trace_fields,
)
from pentaprism.engines.seismic.formats.segy.layout import FILE_HEADER, TEXT_SIZE, read_layout
from pentaprism.engines.seismic.formats.segy.samples import CODES, decode, encode, scratch_of
from pentaprism.engines.seismic.formats.source import FileSource
from pentaprism.engines.seismic.room import Room

# Traces of more bytes than this are read by themselves where only their headers or a part of their samples is wanted.
LONG_TRACE = 65_536
MOST_SHOWN_HEADERS = 100
ALL_FIELDS = (*HEADER_FIELDS, *INNER_FIELDS)


class SegySection(Section):
    """A SEG-Y file of revision 0, 1 or 2, in either byte order, of any of the sample codes 1, 2, 3, 5, 6, 8, 10, 11 and 16.

    Raises:
        StructureError: its parts do not fit together, or it is larger than ``limits``.
        UnreadableFile: VARIABLE_TRACE_LENGTH.
    """

    format = "segy"
    field_names = tuple(HEADER_FIELDS)

    def __init__(self, path: Path, sample_interval_us: float | None = None, limits: Limits | None = None) -> None:
        self.path = path
        self._source = FileSource(path)
        try:
            self.layout = read_layout(self._source)
            within(self.layout.traces, self.layout.samples, limits or Limits())
            _require_one_length(differ=self.layout.variable_length)
        except BaseException:
            self._source.close()
            raise
        self._sample = CODES[self.layout.code]
        self.traces, self.samples = self.layout.traces, self.layout.samples
        self.interval_us = self.layout.interval_us if self.layout.interval_us is not None else sample_interval_us
        self.interval_stated = self.layout.interval_us is not None
        self.sample_format = self._sample.name
        self.delay_ms = float(self.fields(["delay_ms"], 0, 1)["delay_ms"][0])

    def window(self, first_trace: int, count: int, names: Collection[str], room: Room) -> Window:
        count, _ = self._inside(first_trace, count, 0, None)
        wanted = known(names, ALL_FIELDS)
        stored = room.array((count, self.layout.trace_bytes), np.uint8)
        decoded = room.array((min(count, traces_a_block(self.samples)), self.samples), np.float32)
        scratch = scratch_of(self.layout.code, decoded.shape, room)
        self._source.read_into(self._offset(first_trace), stored.reshape(-1))
        fields = trace_fields(stored, {*wanted, "samples"}, self.layout.order)
        self._require_equal_lengths(fields["samples"])

        def rows_of(part: slice) -> Rows:
            rows = decoded[: part.stop - part.start]
            decode(stored[part, self.layout.trace_header :], self.layout.code, self.layout.order, rows, scratch)
            return rows

        return Window(first_trace, count, self.samples, {name: fields[name] for name in wanted}, None, rows_of)

    def spans(self, window_bytes: int = WINDOW_BYTES) -> Iterator[tuple[int, int]]:
        step = max(1, window_bytes // max(4 * self.samples, self.layout.trace_bytes))
        for first in range(0, self.traces, step):
            yield first, min(step, self.traces - first)

    def fields(self, names: Collection[str], first_trace: int = 0, count: int | None = None) -> dict[str, Indices]:
        count, _ = self._inside(first_trace, count, 0, None)
        return trace_fields(self.trace_headers(first_trace, count), known(names, ALL_FIELDS), self.layout.order)

    def trace_headers(self, first_trace: int, count: int) -> npt.NDArray[np.uint8]:
        """The first 240 header bytes of neighbouring traces [count, 240], fresh."""
        headers = np.empty((count, TRACE_HEADER), np.uint8)
        if self.layout.trace_bytes > LONG_TRACE:
            for row in range(count):
                self._source.read_into(self._offset(first_trace + row), headers[row])
            return headers
        step = max(1, WINDOW_BYTES // self.layout.trace_bytes)
        for at in range(0, count, step):
            n = min(step, count - at)
            headers[at : at + n] = self._stored(first_trace + at, n)[:, :TRACE_HEADER]
        return headers

    def file_header(self) -> npt.NDArray[np.uint8]:
        """Everything before the first trace."""
        return self._source.read(0, self.layout.data_start)

    def headers(self) -> dict[str, Any]:
        head = self._source.head(FILE_HEADER)
        block, order, encoding = head[TEXT_SIZE:], self.layout.order, self.text_encoding()
        binary: dict[str, Any] = {name: binary_value(block, *place, order) for name, place in BINARY_FIELDS.items()}
        binary["segy_revision"] = self.layout.revision
        extended = []
        for number in range(min(self.layout.extended_headers, MOST_SHOWN_HEADERS)):
            part = self._source.read(FILE_HEADER + TEXT_SIZE * number, TEXT_SIZE).tobytes()
            extended.append(text.lines_of(part, text.encoding_of(part) or text.EBCDIC))
        return {
            **empty_headers(),
            "text_header": text.lines_of(head[:TEXT_SIZE], encoding),
            "binary_header": binary,
            "text_encoding": "ebcdic" if encoding == text.EBCDIC else "ascii",
            "byte_order": "big" if order == ">" else "little",
            "extended_text_headers": extended,
        }

    def text_encoding(self) -> str:
        """The code page of the text header."""
        return text.encoding_of(self._source.read(0, TEXT_SIZE).tobytes()) or text.EBCDIC

    def coordinate_unit(self) -> str | None:
        unit = int(self.fields(["coordinate_units"], 0, 1)["coordinate_units"][0])
        if unit in (2, 3, 4):
            return "degrees"
        block = self._source.read(TEXT_SIZE, FILE_HEADER - TEXT_SIZE).tobytes()
        return {1: "m", 2: "ft"}.get(binary_value(block, *BINARY_FIELDS["measurement_system"], self.layout.order))

    def recorded_at(self) -> datetime | None:
        """The date in the header of the first trace, None when it holds none."""
        fields = self.fields(INNER_FIELDS, 0, 1)
        year, day, hour, minute, second = (int(fields[name][0]) for name in ("year", "day", "hour", "minute", "second"))
        if not (1900 <= year <= 2200 and 1 <= day <= 366 and 0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 61):
            return None
        return datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day - 1, hours=hour, minutes=minute, seconds=second)

    def roundtrip(self, rows: Rows) -> Rows:
        stored, _ = encode(rows, self.layout.code, self.layout.order)
        back = np.empty(rows.shape, np.float32)
        decode(stored, self.layout.code, self.layout.order, back)
        return back

    def close(self) -> None:
        self._source.close()

    def _offset(self, trace: int) -> int:
        return self.layout.data_start + trace * self.layout.trace_bytes

    def _stored(self, first: int, count: int) -> npt.NDArray[np.uint8]:
        return self._source.read(self._offset(first), count * self.layout.trace_bytes).reshape(count, -1)

    def _rows(self, first_trace: int, count: int, first_sample: int, samples: int) -> Rows:
        if 2 * samples < self.samples and self.layout.trace_bytes > LONG_TRACE:
            return self._picked(np.arange(first_trace, first_trace + count), first_sample, samples)
        rows = np.empty((count, samples), np.float32)
        begin = self.layout.trace_header + first_sample * self._sample.width
        end = begin + samples * self._sample.width
        step = max(1, WINDOW_BYTES // self.layout.trace_bytes)
        for at in range(0, count, step):
            n = min(step, count - at)
            decode(self._stored(first_trace + at, n)[:, begin:end], self.layout.code, self.layout.order, rows[at : at + n])
        return rows

    def _picked(self, traces: Indices, first_sample: int, samples: int) -> Rows:
        rows = np.empty((traces.size, samples), np.float32)
        begin = self.layout.trace_header + first_sample * self._sample.width
        step = max(1, WINDOW_BYTES // max(1, samples * self._sample.width))
        for at in range(0, traces.size, step):
            stored = np.empty((min(step, traces.size - at), samples * self._sample.width), np.uint8)
            for row, trace in zip(stored, traces[at : at + step].tolist(), strict=True):
                self._source.read_into(self._offset(trace) + begin, row)
            decode(stored, self.layout.code, self.layout.order, rows[at : at + len(stored)])
        return rows

    def _require_equal_lengths(self, stated: Indices) -> None:
        """Traces may leave their length out; where the file does not promise a fixed length, a different one is an error."""
        if not self.layout.fixed_length and self.samples <= 0xFFFF:
            _require_one_length(differ=bool(((stated != 0) & (stated != self.samples)).any()))


def _require_one_length(*, differ: bool) -> None:
    if differ:
        raise UnreadableFile("The traces differ in length", "VARIABLE_TRACE_LENGTH")
