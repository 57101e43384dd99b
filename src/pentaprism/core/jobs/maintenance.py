"""One thread for everything that has to be done from time to time."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pentaprism.core.clock import monotonic

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Chore:
    """``work`` is called every ``every`` seconds, for the first time ``first`` seconds after the start."""

    name: str
    every: float
    work: Callable[[], object]
    first: float = 0.0
    due: float = field(default=0.0, init=False)


class Maintenance:
    """Does its chores one after the other; one that fails is logged and done again at its next time."""

    def __init__(self, chores: Sequence[Chore]) -> None:
        self._chores = list(chores)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        moment = monotonic()
        for chore in self._chores:
            chore.due = moment + chore.first
        self._thread = threading.Thread(target=self._run, name="maintenance", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the present chore and end the thread."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while self._chores and not self._stopping.is_set():
            chore = min(self._chores, key=lambda one: one.due)
            if self._stopping.wait(max(0.0, chore.due - monotonic())):
                return
            try:
                chore.work()
            except Exception:
                log.exception("%s failed; it is done again in %s s", chore.name, chore.every)
            chore.due = monotonic() + chore.every
