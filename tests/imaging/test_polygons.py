"""Properties of outlines and rings."""

import time

import numpy as np
import pytest
from imaging_shapes import disk
from scipy import ndimage
from scipy.spatial import cKDTree

from pentaprism.imaging.polygons import (
    Ring,
    as_points,
    bounds,
    clip_to_image,
    connected,
    contains,
    convex_hull,
    is_simple,
    outline_labels,
    outlines,
    perimeter,
    rasterize,
    rasterize_labels,
    signed_area,
    simplify,
    spans,
)

SQUARE = np.array([[2, 3], [12, 3], [12, 13], [2, 13]], np.float64)


def blobs(size: int, sigma: float, seed: int, level: float = 0.5) -> np.ndarray:
    return ndimage.gaussian_filter(np.random.default_rng(seed).random((size, size)), sigma) > level


def cells(size: int, number: int, seed: int) -> np.ndarray:
    places = np.random.default_rng(seed).random((number, 2)) * size
    y, x = np.mgrid[0:size, 0:size] + 0.5
    nearest = cKDTree(places).query(np.stack([y.ravel(), x.ravel()], axis=1))[1]
    return (nearest + 1).reshape(size, size).astype(np.int32)


def net_areas(rings: list[Ring]) -> dict[int, float]:
    total: dict[int, float] = {}
    for ring in rings:
        total[ring.label] = total.get(ring.label, 0.0) + (-ring.area if ring.hole else ring.area)
    return total


def assert_sound(rings: list[Ring], labels: np.ndarray) -> None:
    """What holds for the outlines of every label image."""
    counts = np.bincount(labels.ravel())
    for label, area in net_areas(rings).items():
        assert abs(area - counts[label]) <= max(0.005 * counts[label], 1.0)
    assert set(net_areas(rings)) == set(np.unique(labels)) - {0}
    height, width = labels.shape
    for ring in rings:
        assert is_simple(ring.points)
        assert (signed_area(ring.points) < 0) == ring.hole
        assert ring.points.min() >= 0
        assert (ring.points <= (width, height)).all()
        assert np.array_equal(np.round(ring.points, 2), ring.points)
        if ring.hole:
            assert ring.parent is not None
            assert rings[ring.parent].label == ring.label
    owner, row, column = spans([r.points for r in rings], [r.label for r in rings], labels.shape).pixels()
    flat = row * width + column
    assert len(np.unique(flat)) == len(flat), "a pixel lies in two objects"
    if len(flat) > 2000:
        assert (labels.ravel()[flat] != owner).mean() < 0.01


@pytest.mark.parametrize(("sigma", "seed"), [(3, 1), (3, 2), (6, 3)])
def test_outlines_of_irregular_objects_with_holes(sigma: float, seed: int) -> None:
    labels = connected(blobs(300, sigma, seed))
    rings = outline_labels(labels)
    assert any(r.hole for r in rings)
    assert_sound(rings, labels)
    assert sum(len(r.points) for r in rings) <= sum(perimeter(r.points) for r in rings)


def test_touching_cells_share_their_border_and_no_pixel() -> None:
    labels = cells(400, 60, 4)
    rings = outline_labels(labels)
    assert_sound(rings, labels)
    assert sum(r.area for r in rings) == pytest.approx(400 * 400, rel=2e-3)


@pytest.mark.parametrize("number", [40, 400])
def test_small_touching_cells_on_a_background(number: int) -> None:
    labels = cells(300, number, 5) * disk(140, (150, 150), 300, 300)
    rings = outline_labels(labels.astype(np.int32))
    assert_sound(rings, labels)
    assert {ring.label for ring in rings} == set(np.unique(labels)) - {0}


def test_one_vertex_per_pixel_of_outline_at_most() -> None:
    labels = cells(400, 60, 6) * blobs(400, 12, 7, 0.49)
    labels[ndimage.binary_dilation(ndimage.morphological_gradient(labels, 3) > 0)] = 0
    labels = np.where(np.isin(labels, np.flatnonzero(np.bincount(labels.ravel()) > 100)), labels, 0)
    for ring in outline_labels(labels):
        if ring.area > 50:
            assert len(ring.points) <= perimeter(ring.points)


def test_four_objects_in_512_pixels_need_less_than_25_kilobytes() -> None:
    mask = sum(disk(r, c, 512, 512) for r, c in ((60, (120, 120)), (90, (370, 130)), (40, (110, 380)), (110, (370, 370)))) > 0
    text = "".join(f'{{"x":{x},"y":{y}}},' for ring in outlines(mask) for x, y in ring.points.tolist())
    assert len(outlines(mask)) == 4
    assert len(text) < 25_000


def test_an_object_on_the_border_reaches_exactly_the_border() -> None:
    mask = disk(30, (10.3, 0.2), 60, 80)
    ring = outlines(mask)[0]
    assert ring.touches_border
    assert bounds(ring.points)[:2] == (0.0, 0.0)
    assert abs(ring.area - mask.sum()) <= max(1, 0.005 * mask.sum())
    corner = (ring.points == 0).all(axis=1)
    assert corner.any()
    assert not outlines(disk(20, (30, 30), 60, 60))[0].touches_border


def test_a_full_image_is_its_rectangle() -> None:
    ring = outlines(np.ones((50, 60), np.bool_))[0]
    assert ring.area == 3000
    assert sorted(map(tuple, ring.points.tolist())) == [(0, 0), (0, 50), (60, 0), (60, 50)]


def test_legs_that_both_end_on_the_border_make_one_simple_ring() -> None:
    mask = np.zeros((60, 60), np.bool_)
    mask[20:30, 10:50] = mask[20:, 10:20] = mask[20:, 40:50] = True
    rings = outlines(mask)
    assert len(rings) == 1
    assert is_simple(rings[0].points)
    assert abs(rings[0].area - mask.sum()) <= 0.005 * mask.sum()


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (2, 2), (3, 3), (1, 40)])
def test_tiny_and_thin_objects_survive(shape: tuple[int, int]) -> None:
    mask = np.zeros((20, 60), np.bool_)
    mask[8 : 8 + shape[0], 9 : 9 + shape[1]] = True
    rings = outlines(mask)
    assert len(rings) == 1
    assert abs(rings[0].area - mask.sum()) <= 1
    assert is_simple(rings[0].points)


def test_diagonal_pixels_of_one_object_belong_together() -> None:
    mask = np.zeros((20, 20), np.bool_)
    mask[np.arange(4, 16), np.arange(4, 16)] = True
    assert len(outlines(mask)) == 1
    labels = np.zeros((20, 20), np.int32)
    labels[5:10, 5:10], labels[10:15, 10:15] = 1, 2
    assert [r.label for r in outline_labels(labels)] == [1, 2]


def test_nothing_gives_nothing() -> None:
    assert outline_labels(np.zeros((10, 10), np.int32)) == []
    assert outlines(np.zeros((0, 10), np.bool_)) == []
    with pytest.raises(ValueError, match="same size"):
        outline_labels(np.zeros((10, 10), np.int32), np.zeros((9, 10), np.float32))


def test_a_field_moves_the_border_between_pixels() -> None:
    y, x = np.mgrid[0:60, 0:60] + 0.5
    areas = []
    for radius in np.linspace(15.0, 15.4, 5):
        field = np.clip(radius - np.hypot(x - 30, y - 30) + 0.5, 0, 1).astype(np.float32)
        mask = np.hypot(x - 30, y - 30) < 15.2
        areas.append(outlines(mask, field=field)[0].area)
    assert (np.diff(areas) > 0).sum() >= 3


def test_a_field_that_disagrees_does_not_move_the_border_away_from_the_mask() -> None:
    mask = disk(20, (30.2, 30.7), 60, 60)
    for field in (
        np.zeros((60, 60), np.float32),
        np.ones((60, 60), np.float32),
        np.random.default_rng(1).random((60, 60)).astype(np.float32),
    ):
        assert abs(outlines(mask, field=field)[0].area - mask.sum()) <= 0.01 * mask.sum()


@pytest.mark.parametrize("seed", range(5))
def test_simplification_keeps_area_and_stays_close(seed: int) -> None:
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, 800, endpoint=False)
    radius = 60 + sum(rng.uniform(-3, 3) * np.cos(k * angle + rng.uniform(0, 6)) for k in range(2, 7))
    ring = np.stack([100 + radius * np.cos(angle), 100 + radius * np.sin(angle)], axis=1)
    small = simplify(ring, 0.1)
    assert len(small) < len(ring) / 4
    assert abs(signed_area(small) / signed_area(ring) - 1) <= 0.001
    dense = np.concatenate([np.linspace(a, b, 200) for a, b in zip(small, np.roll(small, -1, axis=0), strict=True)])
    assert cKDTree(dense).query(ring)[0].max() <= 0.25


def test_area_perimeter_box_and_direction() -> None:
    assert signed_area(SQUARE) == 100
    assert signed_area(SQUARE[::-1]) == -100
    assert perimeter(SQUARE) == 40
    assert bounds(SQUARE) == (2, 3, 10, 10)
    with pytest.raises(ValueError, match="points"):
        as_points([1, 2, 3])


def test_clipping_moves_points_into_the_image() -> None:
    clipped = clip_to_image(np.array([[-0.5, 3], [10.7, 4], [5, 11]]), 10, 10)
    assert clipped.tolist() == [[0, 3], [10, 4], [5, 10]]


def test_containment_is_exact_and_borders_belong_to_one_side() -> None:
    other = SQUARE + np.array([10, 0])
    queries = np.array([[7, 8], [1.9, 8], [12, 8], [7, 2.99], [12, 12.99], [22, 8]])
    assert contains(SQUARE, queries).tolist() == [True, False, False, False, False, False]
    assert (contains(SQUARE, queries).astype(int) + contains(other, queries)).tolist() == [1, 0, 1, 0, 1, 0]


@pytest.mark.parametrize(
    ("points", "simple"),
    [
        (SQUARE, True),
        ([[0, 0], [10, 10], [10, 0], [0, 10]], False),
        ([[0, 0], [10, 0], [5, 0]], False),
        ([[0, 0], [10, 0], [10, 10], [5, 0], [0, 10]], False),
        ([[0, 0], [1, 1]], False),
        ([[0, 0], [10, 0], [10, 10], [10, 10], [0, 10]], False),
        ([[0, 0], [10, 0], [10, 5], [4, 5], [4, 3], [6, 3], [6, 8], [0, 8]], False),
    ],
)
def test_self_intersection(points, simple: bool) -> None:
    assert is_simple(as_points(points)) is simple


@pytest.mark.parametrize("seed", range(20))
def test_self_intersection_agrees_with_comparing_all_pairs(seed: int) -> None:
    ring = np.random.default_rng(seed).integers(0, 40, (7, 2)).astype(np.float64)
    end = np.roll(ring, -1, axis=0)

    def crossing(a, b, c, d) -> bool:
        matrix = np.array([b - a, c - d]).T
        if abs(np.linalg.det(matrix)) < 1e-9:
            return False
        s, t = np.linalg.solve(matrix, c - a)
        return bool(1e-12 < s < 1 - 1e-12 and 1e-12 < t < 1 - 1e-12)

    if any(crossing(ring[i], end[i], ring[j], end[j]) for i in range(7) for j in range(i)):
        assert not is_simple(ring)


def test_half_a_million_points_are_checked_in_seconds() -> None:
    angle = np.linspace(0, 2 * np.pi, 500_000, endpoint=False)
    radius = 4000 + 300 * np.cos(40 * angle)
    ring = np.stack([5000 + radius * np.cos(angle), 5000 + radius * np.sin(angle)], axis=1)
    begin = time.perf_counter()
    assert is_simple(ring)
    ring[250_000] = [9000, 9000]
    assert not is_simple(ring)
    assert time.perf_counter() - begin < 20


def test_a_ring_that_only_makes_work_is_refused_quickly() -> None:
    comb = np.stack([np.linspace(0, 1000, 60_000), np.tile([0.0, 1000.0], 30_000)], axis=1)
    comb[:, 0] += np.tile([0.0, 500.0], 30_000)
    begin = time.perf_counter()
    assert not is_simple(comb)
    assert time.perf_counter() - begin < 10


def test_the_hull_is_convex_and_holds_every_point() -> None:
    points = np.random.default_rng(2).normal(size=(300, 2))
    hull = convex_hull(points)
    turn = np.roll(hull, -1, axis=0) - hull
    assert ((turn[:, 0] * np.roll(turn[:, 1], -1) - turn[:, 1] * np.roll(turn[:, 0], -1)) > 0).all()
    centre = hull.mean(axis=0)
    assert contains(centre + (hull - centre) * (1 + 1e-9), points).all()


@pytest.mark.parametrize("seed", range(3))
def test_a_raster_holds_exactly_the_pixels_whose_centre_is_inside(seed: int) -> None:
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 30))
    outer = np.stack([25 + 20 * np.cos(angle), 20 + 18 * np.sin(angle)], axis=1)
    hole = np.stack([25 + 6 * np.cos(angle), 20 + 6 * np.sin(angle)], axis=1)[::-1]
    y, x = np.mgrid[0:40, 0:50] + 0.5
    centres = np.stack([x.ravel(), y.ravel()], axis=1)
    expected = (contains(outer, centres) & ~contains(hole, centres)).reshape(40, 50)
    assert np.array_equal(rasterize([outer, hole], (40, 50)), expected)
    assert np.array_equal(rasterize_labels([outer, hole], [7, 7], (40, 50)), expected * 7)


def test_polygons_that_share_a_border_share_no_pixel() -> None:
    labels = rasterize_labels([SQUARE, SQUARE + np.array([10, 0]), SQUARE + 5], [1, 2, 3], (30, 40))
    assert (labels == 1).sum() == 100
    assert (labels == 2).sum() == 100
    assert rasterize([SQUARE - 5], (30, 40)).sum() == 56
    assert not rasterize([], (5, 5)).any()


def test_a_thousand_objects_take_little_time() -> None:
    labels = np.zeros((2048, 2048), np.int32)
    rng = np.random.default_rng(3)
    for k in range(1024):
        top, left = 64 * (k // 32), 64 * (k % 32)
        labels[top : top + 64, left : left + 64][disk(rng.uniform(8, 24), tuple(rng.uniform(26, 38, 2)), 64, 64)] = k + 1
    begin = time.process_time()
    assert len(outline_labels(labels)) == 1024
    assert time.process_time() - begin < 3
