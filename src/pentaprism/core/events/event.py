"""What is told to listeners."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pentaprism.core.clock import now

OUTSIDE = "channel:"
"""A topic ``channel:<name>`` is for programs that listen on the broker themselves: there the data alone goes out, as JSON, under that
name; without a broker nobody hears it."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened and is committed.

    ``topic`` is what listeners subscribe to (``job:<id>``, ``account:<id>``, ``face:<name>``), ``name`` what happened,
    ``data`` JSON values. ``revision`` orders events of one thing: a listener that has seen a snapshot of a higher or
    equal revision drops the event.
    """

    topic: str
    name: str
    data: dict[str, Any] = field(default_factory=dict)
    revision: int = 0
    at: datetime = field(default_factory=now)
