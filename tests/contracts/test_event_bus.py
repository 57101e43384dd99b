"""What every event bus does."""

import json
import threading
import time
from collections.abc import Iterator

import pytest
import redis

from pentaprism.adapters.redis_bus import RedisBus
from pentaprism.core.events.bus import EventBus
from pentaprism.core.events.event import Event
from pentaprism.core.events.memory import MemoryBus
from redis_server import redis_server

BUSES = ("memory", "redis")


def open_bus(kind: str, request: pytest.FixtureRequest) -> EventBus:
    return RedisBus(request.getfixturevalue("redis_here").url) if kind == "redis" else MemoryBus()


@pytest.fixture(params=BUSES)
def bus(request: pytest.FixtureRequest) -> Iterator[EventBus]:
    bus = open_bus(request.param, request)
    yield bus
    bus.close()


class Ear:
    """A listener that can be waited for."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._heard = threading.Condition()

    def __call__(self, event: Event) -> None:
        with self._heard:
            self.events.append(event)
            self._heard.notify_all()

    def wait(self, count: int, timeout: float = 30.0) -> list[Event]:
        with self._heard:
            assert self._heard.wait_for(lambda: len(self.events) >= count, timeout), f"heard {len(self.events)} of {count}"
            return list(self.events)


def test_a_listener_hears_its_topics_and_no_other(bus):
    ear, other = Ear(), Ear()
    bus.subscribe(["job:1", "job:2"], ear)
    bus.subscribe(["job:3"], other)
    bus.publish([Event("job:1", "a"), Event("job:3", "b"), Event("job:4", "c"), Event("job:2", "d")])
    assert [event.name for event in ear.wait(2)] == ["a", "d"]
    assert [event.name for event in other.wait(1)] == ["b"]


def test_an_event_arrives_whole(bus):
    ear = Ear()
    bus.subscribe(["t"], ear)
    event = Event("t", "job", {"id": "x", "progress": 12.5, "step": None, "ids": ["a"], "name": "Ünïcode"}, revision=7)
    bus.publish([event])
    assert ear.wait(1) == [event]


def test_every_listener_of_a_topic_hears_every_event_once_and_in_order(bus):
    ears = [Ear() for _ in range(3)]
    for ear in ears:
        bus.subscribe(["t"], ear)
    for start in range(0, 500, 10):
        bus.publish([Event("t", "n", revision=number) for number in range(start, start + 10)])
    for ear in ears:
        assert [event.revision for event in ear.wait(500)] == list(range(500))


def test_events_of_one_publisher_keep_their_order_among_others(bus):
    ear = Ear()
    bus.subscribe(["t"], ear)

    def publish(name):
        for number in range(100):
            bus.publish([Event("t", name, revision=number)])

    threads = [threading.Thread(target=publish, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    heard = ear.wait(300)
    for name in "abc":
        assert [event.revision for event in heard if event.name == name] == list(range(100))


def test_after_close_returns_the_listener_is_not_called(bus):
    ear, witness = Ear(), Ear()
    subscription = bus.subscribe(["t"], ear)
    bus.subscribe(["t"], witness)
    bus.publish([Event("t", "before")])
    ear.wait(1)
    subscription.close()
    bus.publish([Event("t", "after")])
    witness.wait(2)
    assert [event.name for event in ear.events] == ["before"]
    subscription.close()


def test_a_listener_may_close_its_own_subscription(bus):
    heard, witness = [], Ear()

    def once(event):
        heard.append(event.name)
        subscription.close()

    subscription = bus.subscribe(["t"], once)
    bus.subscribe(["t"], witness)
    bus.publish([Event("t", "one"), Event("t", "two")])
    witness.wait(2)
    assert heard == ["one"]


def test_closing_waits_for_a_call_under_way(bus):
    entered, leave, left = threading.Event(), threading.Event(), threading.Event()

    def slow(event):
        entered.set()
        leave.wait(30)
        left.set()

    subscription = bus.subscribe(["t"], slow)
    bus.publish([Event("t", "one")])
    assert entered.wait(30)
    closer = threading.Thread(target=subscription.close)
    closer.start()
    closer.join(0.1)
    assert closer.is_alive()
    leave.set()
    closer.join(30)
    assert left.is_set()


def test_an_event_before_the_subscription_is_not_heard(bus):
    bus.publish([Event("t", "early")])
    ear = Ear()
    bus.subscribe(["t"], ear)
    bus.publish([Event("t", "late")])
    assert [event.name for event in ear.wait(1)] == ["late"]


def test_two_processes_hear_each_other_through_redis(redis_here):
    near, far = RedisBus(redis_here.url), RedisBus(redis_here.url)
    heard: list[Event] = []
    arrived = threading.Event()

    def listen(event: Event) -> None:
        heard.append(event)
        arrived.set()

    far.subscribe(["job:1"], listen)
    sent = Event("job:1", "job", {"status": "running", "progress": 12.5}, 3000)
    near.publish([sent])
    assert arrived.wait(30)
    assert heard == [sent]
    near.close()
    far.close()


def test_a_restart_of_redis_breaks_the_bus_only_for_its_length(tmp_path):
    with redis_server(tmp_path) as server:
        near, far = RedisBus(server.url), RedisBus(server.url)
        arrived = threading.Event()
        far.subscribe(["job:1"], lambda event: arrived.set() if event.name == "after" else None)
        own = threading.Event()
        near.subscribe(["job:1"], lambda event: own.set() if event.name == "during" else None)
        server.stop()
        near.publish([Event("job:1", "during", {})])
        assert own.wait(30)
        server.start()
        end = time.monotonic() + 10
        while not arrived.is_set() and time.monotonic() < end:
            near.publish([Event("job:1", "after", {})])
            arrived.wait(0.2)
        assert arrived.is_set()
        near.close()
        far.close()


def test_programs_on_the_broker_hear_the_bare_data_of_a_channel(redis_here):
    bus, ear = RedisBus(redis_here.url), Ear()
    listening = redis.Redis.from_url(redis_here.url).pubsub()
    listening.subscribe("shop:job:1")
    assert listening.get_message(timeout=30)["type"] == "subscribe"
    bus.subscribe(["channel:shop:job:1", "other"], ear)
    bus.publish([Event("channel:shop:job:1", "step", {"seq": 3, "name": "Ünï"}), Event("other", "x")])
    heard = listening.get_message(timeout=30)
    assert heard["channel"] == b"shop:job:1" and json.loads(heard["data"]) == {"seq": 3, "name": "Ünï"}
    assert [event.name for event in ear.wait(1)] == ["x"]
    listening.close()
    bus.close()
