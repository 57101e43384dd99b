"""Events between processes and machines, through Redis pub/sub."""

import json
import logging
import threading
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from pentaprism.core.clock import monotonic
from pentaprism.core.events.bus import Listener
from pentaprism.core.events.event import OUTSIDE, Event
from pentaprism.core.events.memory import MemoryBus, MemorySubscription

log = logging.getLogger(__name__)

PREFIX = "pentaprism:"
CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 2.0
REST_SECONDS = 0.5


def encode(event: Event) -> str:
    """An event as one line of JSON; its topic is the channel."""
    return json.dumps([event.name, event.data, event.revision, event.at.isoformat()], separators=(",", ":"))


def _message(event: Event) -> tuple[str, str]:
    """Channel and text."""
    if event.topic.startswith(OUTSIDE):
        return event.topic.removeprefix(OUTSIDE), json.dumps(event.data, separators=(",", ":"))
    return PREFIX + event.topic, encode(event)


def decode(topic: str, text: str | bytes) -> Event:
    """What :func:`encode` wrote. Raises ValueError."""
    name, data, revision, at = json.loads(text)
    return Event(topic, name, data, revision, datetime.fromisoformat(at))


class RedisBus:
    """One subscribing connection a process, to every channel of the installation; only events somebody listens to are decoded.

    A subscription to each topic would make every new listener wait for Redis, in the event loop at that. Listeners are called by a
    bus in memory, which keeps the order. While Redis is away the listeners of a process hear that process only, nobody waits, and
    rows stay the truth: whoever reads them again learns what was missed.
    """

    def __init__(self, url: str) -> None:
        retry = Retry(NoBackoff(), 1)
        options: dict[str, Any] = {"socket_connect_timeout": CONNECT_SECONDS, "socket_timeout": ANSWER_SECONDS, "retry": retry}
        self._client = redis.Redis.from_url(url, **options)
        self._inner = MemoryBus()
        self._lock = threading.Lock()
        self._topics: dict[str, int] = {}
        self._connected = threading.Event()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._rest_until = 0.0

    def publish(self, events: Iterable[Event]) -> None:
        told = list(events)
        if not told:
            return
        if monotonic() >= self._rest_until:
            try:
                pipeline = self._client.pipeline(transaction=False)
                for event in told:
                    pipeline.publish(*_message(event))
                pipeline.execute()
            except (RedisError, OSError):
                log.warning("events reach this process only: Redis does not answer")
                self._rest_until = monotonic() + REST_SECONDS
            else:
                return
        self._inner.publish(told)

    def subscribe(self, topics: Iterable[str], listener: Listener) -> "RedisSubscription":
        wanted = frozenset(topics)
        with self._lock:
            for topic in wanted:
                self._topics[topic] = self._topics.get(topic, 0) + 1
            inner = self._inner.subscribe(wanted, listener)
            first = self._thread is None
            if first:
                self._thread = threading.Thread(target=self._listen, name="redis-events", daemon=True)
                self._thread.start()
        if first:
            # Whoever listens now and then reads a row shall miss nothing after it.
            self._connected.wait(CONNECT_SECONDS + ANSWER_SECONDS)
        return RedisSubscription(self, inner, wanted)

    def remove(self, topics: frozenset[str]) -> None:
        """One listener less on each of ``topics``."""
        with self._lock:
            for topic in topics:
                self._topics[topic] -= 1
                if not self._topics[topic]:
                    del self._topics[topic]

    def reachable(self) -> None:
        """Ask Redis for a sign of life; raises RedisError within the time limits."""
        self._client.ping()

    def close(self) -> None:
        self._closed.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(ANSWER_SECONDS)
        self._inner.close()
        self._client.close()

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                self._follow()
            except (RedisError, OSError):
                if self._connected.is_set():
                    log.warning("the subscription to Redis broke off; trying again")
            self._connected.clear()
            self._closed.wait(REST_SECONDS)

    def _follow(self) -> None:
        """Hand over what comes until the connection breaks or the bus is closed."""
        pubsub: Any = self._client.pubsub()  # type: ignore[no-untyped-call]
        try:
            pubsub.psubscribe(f"{PREFIX}*")
            while not self._closed.is_set():
                message = pubsub.get_message(timeout=0.2)
                if message is not None:
                    self._take(message)
        finally:
            pubsub.close()

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "psubscribe":
            self._connected.set()
        elif message["type"] == "pmessage":
            topic = message["channel"].decode().removeprefix(PREFIX)
            if topic not in self._topics:
                return
            try:
                self._inner.publish([decode(topic, message["data"])])
            except (ValueError, TypeError):
                log.warning("a message on %s is no event", topic)


class RedisSubscription:
    """A listener on some topics until closed."""

    def __init__(self, bus: RedisBus, inner: MemorySubscription, topics: frozenset[str]) -> None:
        self._bus, self._inner, self._topics = bus, inner, topics
        self._open = True

    def close(self) -> None:
        self._inner.close()
        if self._open:
            self._open = False
            self._bus.remove(self._topics)
