"""The accuracy limits for outlines of masks: area, perimeter, circularity, each at 20 random sub-pixel positions."""

import numpy as np
import pytest
from imaging_shapes import covered_disk, disk, positions, square

from pentaprism.imaging.polygons import Ring, is_simple, outline_labels, outlines, perimeter, signed_area

SEEDS = (11, 12, 13)


def only(rings: list[Ring]) -> Ring:
    assert len(rings) == 1
    assert is_simple(rings[0].points)
    return rings[0]


def circularity(ring: Ring) -> float:
    return 4 * np.pi * ring.area / perimeter(ring.points) ** 2


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("radius", "area", "bias", "length", "least"),
    [
        (5, 0.05, 0.01, 0.03, 0.97),
        (10, 0.015, 0.015, 0.015, 0.975),
        (25, 0.008, 0.008, 0.01, 0.975),
        (100, 0.001, 0.001, 0.01, 0.975),
        (200, 0.001, 0.001, 0.01, 0.975),
    ],
)
def test_binary_disks(radius: int, area: float, bias: float, length: float, least: float, seed: int) -> None:
    errors = []
    for x, y in positions(20, seed * 1000 + radius):
        mask = disk(radius, (radius + 4 + x, radius + 4 + y), 2 * radius + 9, 2 * radius + 9)
        ring = only(outlines(mask))
        errors.append(ring.area / (np.pi * radius**2) - 1)
        assert abs(errors[-1]) <= area
        assert abs(perimeter(ring.points) / (2 * np.pi * radius) - 1) <= length
        assert least <= circularity(ring) <= 1
        assert abs(ring.area - mask.sum()) <= max(0.005 * mask.sum(), 1)
    assert abs(np.mean(errors)) <= bias


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("radius", [5, 7, 10, 14, 20, 50, 200])
def test_anti_aliased_disks(radius: int, seed: int) -> None:
    for x, y in positions(20 if radius < 100 else 5, seed * 2000 + radius):
        field = covered_disk(radius, (radius + 4 + x, radius + 4 + y), 2 * radius + 9)
        ring = only(outlines(field >= 0.5, field=field))
        assert abs(ring.area / (np.pi * radius**2) - 1) <= 0.01
        assert abs(perimeter(ring.points) / (2 * np.pi * radius) - 1) <= 0.015
        assert 0.98 <= circularity(ring) <= 1


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("angle", [0, 1, 5, 15, 30, 45, 60, 88])
def test_binary_squares_at_any_angle(angle: float, seed: int) -> None:
    for x, y in positions(20, seed * 100 + int(angle)):
        ring = only(outlines(square(40, np.radians(angle), (33 + x, 33 + y), 68)))
        assert abs(ring.area / 1600 - 1) <= 0.02
        assert abs(perimeter(ring.points) / 160 - 1) <= 0.04


@pytest.mark.parametrize("offset", positions(20, 5))
def test_rings_islands_and_neighbours(offset: tuple[float, float]) -> None:
    x, y = offset

    def at(radius: float, cx: float) -> np.ndarray:
        return disk(radius, (cx + x, 120 + y), 240, 640)

    labels = (at(100, 120) & ~at(60, 120)).astype(np.int32)
    labels[at(20, 120)] = 2
    labels[at(80, 330) & ~at(40, 330)] = 3
    labels[at(60, 500)] = 4
    rings = outline_labels(labels)
    expected = [(1, False, 100), (1, True, 60), (2, False, 20), (3, False, 80), (3, True, 40), (4, False, 60)]
    assert [(r.label, r.hole) for r in rings] == [(label, hole) for label, hole, _ in expected]
    for ring, (_, _, radius) in zip(rings, expected, strict=True):
        assert abs(ring.area / (np.pi * radius**2) - 1) <= 0.01
    assert [r.parent for r in rings] == [None, 0, 1, None, 3, None]
    assert [r.depth for r in rings] == [0, 1, 2, 0, 1, 0]
    assert rings[0].children == [1]
    assert all((signed_area(r.points) < 0) == r.hole for r in rings)


def test_a_block_of_ten_by_ten_pixels_has_area_100() -> None:
    mask = np.zeros((30, 30), np.bool_)
    mask[10:20, 10:20] = True
    ring = only(outlines(mask))
    assert abs(ring.area - 100) <= 0.5
    assert np.abs(ring.points.mean(axis=0) - 15).max() < 0.05
    assert not ring.touches_border
