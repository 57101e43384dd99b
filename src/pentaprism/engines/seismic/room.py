"""Memory that was touched before: to a pass that looks at every sample of a file once, fresh pages would cost more than the looking."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Full, Queue
from typing import Any

import numpy as np
import numpy.typing as npt

BYTES = 8_388_608
ALIGNED = 64
# As many passes as a process is likely to make at once.
KEPT = 2


class Room:
    """Arrays cut one after the other from one stretch of memory, for one pass over a file; what does not fit is allocated by itself."""

    def __init__(self) -> None:
        self._bytes = np.empty(BYTES, np.uint8)
        self._used = 0

    def array(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """An array that holds anything; it is contiguous."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if self._used + size > BYTES:
            return np.empty(shape, dtype)
        part = self._bytes[self._used : self._used + size]
        self._used += -(-size // ALIGNED) * ALIGNED
        return part.view(dtype).reshape(shape)

    def clear(self) -> None:
        """All arrays are given up."""
        self._used = 0


_FREE: Queue[Room] = Queue(KEPT)


@contextmanager
def room() -> Iterator[Room]:
    """A room for as long as the block lasts."""
    try:
        lent = _FREE.get_nowait()
    except Empty:
        lent = Room()
    try:
        yield lent
    finally:
        lent.clear()
        try:
            _FREE.put_nowait(lent)
        except Full:
            del lent
