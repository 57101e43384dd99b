"""Work on the windows of a file in two threads: NumPy and reading from files let both run at once."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain, islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

THREADS = 2
# Fewer items than this are done before threads have paid for themselves.
FEWEST = 5


@contextmanager
def in_order(work: Callable[[T], R], items: Iterable[T]) -> Iterator[Iterator[R]]:
    """What ``work`` makes of each item, in the order of the items; at the end of the block nothing runs any more. A few items are done by
    the caller's own thread."""
    ahead = iter(items)
    first = list(islice(ahead, FEWEST))
    if len(first) < FEWEST:
        yield map(work, first)
        return
    with ThreadPoolExecutor(THREADS, thread_name_prefix="seismic") as pool:
        waiting: deque[Future[R]] = deque()

        def results() -> Iterator[R]:
            for item in chain(first, ahead):
                waiting.append(pool.submit(work, item))
                if len(waiting) > THREADS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

        try:
            yield results()
        finally:
            for future in waiting:
                future.cancel()
