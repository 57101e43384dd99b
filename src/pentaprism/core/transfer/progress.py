"""Telling how far a transfer has come."""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

Part = Literal["check", "rows", "files"]
# Part, what is done of it, all of it: bytes of the archive, rows, bytes of files.
Report = Callable[[Part, int, int], None]


def silent(part: Part, done: int, total: int) -> None:
    """Nobody wants to know."""


class Meter:
    """Adds up what is done of one part."""

    def __init__(self, report: Report, part: Part, total: int) -> None:
        self._report, self._part, self.total, self.done = report, part, total, 0
        report(part, 0, total)

    def add(self, amount: int) -> None:
        """So much more is done."""
        self.done += amount
        self._report(self._part, self.done, self.total)

    def of(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """``chunks`` as they pass."""
        for chunk in chunks:
            yield chunk
            self.add(len(chunk))
