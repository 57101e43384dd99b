"""From the event bus, which speaks in a thread of its own, into the event loop."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Self

import structlog

from pentaprism.core.events.bus import EventBus, Subscription
from pentaprism.core.events.event import Event

log = structlog.get_logger(__name__)
Receiver = Callable[[Event], None]


class Bridge:
    """Brings events into the loop in order. One subscription on the bus serves all listeners of a topic.

    Make it inside the loop, close it there. ``listen`` calls a function in the loop; ``feed`` gives an iterator.
    """

    def __init__(self, bus: EventBus, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._bus = bus
        self._loop = loop or asyncio.get_running_loop()
        self._receivers: dict[str, list[Receiver]] = {}
        self._subscriptions: dict[str, Subscription] = {}
        self._arrived: deque[Event] = deque()

    def listen(self, topics: Iterable[str], receiver: Receiver) -> Callable[[], None]:
        """Call ``receiver`` in the loop for each event of ``topics``; gives the function that ends it."""
        names = tuple(dict.fromkeys(topics))
        for topic in names:
            self._receivers.setdefault(topic, []).append(receiver)
            if topic not in self._subscriptions:
                self._subscriptions[topic] = self._bus.subscribe([topic], self._from_bus)

        def end() -> None:
            for topic in names:
                self._forget(topic, receiver)

        return end

    def feed(self, topics: Iterable[str], *, capacity: int = 1000) -> "Feed":
        """An asynchronous iterator over the events of ``topics``, for use as a context."""
        return Feed(self, tuple(topics), capacity)

    def close(self) -> None:
        """End all listening."""
        for subscription in self._subscriptions.values():
            subscription.close()
        self._subscriptions.clear()
        self._receivers.clear()

    def _from_bus(self, event: Event) -> None:
        self._arrived.append(event)
        # A loop that has ended has nobody left to tell.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        while self._arrived:
            event = self._arrived.popleft()
            for receiver in tuple(self._receivers.get(event.topic, ())):
                try:
                    receiver(event)
                except Exception:
                    log.exception("a listener failed", topic=event.topic)

    def _forget(self, topic: str, receiver: Receiver) -> None:
        receivers = self._receivers.get(topic, [])
        if receiver in receivers:
            receivers.remove(receiver)
        if not receivers and topic in self._subscriptions:
            self._receivers.pop(topic, None)
            self._subscriptions.pop(topic).close()


class Feed:
    """Events in the order of publishing. It begins to collect on entering, so take the snapshot after that.

    A listener that falls more than ``capacity`` events behind is cut off: iteration ends and ``lost`` is true. It must then
    start anew with a snapshot; leaving events out silently would show it a wrong state.
    """

    def __init__(self, bridge: Bridge, topics: tuple[str, ...], capacity: int) -> None:
        self.lost = False
        self._bridge = bridge
        self._topics = topics
        self._capacity = capacity
        self._waiting: deque[Event] = deque()
        self._changed = asyncio.Event()
        self._closed = False
        self._end: Callable[[], None] | None = None

    async def __aenter__(self) -> Self:
        self._end = self._bridge.listen(self._topics, self._take)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        event = await self.next()
        if event is None:
            raise StopAsyncIteration
        return event

    async def next(self, timeout: float | None = None) -> Event | None:
        """The next event; None once closed or cut off. TimeoutError when nothing comes within ``timeout`` seconds."""
        while not self._waiting:
            if self._closed or self.lost:
                return None
            self._changed.clear()
            async with asyncio.timeout(timeout):
                await self._changed.wait()
        return self._waiting.popleft()

    def close(self) -> None:
        """Stop listening; what has arrived can still be read."""
        if self._end is not None:
            self._end()
            self._end = None
        self._closed = True
        self._changed.set()

    def _take(self, event: Event) -> None:
        if len(self._waiting) >= self._capacity:
            self.lost = True
            self.close()
            return
        self._waiting.append(event)
        self._changed.set()
