"""Counters of fixed windows in memory."""

import heapq
import threading
import time

from limits.storage import Storage


class MemoryCounters(Storage):
    """A storage of the ``limits`` library for one process: exact between threads, without a thread of its own.

    The library's own memory storage answers a hit with whatever other threads have counted meanwhile, and starts a timer
    thread for each hundredth of a second in which something is counted.
    """

    STORAGE_SCHEME = None

    def __init__(self) -> None:
        super().__init__()
        self._counters: dict[str, tuple[int, float]] = {}
        self._ends: list[tuple[float, str]] = []
        self._lock = threading.Lock()

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        with self._lock:
            moment = self._forget()
            count, end = self._counters.get(key, (0, 0.0))
            if not end:
                end = moment + expiry
                heapq.heappush(self._ends, (end, key))
            self._counters[key] = (max(0, count + amount), end)
            return self._counters[key][0]

    def get(self, key: str) -> int:
        with self._lock:
            self._forget()
            return self._counters.get(key, (0, 0.0))[0]

    def get_expiry(self, key: str) -> float:
        with self._lock:
            moment = self._forget()
            return self._counters.get(key, (0, moment))[1]

    def clear(self, key: str) -> None:
        with self._lock:
            self._counters.pop(key, None)

    def reset(self) -> int:
        with self._lock:
            count = len(self._counters)
            self._counters.clear()
            self._ends.clear()
            return count

    def check(self) -> bool:
        return True

    def _forget(self) -> float:
        moment = time.time()
        while self._ends and self._ends[0][0] <= moment:
            end, key = heapq.heappop(self._ends)
            if self._counters.get(key, (0, 0.0))[1] == end:
                del self._counters[key]
        return moment
