"""Long lists of values, cut for statements."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

CHUNK = 500
T = TypeVar("T")


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """``items`` in pieces that fit one statement's parameters."""
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))
