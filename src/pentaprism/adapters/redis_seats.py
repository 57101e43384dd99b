"""Limits of what is open at the same time in all processes, counted in Redis."""

import logging
import threading
import uuid
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from pentaprism.core.clock import monotonic
from pentaprism.core.limits.seats import Leave, MemorySeats, once

log = logging.getLogger(__name__)

PREFIX = "pentaprism-seats:"
LEASE_SECONDS = 45
RENEW_SECONDS = 15.0
ANSWER_SECONDS = 1.0
REST_SECONDS = 1.0

# A key is a sorted set: members are places, scores the time of Redis at which each lease ends.
CLOCK = "local now = tonumber(redis.call('TIME')[1])\n"
TAKE = f"""{CLOCK}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[1])
redis.call('EXPIRE', KEYS[1], 2 * tonumber(ARGV[3]))
return 1"""
RENEW = f"""{CLOCK}
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
redis.call('EXPIRE', KEYS[1], 2 * tonumber(ARGV[2]))"""


class RedisSeats:
    """Places that every process sees. Those of a process that died are free again when their lease ends.

    While Redis does not answer each process counts for itself: limits are looser then, and clients go on.
    """

    def __init__(self, url: str, *, lease_seconds: int = LEASE_SECONDS, renew_seconds: float = RENEW_SECONDS) -> None:
        retry = Retry(NoBackoff(), 0)
        options: dict[str, Any] = {"socket_connect_timeout": ANSWER_SECONDS, "socket_timeout": ANSWER_SECONDS, "retry": retry}
        self._client = redis.Redis.from_url(url, **options)
        self._take, self._renew = self._client.register_script(TAKE), self._client.register_script(RENEW)
        self._lease, self._pause = lease_seconds, renew_seconds
        self._spare = MemorySeats()
        self._held: dict[str, str] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._rest_until = 0.0

    def take(self, key: str, limit: int) -> Leave | None:
        if monotonic() >= self._rest_until:
            place = uuid.uuid4().hex
            try:
                taken = self._take(keys=[PREFIX + key], args=[place, limit, self._lease])
            except (RedisError, OSError) as error:
                self._rest(error)
            else:
                return self._hold(place, key) if taken else None
        return self._spare.take(key, limit)

    def close(self) -> None:
        self._closed.set()
        if self._thread is not None:
            self._thread.join(2 * ANSWER_SECONDS)
        with self._lock:
            places = list(self._held.items())
        for place, key in places:
            self._leave(place, key)
        self._client.close()

    def _hold(self, place: str, key: str) -> Leave:
        with self._lock:
            self._held[place] = key
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep, name="redis-seats", daemon=True)
                self._thread.start()
        return once(lambda: self._leave(place, key))

    def _leave(self, place: str, key: str) -> None:
        with self._lock:
            self._held.pop(place, None)
        if monotonic() < self._rest_until:
            return
        try:
            self._client.zrem(PREFIX + key, place)
        except (RedisError, OSError) as error:
            self._rest(error)

    def _keep(self) -> None:
        """Renew the leases of this process from time to time."""
        while not self._closed.wait(self._pause):
            with self._lock:
                places = list(self._held.items())
            try:
                pipeline = self._client.pipeline(transaction=False)
                for place, key in places:
                    self._renew(keys=[PREFIX + key], args=[place, self._lease], client=pipeline)
                pipeline.execute()
                self._forget_left(places)
            except (RedisError, OSError) as error:
                self._rest(error)

    def _forget_left(self, renewed: list[tuple[str, str]]) -> None:
        """A place that was given back while it was being renewed would come back to life."""
        with self._lock:
            gone = [(place, key) for place, key in renewed if place not in self._held]
        for place, key in gone:
            self._client.zrem(PREFIX + key, place)

    def _rest(self, error: Exception) -> None:
        log.warning("the count of open connections does not answer (%s); this process counts for itself", type(error).__name__)
        self._rest_until = monotonic() + REST_SECONDS
