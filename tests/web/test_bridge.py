"""Events reach the loop in order, and whoever cannot keep up is told."""

import asyncio
import threading

import pytest

from pentaprism.core.events.event import Event
from pentaprism.core.events.memory import MemoryBus
from pentaprism.web.bridge import Bridge


def events(topic: str, count: int) -> list[Event]:
    return [Event(topic, "tick", {"n": number}, number) for number in range(count)]


def test_events_of_all_topics_arrive_in_order_in_the_loop() -> None:
    async def run() -> None:
        bus = MemoryBus()
        bridge = Bridge(bus)
        loop_thread = threading.get_ident()
        async with bridge.feed(["a", "b"]) as feed, bridge.feed(["a"]) as other:
            await asyncio.to_thread(bus.publish, [*events("a", 500), Event("c", "x"), *events("b", 500)])
            seen = [await feed.next(5) for _ in range(1000)]
            assert [event.data["n"] for event in seen if event and event.topic == "a"] == list(range(500))
            assert [event.data["n"] for event in seen if event and event.topic == "b"] == list(range(500))
            assert [(await other.next(5)).data["n"] for _ in range(500)] == list(range(500))  # type: ignore[union-attr]
            with pytest.raises(TimeoutError):
                await feed.next(0.05)
        threads: list[int] = []
        end = bridge.listen(["a"], lambda _event: threads.append(threading.get_ident()))
        bus.publish(events("a", 1))
        await asyncio.sleep(0.1)
        end()
        bus.publish(events("a", 1))
        await asyncio.sleep(0.1)
        assert threads == [loop_thread]
        bridge.close()
        bus.close()

    asyncio.run(run())


def test_a_feed_that_falls_behind_ends_and_says_so() -> None:
    async def run() -> None:
        bus = MemoryBus()
        bridge = Bridge(bus)
        async with bridge.feed(["a"], capacity=10) as slow, bridge.feed(["a"]) as fast:
            bus.publish(events("a", 30))
            assert [(await fast.next(5)).data["n"] for _ in range(30)] == list(range(30))  # type: ignore[union-attr]
            assert [event.data["n"] async for event in slow] == list(range(10))
            assert slow.lost
            assert not fast.lost
        bridge.close()
        bus.close()

    asyncio.run(run())


def test_a_listener_that_fails_does_not_silence_the_others() -> None:
    async def run() -> None:
        bus = MemoryBus()
        bridge = Bridge(bus)

        def broken(_event: Event) -> None:
            raise RuntimeError("broken")

        bridge.listen(["a"], broken)
        async with bridge.feed(["a"]) as feed:
            bus.publish(events("a", 2))
            assert [(await feed.next(5)).data["n"] for _ in range(2)] == [0, 1]  # type: ignore[union-attr]
        bridge.close()
        bus.close()

    asyncio.run(run())


def test_a_thousand_feeds_hear_one_event() -> None:
    async def run() -> None:
        bus = MemoryBus()
        bridge = Bridge(bus)
        feeds = [bridge.feed(["a"]) for _ in range(1000)]
        for feed in feeds:
            await feed.__aenter__()
        bus.publish(events("a", 1))
        heard = await asyncio.gather(*(feed.next(5) for feed in feeds))
        assert all(event is not None and event.data == {"n": 0} for event in heard)
        for feed in feeds:
            feed.close()
        bridge.close()
        bus.close()

    asyncio.run(run())
