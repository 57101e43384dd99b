"""Memory that is used again."""

import numpy as np

from pentaprism.engines.seismic.room import BYTES, room


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
