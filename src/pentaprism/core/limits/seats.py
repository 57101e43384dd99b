"""Limits of what is open at the same time. Contract: ``tests/contracts/test_seats.py``."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Protocol

Leave = Callable[[], None]
"""Gives a place back; a second call changes nothing."""


class Seats(Protocol):
    """Counts what is open under a key: streams of a job, sockets of an account."""

    def take(self, key: str, limit: int) -> Leave | None:
        """A place under ``key``, or None where ``limit`` are taken. May wait for the network."""

    def close(self) -> None:
        """Give every place of this process back."""


class MemorySeats:
    """The count of one process."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, key: str, limit: int) -> Leave | None:
        with self._lock:
            if self._taken[key] >= limit:
                return None
            self._taken[key] += 1
        return once(lambda: self._leave(key))

    def close(self) -> None:
        with self._lock:
            self._taken.clear()

    def _leave(self, key: str) -> None:
        with self._lock:
            self._taken[key] -= 1
            if self._taken[key] <= 0:
                del self._taken[key]


def once(leave: Leave) -> Leave:
    """``leave``, whose second call changes nothing."""
    left = threading.Lock()

    def first() -> None:
        if left.acquire(blocking=False):
            leave()

    return first
