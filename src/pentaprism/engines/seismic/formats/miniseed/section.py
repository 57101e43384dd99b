"""miniSEED files as sections: one stream is one trace, all on the union of their times."""

import math
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.errors import UnreadableFile
from pentaprism.engines.seismic.formats.miniseed.pieces import Decoder, Piece
from pentaprism.engines.seismic.formats.miniseed.version2 import Version2
from pentaprism.engines.seismic.formats.miniseed.version3 import MAGIC, Version3
from pentaprism.engines.seismic.formats.section import Indices, Limits, Mask, Rows, Section, empty_headers, within
from pentaprism.engines.seismic.formats.source import FileSource

SECOND = 1_000_000_000
WINDOW_BYTES = 32_000_000
MOST_SPAN = 4
RATE_TOLERANCE = 1e-4
# Seconds since 1970 that fit 64 bits of ns, with some room.
EARLIEST, LATEST = -2e9, 9e9


@dataclass(slots=True)
class Stream:
    """One channel. ``runs`` [k, 2] are first sample and end of its recorded parts on the common axis, sorted and apart."""

    id: str
    rate: float
    encoding: str
    record_length: int
    start: int
    recorded: int = 0
    end: int = 0
    runs: Indices = field(default_factory=lambda: np.zeros((0, 2), np.int64))


class MiniseedSection(Section):
    """A miniSEED file of version 2 or 3. Streams stand in the order of their first appearance.

    Raises:
        UnreadableFile: MIXED_SAMPLE_RATES; TIME_SPAN, when the common axis is longer than four times the longest stream;
            UNREADABLE.
        StructureError: it is larger than ``limits``.
    """

    format = "miniseed"

    def __init__(self, path: Path, limits: Limits | None = None, check: Callable[[], None] | None = None) -> None:
        self.path = path
        self._source = FileSource(path)
        try:
            self._decoder = decoder_of(self._source)
            self.streams = self._index(check)
            self._settle(limits or Limits())
        except BaseException:
            self._source.close()
            raise

    def _index(self, check: Callable[[], None] | None) -> list[Stream]:
        """One pass over all headers: the streams, and where the pieces of each lie (``_pieces`` [n, 5])."""
        streams: dict[str, Stream] = {}
        numbers: dict[str, int] = {}
        rows = array("q")
        for offset, length in self._decoder.stretches():
            if check is not None:
                check()
            for piece in self._decoder.pieces(offset, length, samples=False):
                if piece.rate <= 0 or piece.count == 0:
                    continue
                _require_sane(piece)
                number = numbers.setdefault(piece.id, len(numbers))
                stream = streams.setdefault(piece.id, Stream(piece.id, piece.rate, piece.encoding, piece.record_length, piece.start))
                stream.start = min(stream.start, piece.start)
                stream.end = max(stream.end, piece.start + round((piece.count - 1) * SECOND / piece.rate))
                stream.recorded += piece.count
                rate = next(iter(streams.values())).rate
                if abs(piece.rate - rate) > RATE_TOLERANCE * rate:
                    raise UnreadableFile("The streams differ in their sample rates", "MIXED_SAMPLE_RATES")
                rows.extend((number, piece.start, piece.count, offset, length))
        if not streams:
            raise UnreadableFile("The file holds no samples")
        self._pieces = np.frombuffer(rows, np.int64).reshape(-1, 5)
        return list(streams.values())

    def _settle(self, limits: Limits) -> None:
        """The common axis, and the recorded runs of every stream on it."""
        self._step = SECOND / self.streams[0].rate
        self.start = min(stream.start for stream in self.streams)
        first = np.rint((self._pieces[:, 1] - self.start) / self._step).astype(np.int64)
        self.samples = int((first + self._pieces[:, 2]).max())
        self.traces = len(self.streams)
        if self.samples > MOST_SPAN * max(stream.recorded for stream in self.streams):
            raise UnreadableFile("The streams lie too far apart in time for one section", "TIME_SPAN")
        within(self.traces, self.samples, limits)
        for number, stream in enumerate(self.streams):
            own = self._pieces[:, 0] == number
            stream.runs = merged(np.column_stack([first[own], first[own] + self._pieces[own, 2]]))
        self._first = first
        self.interval_us = 1e6 / self.streams[0].rate
        self.sample_format = self.streams[0].encoding.lower()

    def missing(self, first_trace: int = 0, count: int | None = None) -> Mask | None:
        count, _ = self._inside(first_trace, count, 0, None)
        chosen = self.streams[first_trace : first_trace + count]
        if all(stream.runs.shape[0] == 1 and np.array_equal(stream.runs[0], (0, self.samples)) for stream in self.streams):
            return None
        mask = np.ones((count, self.samples), bool)
        for row, stream in zip(mask, chosen, strict=True):
            for begin, end in stream.runs.tolist():
                row[begin:end] = False
        return mask

    def spans(self, window_bytes: int = WINDOW_BYTES) -> Iterator[tuple[int, int]]:
        # A stretch of records often holds many streams and is decoded once a window, so windows are larger here.
        return super().spans(max(window_bytes, WINDOW_BYTES))

    def gaps(self, most: int = 1000) -> list[dict[str, int]]:
        found: list[dict[str, int]] = []
        for trace, stream in enumerate(self.streams):
            edges = np.concatenate([[0], stream.runs.reshape(-1), [self.samples]]).reshape(-1, 2)
            for begin, end in edges[edges[:, 1] > edges[:, 0]].tolist():
                if len(found) == most:
                    return found
                found.append({"trace": trace, "first_sample": begin, "samples": end - begin})
        return found

    def headers(self) -> dict[str, Any]:
        streams = [
            {
                "id": stream.id,
                "start_time": time_text(stream.start),
                "end_time": time_text(stream.end),
                "segments": int(stream.runs.shape[0]),
                "encoding": stream.encoding,
                "record_length": stream.record_length,
            }
            for stream in self.streams
        ]
        return {**empty_headers(), "miniseed": {"streams": streams}}

    def recorded_at(self) -> datetime:
        """Time of the first sample of the common axis, to the microsecond."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=round(self.start / 1000))

    def sample_time(self, trace: int, sample: int) -> int:
        """Time of a sample of a stream in ns since 1970; a stream keeps its share of a step beside the common axis."""
        beside = (self.streams[trace].start - self.start) % self._step
        beside = beside - self._step if beside > self._step / 2 else beside
        return self.start + round(beside + sample * self._step)

    def close(self) -> None:
        self._source.close()

    def _rows(self, first_trace: int, count: int, first_sample: int, samples: int) -> Rows:
        return self._picked(np.arange(first_trace, first_trace + count), first_sample, samples)

    def _picked(self, traces: Indices, first_sample: int, samples: int) -> Rows:
        rows = np.zeros((traces.size, samples), np.float32)
        places: dict[str, list[int]] = {}
        for row, trace in enumerate(traces.tolist()):
            places.setdefault(self.streams[trace].id, []).append(row)
        inside = np.isin(self._pieces[:, 0], traces)
        inside &= (self._first < first_sample + samples) & (self._first + self._pieces[:, 2] > first_sample)
        for offset, length in np.unique(self._pieces[inside, 3:], axis=0).tolist():
            for piece in self._decoder.pieces(offset, length, samples=True, wanted=places.keys()):
                self._place(rows, places[piece.id], piece, first_sample)
        return rows

    def _place(self, rows: Rows, targets: list[int], piece: Piece, first_sample: int) -> None:
        if piece.data is None or piece.rate <= 0 or piece.data.dtype.kind not in "iuf":
            return
        begin = round((piece.start - self.start) / self._step) - first_sample
        skipped = max(0, -begin)
        part = piece.data[skipped : max(skipped, rows.shape[1] - begin)]
        with np.errstate(over="ignore"):
            for row in targets:
                rows[row, begin + skipped : begin + skipped + part.size] = part


def decoder_of(source: FileSource) -> Decoder:
    """The decoder for the version of a file."""
    return Version3(source) if source.head(3) == MAGIC else Version2(source)


def merged(runs: Indices) -> Indices:
    """Runs [k, 2] of first and end, sorted, those that touch or overlap joined."""
    runs = runs[np.argsort(runs[:, 0], kind="stable")]
    reach = np.maximum.accumulate(runs[:, 1])
    fresh = np.concatenate([[True], runs[1:, 0] > reach[:-1]])
    ends = np.concatenate([np.flatnonzero(fresh)[1:] - 1, [len(runs) - 1]])
    return np.column_stack([runs[fresh, 0], reach[ends]])


def time_text(nanoseconds: int) -> str:
    """ISO 8601 in UTC with microseconds."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=nanoseconds // 1000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _require_sane(piece: Piece) -> None:
    """Times that a calendar can show, rates that make a step."""
    last = piece.start / SECOND + piece.count / piece.rate if piece.rate > 1e-9 else math.inf
    if not (math.isfinite(piece.rate) and piece.rate < 1e9 and piece.start / SECOND > -2e9 and last < LATEST):
        raise UnreadableFile("The miniSEED records cannot be decoded")


def missing_samples(mask: npt.NDArray[np.bool_] | None, count: int) -> npt.NDArray[np.int64]:
    """Missing samples of each of ``count`` traces."""
    return np.zeros(count, np.int64) if mask is None else mask.sum(axis=1, dtype=np.int64)
