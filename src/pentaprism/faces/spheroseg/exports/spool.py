"""Text that is collected while images pass by and given out at the end; kept in memory while it is small."""

import tempfile
from collections.abc import Iterator

IN_MEMORY = 4 * 1_048_576
PIECE = 1 << 18


class Spool:
    """Pieces of bytes, joined by ``separator``."""

    def __init__(self, separator: bytes = b"") -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 -- it lives as long as the export
        self._separator = separator
        self._empty = True

    def write(self, piece: bytes) -> None:
        """Add a piece."""
        if not self._empty:
            self._file.write(self._separator)
        self._file.write(piece)
        self._empty = False

    def chunks(self) -> Iterator[bytes]:
        """Everything that was written, once; the space is given back afterwards."""
        with self._file as file:
            file.seek(0)
            while piece := file.read(PIECE):
                yield piece
