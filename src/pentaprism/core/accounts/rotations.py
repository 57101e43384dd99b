"""Which refreshes of this process belong to the same rotation of a token."""

import threading
from collections import OrderedDict
from datetime import datetime

REMEMBERED = 4096


class Rotations:
    """When the newest rotations were over, committed and all: a request that arrived before that overlaps with them.

    The row knows only when a rotation began. Requests that arrive between that moment and the answer are known here.
    """

    def __init__(self) -> None:
        self._ends: OrderedDict[tuple[str, str], tuple[int, datetime | None]] = OrderedDict()
        self._lock = threading.Lock()

    def began(self, session_id: str, hashed: str) -> None:
        """Called inside the rotating transaction, so that nobody sees its result before this."""
        with self._lock:
            self._ends[session_id, hashed] = (threading.get_ident(), None)
            while len(self._ends) > REMEMBERED:
                self._ends.popitem(last=False)

    def ended(self, session_id: str, hashed: str, moment: datetime) -> None:
        """Called by every request when its transaction is over; only that of the rotating one counts."""
        thread = threading.get_ident()
        with self._lock:
            if self._ends.get((session_id, hashed)) == (thread, None):
                self._ends[session_id, hashed] = (thread, moment)

    def overlaps(self, session_id: str, hashed: str, arrived: datetime) -> bool:
        """Whether a request that arrived at ``arrived`` came before the end of the rotation of this token."""
        with self._lock:
            known = self._ends.get((session_id, hashed))
        return known is not None and (known[1] is None or arrived <= known[1])
