import threading
import time

from pentaprism.core.events.event import Event
from pentaprism.core.events.memory import MemoryBus


def test_a_listener_that_raises_keeps_its_place_and_silences_nobody(caplog):
    bus, heard = MemoryBus(), []

    def broken(event):
        raise RuntimeError("deaf")

    bus.subscribe(["t"], broken)
    bus.subscribe(["t"], lambda event: heard.append(event.name))
    bus.publish([Event("t", "one"), Event("t", "two")])
    bus.close()
    assert heard == ["one", "two"]
    assert caplog.text.count("a listener of t failed") == 2


def test_a_full_bus_loses_the_oldest_and_says_so(caplog):
    bus, heard, gate = MemoryBus(capacity=10), [], threading.Event()

    def slow(event):
        gate.wait(30)
        heard.append(event.name)

    bus.subscribe(["t"], slow)
    bus.publish([Event("t", "first")])
    time.sleep(0.05)
    bus.publish(Event("t", str(number)) for number in range(25))
    gate.set()
    bus.close()
    assert heard == ["first", *(str(number) for number in range(15, 25))]
    assert bus.lost == 15
    assert "events are being lost" in caplog.text


def test_events_without_listeners_take_no_room():
    bus = MemoryBus(capacity=1)
    bus.publish([Event("elsewhere", str(number)) for number in range(100)])
    assert bus.lost == 0
    bus.close()


def test_what_was_published_before_closing_is_delivered():
    bus, heard = MemoryBus(), []
    bus.subscribe(["t"], lambda event: (time.sleep(0.001), heard.append(event.name)))
    bus.publish(Event("t", str(number)) for number in range(50))
    bus.close()
    assert len(heard) == 50
    bus.publish([Event("t", "late")])
    assert len(heard) == 50
