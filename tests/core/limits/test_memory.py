import time

from pentaprism.core.limits.memory import MemoryCounters


def test_ended_windows_leave_nothing_in_memory() -> None:
    counters = MemoryCounters()
    for number in range(2000):
        counters.incr(f"key {number}", 1)
    assert counters.get("key 7") == 1
    time.sleep(1.05)
    assert counters.get("key 7") == 0
    assert (len(counters._counters), len(counters._ends)) == (0, 0)


def test_a_cleared_key_begins_a_window_of_its_own() -> None:
    counters = MemoryCounters()
    counters.incr("ada", 1)
    counters.clear("ada")
    counters.incr("ada", 60)
    time.sleep(1.05)
    assert counters.get("ada") == 1
    assert counters.reset() == 1 and counters.get("ada") == 0 and counters.check()
