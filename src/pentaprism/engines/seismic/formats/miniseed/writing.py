"""miniSEED 2 written by ObsPy: float32 in records of 4096 bytes."""

import io
import string
import warnings
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import numpy as np

from pentaprism.engines.seismic.errors import ParameterError
from pentaprism.engines.seismic.formats.miniseed.section import MiniseedSection
from pentaprism.engines.seismic.formats.section import Rows

RECORD = 4096
CODES = (2, 5, 2, 3)
DIGITS = string.digits + string.ascii_uppercase
MOST_TRACES = len(DIGITS) ** 4
# Samples handed to ObsPy at once.
PART = 1_000_000

Segment = tuple[str, int, Rows]


def write_segments(target: BinaryIO, segments: Iterable[Segment], interval_us: float) -> None:
    """Append segments (stream id, start in ns since 1970, samples) as records."""
    from obspy import Stream, Trace, UTCDateTime  # noqa: PLC0415 - ObsPy takes a second to load
    from obspy.io.mseed.core import _write_mseed  # noqa: PLC0415

    for name, start, samples in segments:
        network, station, location, channel = split_id(name)
        header = {"network": network, "station": station, "location": location, "channel": channel, "delta": interval_us / 1e6}
        for at in range(0, samples.size, PART):
            part = np.ascontiguousarray(samples[at : at + PART], np.float32)
            header["starttime"] = UTCDateTime(ns=start + round(at * interval_us * 1000))
            stored = io.BytesIO()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                _write_mseed(Stream([Trace(part, header)]), stored, encoding="FLOAT32", reclen=RECORD, byteorder=">")
            target.write(stored.getbuffer())


def stream_segments(section: MiniseedSection, trace: int, row: Rows, filled: bool) -> Iterator[Segment]:
    """What one stream holds: its recorded runs, or, once it is filled, the whole axis."""
    stream = section.streams[trace]
    name = stream.id if split_id(stream.id, strict=False) else generated_id(trace)
    runs = [(0, section.samples)] if filled else stream.runs.tolist()
    for begin, end in runs:
        yield name, section.sample_time(trace, begin), row[begin:end]


def split_id(name: str, *, strict: bool = True) -> list[str]:
    """Network, station, location, channel; empty (ValueError when ``strict``) where they do not fit a record of version 2."""
    parts = name.split(".")
    fits = len(parts) == 4 and all(len(part) <= most and part.isascii() for part, most in zip(parts, CODES, strict=True))
    if not fits and strict:
        raise ValueError(f"{name} does not fit miniSEED 2")
    return parts if fits else []


def generated_id(trace: int) -> str:
    """``XX.T<base 36>..HHZ`` for a trace of another format."""
    if trace >= MOST_TRACES:
        raise ParameterError("format", f"miniSEED can name at most {MOST_TRACES} traces")
    digits, rest = "", trace
    while rest or not digits:
        rest, digit = divmod(rest, len(DIGITS))
        digits = DIGITS[digit] + digits
    return f"XX.T{digits}..HHZ"
