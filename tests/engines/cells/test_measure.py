"""Features of given polygons, to nine digits, and of segmented shapes."""

import math
import time

import numpy as np
import pytest

from pentaprism.engines.cells.measure import CALIBRATED, GEOMETRY, INTENSITIES, features, null_features, summarize
from pentaprism.imaging.polygons import outline_labels, rasterize

EXACT = {"rel": 1e-9, "abs": 1e-9}
OFFSETS = [tuple(p) for p in np.random.default_rng(3).random((20, 2)) * 1000]


def square(side: float, x: float = 0.0, y: float = 0.0) -> np.ndarray:
    return np.array([[0, 0], [side, 0], [side, side], [0, side]]) + np.array([x, y])


def ellipse(a: float, b: float, angle: float, centre: tuple[float, float], number: int = 20_000) -> np.ndarray:
    t = np.linspace(0, 2 * np.pi, number, endpoint=False)
    x, y = a * np.cos(t), b * np.sin(t)
    return np.stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)], axis=1) + np.array(centre)


@pytest.mark.parametrize("offset", OFFSETS)
def test_a_square_of_ten(offset: tuple[float, float]) -> None:
    found = features(square(10, *offset))
    expected = {
        "area": 100, "filled_area": 100, "hole_area": 0, "hole_count": 0, "perimeter": 40, "perimeter_total": 40,
        "circularity": math.pi / 4, "compactness": math.pi / 4, "sphericity": math.sqrt(400 * math.pi) / 40, "convexity": 1, "solidity": 1,
        "equivalent_diameter": 20 / math.sqrt(math.pi), "volume_sphere": math.pi / 6 * (20 / math.sqrt(math.pi)) ** 3,
        "feret_diameter_max": 10 * math.sqrt(2), "feret_diameter_min": 10, "feret_diameter_max_orthogonal": 10 * math.sqrt(2),
        "aspect_ratio": math.sqrt(2), "major_axis": 40 / math.sqrt(12), "minor_axis": 40 / math.sqrt(12),
        "centroid_x": offset[0] + 5, "centroid_y": offset[1] + 5,
    }  # fmt: skip
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, **EXACT), name
    assert found["eccentricity"] == pytest.approx(0, abs=1e-5)
    assert abs(abs(found["feret_angle"]) - 45) < 1e-9


def test_the_oracle_values_of_whole_squares_are_exact() -> None:
    found = features(square(10))
    assert found["eccentricity"] == 0
    for name, value in (
        ("circularity", 0.785398),
        ("feret_diameter_max", 14.1421),
        ("equivalent_diameter", 11.2838),
        ("sphericity", 0.886227),
    ):
        assert found[name] == pytest.approx(value, rel=1e-5)
    assert found["major_axis"] == pytest.approx(11.5470, rel=1e-5)


@pytest.mark.parametrize("offset", OFFSETS)
def test_a_square_with_a_hole(offset: tuple[float, float]) -> None:
    hole = square(10, offset[0] + 5, offset[1] + 5)
    for inner in (hole, hole[::-1]):
        found = features(square(20, *offset), [inner])
        for name, value in (
            ("area", 300), ("filled_area", 400), ("hole_area", 100), ("hole_count", 1), ("perimeter", 80), ("perimeter_total", 120),
            ("circularity", 300 * 4 * math.pi / 6400), ("solidity", 0.75), ("convexity", 1),
            ("major_axis", 4 * math.sqrt((400 * 400 / 12 - 100 * 100 / 12) / 300)),
        ):  # fmt: skip
            assert found[name] == pytest.approx(value, **EXACT), name
    assert found["circularity"] == pytest.approx(0.589049, rel=1e-5)


@pytest.mark.parametrize("degrees", [-89, -60, -10, 0, 25, 45, 90])
def test_an_ellipse_has_its_axes_and_direction(degrees: float) -> None:
    found = features(ellipse(30, 12, math.radians(degrees), (200, 100)))
    assert found["major_axis"] == pytest.approx(60, rel=1e-6)
    assert found["minor_axis"] == pytest.approx(24, rel=1e-6)
    assert found["eccentricity"] == pytest.approx(math.sqrt(1 - (12 / 30) ** 2), rel=1e-6)
    assert found["orientation"] == pytest.approx(degrees, abs=1e-3)
    assert found["feret_angle"] == pytest.approx(degrees, abs=0.05) or abs(found["feret_angle"] - degrees) == pytest.approx(180, abs=0.05)
    assert -90 < found["feret_angle"] <= 90
    assert -90 < found["orientation"] <= 90
    assert found["feret_diameter_max"] == pytest.approx(60, rel=1e-6)
    assert found["feret_diameter_min"] == pytest.approx(24, rel=1e-6)
    assert found["feret_diameter_max_orthogonal"] == pytest.approx(24, rel=1e-3)
    assert found["aspect_ratio"] == pytest.approx(2.5, rel=1e-6)


@pytest.mark.parametrize("seed", range(10))
def test_the_smallest_width_is_that_over_all_directions(seed: int) -> None:
    points = np.random.default_rng(seed).random((15, 2)) * 50
    angle = np.linspace(0, np.pi, 20_001)
    across = points @ np.stack([np.cos(angle), np.sin(angle)])
    width = across.max(axis=0) - across.min(axis=0)
    found = features(points[np.argsort(np.arctan2(*(points - points.mean(axis=0)).T))])
    assert found["feret_diameter_min"] == pytest.approx(width.min(), rel=1e-3)
    assert found["feret_diameter_min"] <= width.min() + 1e-9
    assert found["feret_diameter_max"] == pytest.approx(width.max(), rel=1e-6)


@pytest.mark.parametrize("seed", range(30))
def test_calipers_agree_with_comparing_all_pairs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 12, (40, 2)).astype(float) if seed % 2 else rng.normal(size=(200, 2)) * (30, 5)
    points = np.unique(points, axis=0)
    ring = points[np.argsort(np.arctan2(*(points - points.mean(axis=0) - 1e-3).T))]
    found = features(ring)
    pairs = np.hypot(*(points[:, None] - points[None]).T)
    assert found["feret_diameter_max"] == pytest.approx(pairs.max(), rel=1e-12)
    edges = points[:, None] - points[None]
    normals = np.stack([edges[..., 1], -edges[..., 0]], axis=-1).reshape(-1, 2)
    normals = normals[(normals != 0).any(axis=1)]
    across = points @ (normals / np.hypot(*normals.T)[:, None]).T
    assert found["feret_diameter_min"] == pytest.approx((across.max(axis=0) - across.min(axis=0)).min(), rel=1e-12)


def test_half_a_million_points_are_measured_in_seconds() -> None:
    begin = time.process_time()
    assert features(ellipse(4000, 3000, 0.2, (5000, 5000), 500_000))["aspect_ratio"] == pytest.approx(4 / 3, rel=1e-6)
    assert time.process_time() - begin < 20


@pytest.mark.parametrize("seed", range(5))
def test_scaling_turning_and_moving_change_what_they_should(seed: int) -> None:
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    radius = 20 + 4 * np.cos(3 * t + rng.uniform(0, 6)) + 2 * np.cos(5 * t)
    ring = np.stack([radius * np.cos(t), radius * np.sin(t)], axis=1)
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    one, two = features(ring), features(3 * ring @ turn + rng.uniform(0, 500, 2))
    powers = {"area": 2, "perimeter": 1, "volume_sphere": 3, "feret_diameter_max": 1, "feret_diameter_min": 1, "major_axis": 1}
    powers |= dict.fromkeys(("circularity", "solidity", "convexity", "sphericity", "eccentricity", "aspect_ratio"), 0)
    for name, power in powers.items():
        assert two[name] == pytest.approx(one[name] * 3**power, rel=1e-9), name


def test_micrometres_come_from_scaled_coordinates() -> None:
    plain, equal = features(square(10)), features(square(10), pixel_size=(0.65, 0.65))
    assert not any("_um" in name for name in plain)
    assert equal["area_um2"] == pytest.approx(0.4225 * 100, **EXACT)
    assert equal["volume_sphere_um3"] == pytest.approx(0.65**3 * plain["volume_sphere"], **EXACT)
    uneven = features(square(10), pixel_size=(0.5, 2.0))
    for name, value in (
        ("area_um2", 100),
        ("perimeter_um", 50),
        ("feret_diameter_min_um", 5),
        ("feret_diameter_max_um", math.hypot(5, 20)),
    ):
        assert uneven[name] == pytest.approx(value, **EXACT)
    assert uneven["major_axis_um"] == pytest.approx(4 * 20 / math.sqrt(12), **EXACT)
    assert set(uneven) - set(plain) == set(CALIBRATED.values())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_intensities_are_raw_samples_at_pixels_inside(dtype) -> None:
    plane = (np.random.default_rng(1).random((80, 90)) * (60_000 if dtype == np.uint16 else 250)).astype(dtype)
    outer, hole = ellipse(30, 20, 0.4, (45.3, 40.2), 200), ellipse(8, 6, 0, (45, 40), 50)
    inside = plane[rasterize([outer, hole], plane.shape)].astype(np.float64)
    found = features(outer, [hole], plane)
    assert [found[name] for name in INTENSITIES] == pytest.approx(
        [inside.mean(), inside.std(), inside.min(), inside.max(), inside.sum()], rel=1e-9
    )
    if dtype == np.uint16:
        assert found["max_intensity"] > 255


def test_intensities_leave_out_gaps_and_what_lies_outside() -> None:
    plane = np.full((20, 20), 5.0, np.float32)
    plane[:, 10:] = np.nan
    assert features(square(10, 5, 5), (), plane)["mean_intensity"] == 5
    assert features(square(10, 5, 5), (), plane)["integrated_intensity"] == 5 * 50
    assert features(square(4, 12, 12), (), plane)["mean_intensity"] is None
    assert features(square(0.2, 3, 3), (), plane)["max_intensity"] is None
    assert features(square(10, 15, 15), (), np.ones((20, 20)))["integrated_intensity"] == 25


def test_what_cannot_be_measured_is_none_with_the_same_keys() -> None:
    line = features([[0, 0], [5, 5], [10, 10]], (), np.ones((20, 20)), (1.0, 1.0))
    assert line == null_features(plane=True, pixel_size=True) | {k: line[k] for k in INTENSITIES}
    assert set(null_features()) == set(GEOMETRY) == set(features(square(10)))


def test_rings_of_rings_and_disks_count_only_their_own_holes() -> None:
    y, x = np.mgrid[0:240, 0:560] + 0.5
    near = np.hypot(x - 120.3, y - 120.6)
    labels = (((near < 100) & (near > 60)) + 2 * (near < 20) + 3 * (np.hypot(x - 400, y - 120) < 80)).astype(np.int32)
    rings = outline_labels(labels)
    found = {}
    for index, ring in enumerate(rings):
        if not ring.hole:
            found[ring.label] = features(ring.points, [rings[k].points for k in ring.children if rings[k].hole], labels)
        assert ring.hole or all(rings[k].label == ring.label for k in rings[index].children)
    for label, area, holes in ((1, 100**2 - 60**2, 1), (2, 20**2, 0), (3, 80**2, 0)):
        assert found[label]["area"] == pytest.approx(math.pi * area, rel=0.01)
        assert found[label]["hole_count"] == holes
        assert found[label]["mean_intensity"] == pytest.approx(label, rel=0.01)


def test_the_summary() -> None:
    assert summarize([]) is None
    one = summarize([features(square(10))], image_area=1000.0)
    assert one is not None
    assert (one["object_count"], one["total_area"], one["area_fraction"], one["units"], one["pixel_size_um"]) == (1, 100, 0.1, "px", None)
    assert one["summary"]["area"] == {"mean": 100, "median": 100, "std": None, "min": 100, "max": 100}
    objects = [features(square(side), pixel_size=(0.5, 0.5)) for side in (10, 20, 40)] + [null_features(pixel_size=True)]
    four = summarize(objects, image_area=10_000.0, pixel_size=(0.5, 0.5), confidence_method="mean_probability")
    assert four is not None
    assert four["summary"]["area"] == {"mean": 700, "median": 400, "std": pytest.approx(math.sqrt(630_000)), "min": 100, "max": 1600}
    assert four["object_count"] == 4
    assert four["total_area"] == 2100
    assert four["pixel_size_um"] == {"x": 0.5, "y": 0.5}
    assert four["summary"]["area_um2"]["max"] == 400
    assert four["confidence_method"] == "mean_probability"


def test_a_thousand_objects_take_less_than_a_second() -> None:
    ring = ellipse(20, 15, 0.3, (100, 100), 60)
    begin = time.process_time()
    for _ in range(1000):
        features(ring)
    assert time.process_time() - begin < 2
