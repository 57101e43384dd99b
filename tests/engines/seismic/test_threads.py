"""Windows worked on side by side, and the memory they use."""

import threading
import time

import numpy as np
import pytest

from pentaprism.engines.seismic.room import BYTES, room
from pentaprism.engines.seismic.threads import FEWEST, THREADS, in_order


def test_results_come_in_the_order_of_the_items() -> None:
    def work(item: int) -> int:
        time.sleep(0.002 * (item % 3))
        return item * item

    with in_order(work, range(50)) as results:
        assert list(results) == [item * item for item in range(50)]


def test_few_items_are_under_way_at_once_and_none_after_the_end() -> None:
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        time.sleep(0.001)
        return item

    with in_order(work, range(1000)) as results:
        assert next(results) == 0
        time.sleep(0.05)
        assert max(begun) <= THREADS + 1
    seen = len(begun)
    time.sleep(0.02)
    assert len(begun) == seen
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("seismic")]


def test_a_few_items_need_no_thread() -> None:
    with in_order(lambda item: (item, threading.current_thread()), range(FEWEST - 1)) as results:
        assert list(results) == [(item, threading.current_thread()) for item in range(FEWEST - 1)]


@pytest.mark.parametrize("items", [4, 9])
def test_the_fault_of_an_item_is_raised_in_its_turn(items: int) -> None:
    def work(item: int) -> float:
        return 1 / (3 - item)

    with in_order(work, range(items)) as results:
        assert [next(results) for _ in range(3)] == [1 / 3, 1 / 2, 1]
        with pytest.raises(ZeroDivisionError):
            next(results)


def test_arrays_of_a_room_lie_beside_each_other_and_large_ones_elsewhere() -> None:
    with room() as first, room() as second:
        arrays = [first.array((5, 7), np.float32), first.array((3,), np.uint8), first.array((2, 2), np.float64)]
        other = second.array((5, 7), np.float32)
        large = first.array((BYTES + 1,), np.uint8)
        for number, array in enumerate([*arrays, other, large]):
            array.fill(number)
        assert [set(array.reshape(-1).tolist()) for array in arrays] == [{0}, {1}, {2}]
        assert set(other.reshape(-1).tolist()) == {3}
    with room() as again:
        assert again.array((5, 7), np.float32).shape == (5, 7)
