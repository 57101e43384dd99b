"""Events inside one process: one thread delivers them in the order of publishing."""

import logging
import threading
from collections import deque
from collections.abc import Iterable

from pentaprism.core.events.bus import Listener
from pentaprism.core.events.event import Event

log = logging.getLogger(__name__)


class MemorySubscription:
    """A listener on some topics until closed."""

    def __init__(self, bus: "MemoryBus", topics: frozenset[str], listener: Listener) -> None:
        self.topics = topics
        self._bus = bus
        self._listener = listener
        self._open = True
        # Re-entrant, so that a listener may close its own subscription.
        self._calling = threading.RLock()

    def deliver(self, event: Event) -> None:
        """Call the listener unless closed; a listener that raises is logged and keeps its subscription."""
        with self._calling:
            if not self._open:
                return
            try:
                self._listener(event)
            except Exception:
                log.exception("a listener of %s failed", event.topic)

    def close(self) -> None:
        self._bus.remove(self)
        with self._calling:
            self._open = False


class MemoryBus:
    """The event bus of a server with embedded workers. At most ``capacity`` events wait; beyond that the oldest are lost."""

    def __init__(self, capacity: int = 100_000) -> None:
        self._waiting: deque[Event] = deque(maxlen=capacity)
        self._capacity = capacity
        self._arrived = threading.Condition()
        self._by_topic: dict[str, tuple[MemorySubscription, ...]] = {}
        self._closed = False
        self._thread: threading.Thread | None = None
        self.lost = 0

    def publish(self, events: Iterable[Event]) -> None:
        with self._arrived:
            wanted = [event for event in events if event.topic in self._by_topic]
            if not wanted or self._closed:
                return
            overflow = len(self._waiting) + len(wanted) - self._capacity
            if overflow > 0:
                if self.lost == 0:
                    log.warning("listeners are too slow; events are being lost")
                self.lost += overflow
            self._waiting.extend(wanted)
            self._arrived.notify()

    def subscribe(self, topics: Iterable[str], listener: Listener) -> MemorySubscription:
        subscription = MemorySubscription(self, frozenset(topics), listener)
        with self._arrived:
            for topic in subscription.topics:
                self._by_topic[topic] = (*self._by_topic.get(topic, ()), subscription)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._deliver, name="events", daemon=True)
                self._thread.start()
        return subscription

    def remove(self, subscription: MemorySubscription) -> None:
        """Take ``subscription`` off its topics."""
        with self._arrived:
            for topic in subscription.topics:
                rest = tuple(other for other in self._by_topic.get(topic, ()) if other is not subscription)
                if rest:
                    self._by_topic[topic] = rest
                else:
                    self._by_topic.pop(topic, None)

    def close(self) -> None:
        """Deliver what is waiting, then end the thread."""
        with self._arrived:
            self._closed = True
            self._arrived.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _deliver(self) -> None:
        while True:
            with self._arrived:
                while not self._waiting and not self._closed:
                    self._arrived.wait()
                if not self._waiting:
                    return
                event = self._waiting.popleft()
                listeners = self._by_topic.get(event.topic, ())
            for listener in listeners:
                listener.deliver(event)
