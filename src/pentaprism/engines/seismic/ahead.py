"""Reading ahead: the next window is read and decoded while the present one is worked on."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def read_ahead(items: Iterator[T]) -> Iterator[Iterator[T]]:
    """The same items, each made in a second thread while the one before is used; at the end of the block nothing runs any more."""
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as pool:

        def following() -> Iterator[T]:
            waiting = pool.submit(_next, items)
            while found := waiting.result():
                waiting = pool.submit(_next, items)
                yield found[0]

        yield following()


def _next(items: Iterator[T]) -> tuple[T] | None:
    """The next item, or None at the end; a result cannot carry StopIteration."""
    for item in items:
        return (item,)
    return None
