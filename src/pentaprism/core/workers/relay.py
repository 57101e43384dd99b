"""The event bus and the doorbell inside a worker process: both hand everything to the server over the worker's pipe."""

from collections.abc import Callable, Iterable

from pentaprism.core.events.bus import Listener, Subscription
from pentaprism.core.events.event import Event

DISPATCH_TOPIC = "dispatch"

Publish = Callable[[Iterable[Event]], None]


class RelayBus:
    """Publishes into the server's bus. Nobody listens inside a worker."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish

    def publish(self, events: Iterable[Event]) -> None:
        self._publish(events)

    def subscribe(self, topics: Iterable[str], listener: Listener) -> Subscription:
        raise RuntimeError(f"a worker cannot listen to {', '.join(topics)} with {listener!r}; listeners live in the server")

    def close(self) -> None:
        """Nothing is open."""


class RelayDispatch:
    """Rings and cancels through the server's pool, as events on a topic of their own."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish

    def ring(self, job_id: str, queue: str, priority: int) -> None:
        self._publish([Event(DISPATCH_TOPIC, "ring", {"job_id": job_id, "queue": queue, "priority": priority})])

    def cancel(self, job_id: str) -> None:
        self._publish([Event(DISPATCH_TOPIC, "cancel", {"job_id": job_id})])
