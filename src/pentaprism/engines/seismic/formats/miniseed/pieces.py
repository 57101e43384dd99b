"""What one stretch of a miniSEED file holds."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Piece:
    """Samples without a gap of one stream. ``start`` in ns since 1970; ``data`` is None where only headers were read."""

    id: str
    start: int
    rate: float
    count: int
    encoding: str
    record_length: int
    data: npt.NDArray[Any] | None = None


class Decoder(Protocol):
    """One version of miniSEED: cuts a file into stretches of whole records and reads the pieces inside of one."""

    def first_record(self) -> tuple[int, int]:
        """Offset and length of the first record with data."""

    def stretches(self) -> Iterator[tuple[int, int]]:
        """Offset and length of stretches that cover the file."""

    def pieces(self, offset: int, length: int, *, samples: bool, wanted: Collection[str] | None = None) -> list[Piece]:
        """Pieces of the streams ``wanted`` (None: all) inside a stretch, with their samples where asked for."""
