"""miniSEED 2, decoded by ObsPy (libmseed)."""

import io
import warnings
from collections.abc import Collection, Iterator

import numpy as np

from pentaprism.engines.seismic.errors import UnreadableFile
from pentaprism.engines.seismic.formats.miniseed.pieces import Piece
from pentaprism.engines.seismic.formats.source import FileSource

STRETCH = 1_048_576
DATA = b"DRQM"
CONTROL = b"VAST"
SMALLEST, LARGEST = 128, 65_536
HEADER = 48
BLOCKETTE_LENGTH = 1000
# Control records of a full SEED volume stand before its data.
MOST_CONTROL_RECORDS = 10_000
UNUSABLE = "The miniSEED records cannot be decoded"


def is_header(head: bytes, kinds: bytes = DATA + CONTROL) -> bool:
    """Whether bytes begin like a record: six digits or blanks, and the letter of a kind."""
    return len(head) >= 8 and all(byte in b"0123456789 \x00" for byte in head[:6]) and head[6] in kinds and head[7] in b" \x00"


class Version2:
    """Stretches of about a megabyte; within one, all records are of one length."""

    def __init__(self, source: FileSource) -> None:
        self._source = source

    def first_record(self) -> tuple[int, int]:
        at = 0
        for _ in range(MOST_CONTROL_RECORDS):
            length = self.record_length(at)
            if at + length > self._source.size:
                raise UnreadableFile("The file ends inside a miniSEED record")
            if self._source.read(at, 8)[6] in DATA:
                return at, length
            at += length
            if at == self._source.size:
                break
        raise UnreadableFile("The file holds no samples")

    def stretches(self) -> Iterator[tuple[int, int]]:
        at = 0
        while at < self._source.size:
            length = self.record_length(at)
            most = max(1, min(STRETCH, self._source.size - at) // length)
            if at + length > self._source.size:
                raise UnreadableFile("The file ends inside a miniSEED record")
            records = self._source.read(at, most * length).reshape(most, length)
            same = np.isin(records[:, 6], np.frombuffer(DATA, np.uint8)) & (records[:, 0:6] <= 0x39).all(axis=1)
            same &= self._stated_length(records) == length
            same &= ((records[:, 8:20] >= 0x20) & (records[:, 8:20] < 0x7F)).all(axis=1)
            alike = most if same.all() else max(1, int(np.argmin(same)))
            if records[0, 6] in DATA:
                yield at, alike * length
            else:
                alike = 1
            at += alike * length

    def pieces(self, offset: int, length: int, *, samples: bool, wanted: Collection[str] | None = None) -> list[Piece]:
        from obspy.io.mseed.core import _read_mseed  # noqa: PLC0415 - ObsPy takes a second to load

        stored = io.BytesIO(self._source.read(offset, length).tobytes())
        only = next(iter(wanted)) if wanted is not None and len(wanted) == 1 else None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                stream = _read_mseed(stored, headonly=not samples, sourcename=only)
        except Exception as error:
            raise UnreadableFile(UNUSABLE) from error
        return [
            Piece(
                id=trace.id,
                start=int(trace.stats.starttime.ns),
                rate=float(trace.stats.sampling_rate),
                count=int(trace.stats.npts),
                encoding=str(trace.stats.mseed.encoding),
                record_length=int(trace.stats.mseed.record_length),
                data=trace.data if samples else None,
            )
            for trace in stream
            if wanted is None or trace.id in wanted
        ]

    def record_length(self, offset: int) -> int:
        """Length of the record at ``offset``: from its blockette 1000, else from where the next record begins."""
        head = self._source.read(offset, min(LARGEST, self._source.size - offset)).tobytes()
        # ObsPy stumbles over names that are no text.
        if not is_header(head) or not all(0x20 <= byte < 0x7F for byte in head[8:20]):
            raise UnreadableFile(UNUSABLE)
        if head[6] in DATA and (stated := _blockette_length(head)):
            return stated
        length = SMALLEST
        while length <= LARGEST:
            if offset + length == self._source.size or is_header(head[length : length + 8]):
                return length
            length *= 2
        raise UnreadableFile(UNUSABLE)

    @staticmethod
    def _stated_length(records: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Lengths where blockette 1000 comes first, as it does nearly always, else that of each record by itself."""
        place = np.ascontiguousarray(records[:, 46:48])
        for order in (">u2", "<u2"):
            first = place.view(order)[:, 0]
            if not (first == HEADER).all():
                continue
            blockettes = np.ascontiguousarray(records[:, HEADER : HEADER + 2]).view(order)[:, 0]
            if (blockettes == BLOCKETTE_LENGTH).all():
                return np.left_shift(1, np.minimum(records[:, HEADER + 6], 20).astype(np.int64))
        return np.array([_blockette_length(record.tobytes()) for record in records], np.int64)


def _blockette_length(head: bytes) -> int:
    """Record length stated in blockette 1000, 0 without one. The byte order is the one in which the year makes sense."""
    order = "big" if 1900 <= int.from_bytes(head[20:22], "big") <= 2500 else "little"
    at = int.from_bytes(head[46:48], order)  # type: ignore[arg-type]
    for _ in range(16):
        if not HEADER <= at <= len(head) - 8:
            return 0
        kind = int.from_bytes(head[at : at + 2], order)  # type: ignore[arg-type]
        if kind == BLOCKETTE_LENGTH:
            length = 1 << min(head[at + 6], 20)
            return length if SMALLEST <= length <= LARGEST else 0
        following = int.from_bytes(head[at + 2 : at + 4], order)  # type: ignore[arg-type]
        if following <= at:
            return 0
        at = following
    return 0
