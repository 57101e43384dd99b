"""miniSEED 3: 40 bytes of header, source identifier, extra headers, samples; little-endian but for Steim frames."""

import struct
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from pentaprism.engines.seismic.errors import UnreadableFile
from pentaprism.engines.seismic.formats.miniseed.pieces import Piece
from pentaprism.engines.seismic.formats.miniseed.steim import unpack
from pentaprism.engines.seismic.formats.source import FileSource

MAGIC = b"MS\x03"
HEADER = struct.Struct("<2sBBIHHBBBBdIIBBHI")
STRETCH = 1_048_576
LARGEST_RECORD = 16_000_000
PLAIN = {1: ("INT16", "<i2"), 3: ("INT32", "<i4"), 4: ("FLOAT32", "<f4"), 5: ("FLOAT64", "<f8")}
STEIM = {10: ("STEIM1", 1), 11: ("STEIM2", 2)}
TEXT = 0
UNUSABLE = "The miniSEED records cannot be decoded"


class Version3:
    """Stretches of whole records of about a megabyte."""

    def __init__(self, source: FileSource) -> None:
        self._source = source

    def first_record(self) -> tuple[int, int]:
        length = self._record_length(0)
        if length > self._source.size:
            raise UnreadableFile("The file ends inside a miniSEED record")
        return 0, length

    def stretches(self) -> Iterator[tuple[int, int]]:
        begin = at = 0
        while at < self._source.size:
            at += self._record_length(at)
            if at > self._source.size:
                raise UnreadableFile("The file ends inside a miniSEED record")
            if at - begin >= STRETCH or at == self._source.size:
                yield begin, at - begin
                begin = at

    def pieces(self, offset: int, length: int, *, samples: bool, wanted: Collection[str] | None = None) -> list[Piece]:
        stored = self._source.read(offset, length).tobytes()
        found, at = [], 0
        while at < length:
            size = _length(stored[at : at + HEADER.size])
            piece = _piece(stored[at : at + size], samples, wanted)
            if piece is not None:
                found.append(piece)
            at += size
        return found

    def _record_length(self, offset: int) -> int:
        if self._source.size - offset < HEADER.size:
            raise UnreadableFile("The file ends inside a miniSEED record")
        return _length(self._source.read(offset, HEADER.size).tobytes())


def _length(head: bytes) -> int:
    if len(head) < HEADER.size or head[:3] != MAGIC:
        raise UnreadableFile(UNUSABLE)
    identifier, extra, data = struct.unpack_from("<BHI", head, 33)
    size = HEADER.size + identifier + extra + data
    if size > LARGEST_RECORD:
        raise UnreadableFile(UNUSABLE)
    return int(size)


def _piece(record: bytes, samples: bool, wanted: Collection[str] | None) -> Piece | None:
    fields = HEADER.unpack_from(record)
    nanosecond, year, day, hour, minute, second, encoding, rate, count = fields[3:12]
    identifier, extra, size = fields[14:17]
    name = stream_id(record[HEADER.size : HEADER.size + identifier])
    if encoding == TEXT or count == 0 or (wanted is not None and name not in wanted):
        return None
    if encoding not in PLAIN and encoding not in STEIM:
        raise UnreadableFile(UNUSABLE)
    try:
        moment = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day - 1, hours=hour, minutes=minute, seconds=second)
    except (ValueError, OverflowError) as error:
        raise UnreadableFile(UNUSABLE) from error
    start = round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1_000_000_000 + nanosecond
    # A negative rate is a period in seconds.
    rate = rate if rate >= 0 else -1.0 / rate
    data = _samples(record[HEADER.size + identifier + extra :][:size], encoding, count) if samples else None
    label = (PLAIN.get(encoding) or STEIM[encoding])[0]
    return Piece(name, start, float(rate), int(count), str(label), len(record), data)


def _samples(stored: bytes, encoding: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.generic]]:
    if encoding in STEIM:
        return unpack(stored, count, STEIM[encoding][1])
    kind = PLAIN[encoding][1]
    if len(stored) < count * int(kind[2:]):
        raise UnreadableFile(UNUSABLE)
    return np.frombuffer(stored, kind, count)


def stream_id(identifier: bytes) -> str:
    """``FDSN:NET_STA_LOC_B_S_SS`` as ``NET.STA.LOC.CHA``; other identifiers as they are."""
    text = "".join(ch if ch.isprintable() else "?" for ch in identifier.decode("utf-8", "replace"))
    parts = text.removeprefix("FDSN:").split("_")
    if text.startswith("FDSN:") and len(parts) == 6:
        return f"{parts[0]}.{parts[1]}.{parts[2]}.{''.join(parts[3:])}"
    return text
