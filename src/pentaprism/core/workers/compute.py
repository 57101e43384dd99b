"""A warm helper process for short work on data that nobody vouches for: decoding, checking, thumbnails, previews.

A file that crashes a decoder, fills the memory or never ends costs the helper, not the server.
"""

import logging
import resource
import threading
import time
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures import wait
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from multiprocessing import get_context
from typing import Any, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from pentaprism.core.errors import Unavailable, Unprocessable
from pentaprism.core.workers.process import die_with_parent, ignore_interrupts, limit_threads

log = logging.getLogger(__name__)

ATTEMPTS = 3
"""Pools that one call is given to. Pebble gives up a whole pool, with the calls that wait in it, where a helper ends
before pebble has read which call it took."""
LOOK_SECONDS = 1.0
"""Between two looks whether the pool that a call waits in still lives."""

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Compute:
    """Calls functions in ``processes`` spawned helpers, each limited to ``memory_mb`` of address space.

    ``preload`` names modules that a helper imports at its start.
    """

    def __init__(self, processes: int = 1, *, memory_mb: int = 8192, preload: tuple[str, ...] = ()) -> None:
        self._processes = processes
        self._memory_mb = memory_mb
        self._preload = preload
        self._pool: ProcessPool | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start the helpers in the background, so that the first call finds them warm."""
        self._running().schedule(ready)

    def call(self, function: Callable[..., Result], *args: Any, timeout: float = 60.0) -> Result:
        """``function(*args)`` in a helper; both must be importable and picklable.

        An exception of the function is raised here. Unprocessable: the helper crashed or ran out of memory over it;
        Unavailable: it took longer than ``timeout`` seconds, waiting included, or no helper could be started. A helper
        that is lost takes its neighbours' calls with it now and then; they are made again, so ``function`` must bear that.
        """
        broken: BrokenProcessPool | None = None
        for _ in range(ATTEMPTS):
            try:
                return self._call(function, args, timeout)
            except BrokenProcessPool as error:
                broken = error
        log.error("a helper could not be started", exc_info=broken)
        raise Unavailable("The server has no room to look at files at the moment. Try again in a minute.") from broken

    def _call(self, function: Callable[..., Result], args: tuple[Any, ...], timeout: float) -> Result:
        try:
            pool = self._running()
            future = pool.schedule(function, args=args, timeout=timeout)
        except RuntimeError as error:
            raise BrokenProcessPool("the pool was given up in this instant") from error
        try:
            deadline = time.monotonic() + timeout + 5.0
            while not future.done() and time.monotonic() < deadline:
                wait([future], LOOK_SECONDS)
                if not pool.active and not future.done():
                    raise BrokenProcessPool("the pool was given up before it looked at this call")
            result: Result = future.result(timeout=0)
        except ProcessExpired as error:
            log.warning("a helper ended with status %s in %s", error.exitcode, function.__qualname__)
            raise Unprocessable("The file could not be processed.") from error
        except FutureTimeout as error:
            future.cancel()  # type: ignore[no-untyped-call]
            raise Unavailable("Processing the file took too long.") from error
        except MemoryError as error:
            raise Unprocessable("Processing the file needs too much memory.") from error
        return result

    def close(self) -> None:
        """Stop the helpers; a later call starts them again."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            end(pool)

    def _running(self) -> ProcessPool:
        with self._lock:
            if self._pool is not None and not self._pool.active:
                end(self._pool)
                self._pool = None
            if self._pool is None:
                self._pool = ProcessPool(
                    max_workers=self._processes,
                    context=get_context("spawn"),
                    initializer=prepare,
                    initargs=(self._memory_mb, self._preload),
                )
            return self._pool


def end(pool: ProcessPool) -> None:
    """Stop the helpers of a pool, broken or not."""
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def prepare(memory_mb: int, preload: tuple[str, ...]) -> None:
    """First thing a helper does."""
    die_with_parent()
    ignore_interrupts()
    limit_threads(1)
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb * 1024 * 1024, memory_mb * 1024 * 1024))
    for module in preload:
        import_module(module)


def ready() -> bool:
    """Answers once a helper is up."""
    return True
