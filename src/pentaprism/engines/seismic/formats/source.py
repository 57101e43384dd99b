"""A file read by position."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.errors import UnreadableFile


class FileSource:
    """Reads ranges of a file into arrays.

    Positional reads keep the resident memory at the size of the window that is read, unlike a mapping of the whole file, and a file
    that shrinks or fails under the reader is an error instead of a signal that ends the process.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_RDONLY)
        self.size = os.fstat(self._file).st_size

    def read(self, offset: int, length: int) -> npt.NDArray[np.uint8]:
        """``length`` bytes at ``offset`` as uint8; UnreadableFile where the file ends before."""
        buffer = np.empty(length, np.uint8)
        self.read_into(offset, buffer)
        return buffer

    def read_into(self, offset: int, buffer: npt.NDArray[np.uint8]) -> None:
        """Fill the contiguous ``buffer`` with the bytes at ``offset``; UnreadableFile where the file ends before."""
        view = buffer.data
        done = 0
        while done < len(view):
            count = os.preadv(self._file, [view[done:]], offset + done)
            if count == 0:
                raise UnreadableFile("The file ends before its last trace")
            done += count

    def head(self, length: int) -> bytes:
        """The first ``length`` bytes, or all of a shorter file."""
        return os.pread(self._file, length, 0)

    def close(self) -> None:
        """Close the file; again is no error."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
