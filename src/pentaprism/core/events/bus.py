"""The event bus port. Contract: ``tests/contracts/test_event_bus.py``."""

from collections.abc import Callable, Iterable
from typing import Protocol

from pentaprism.core.events.event import Event

Listener = Callable[[Event], None]


class Subscription(Protocol):
    """Open until closed; after ``close`` returns the listener is not called any more."""

    def close(self) -> None: ...


class EventBus(Protocol):
    """Delivers events to the listeners of their topic, in the order of publishing, at most once.

    Listeners are called in a thread of the bus, quickly return, and never raise. An event without listeners is lost:
    a listener reads the rows first and then follows the bus.
    """

    def publish(self, events: Iterable[Event]) -> None: ...

    def subscribe(self, topics: Iterable[str], listener: Listener) -> Subscription: ...

    def close(self) -> None: ...
