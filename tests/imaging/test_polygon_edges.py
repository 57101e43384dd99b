import numpy as np
import pytest

from pentaprism.imaging.polygons import pixel_edges, rasterize


@pytest.mark.parametrize("seed", range(8))
def test_filling_the_rings_gives_the_mask_back(seed: int) -> None:
    random = np.random.default_rng(seed)
    window = random.random((23, 31)) < (0.3, 0.6, 0.9)[seed % 3]
    frame = np.zeros((40, 50), bool)
    frame[7:30, 11:42] = window
    rings = [ring for region in pixel_edges(window, 7, 11) for ring in (region.exterior, *region.holes)]
    np.testing.assert_array_equal(rasterize(rings, frame.shape), frame)


def test_a_ring_has_one_part_and_one_hole_and_only_corners() -> None:
    window = np.ones((6, 8), bool)
    window[2:4, 3:5] = False
    (region,) = pixel_edges(window)
    assert {tuple(point) for point in region.exterior.tolist()} == {(0, 0), (8, 0), (8, 6), (0, 6)}
    assert [len(hole) for hole in region.holes] == [4]


def test_diagonal_pixels_are_one_part() -> None:
    assert len(pixel_edges(np.eye(4, dtype=bool))) == 1


def test_nothing_has_no_parts() -> None:
    assert pixel_edges(np.zeros((3, 3), bool)) == []
