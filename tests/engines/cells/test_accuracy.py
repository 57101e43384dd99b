"""The accuracy rows for rendered objects: disks, ellipses, touching and overlapping round objects, rippled outlines."""

from __future__ import annotations

import numpy as np
import pytest

from engines.cells.cells_drawing import Picture, disk, iou, noisy
from pentaprism.engines.cells import CellsEngine

POSITIONS = 20


@pytest.fixture(scope="module")
def engine() -> CellsEngine:
    return CellsEngine()


@pytest.mark.parametrize(
    ("radius", "stretch", "dark"),
    [(20, 1.0, False), (20, 2.0, True), (35, 1.5, False), (60, 1.0, True), (100, 1.8, False), (200, 1.0, False), (200, 2.0, True)],
)
def test_a_noisy_disk_or_ellipse_is_found_once_with_its_area(engine: CellsEngine, radius: float, stretch: float, dark: bool) -> None:
    rng = np.random.default_rng([int(radius), int(10 * stretch)])
    side = int(max(128, 3.4 * radius))
    for _ in range(POSITIONS if radius <= 60 else 4):
        x, y = side * 0.65 + rng.uniform(-2, 2), side / 2 + rng.uniform(-2, 2)
        cover = disk((side, int(side * 1.3)), x, y, radius, stretch, rng.uniform(0, np.pi))
        labels = engine.segment(noisy(cover, 5.0, rng, dark)).labels
        assert labels.max() == 1
        assert abs((labels > 0).sum() / cover.sum() - 1) < 0.03
        assert iou(labels > 0, cover > 0.5) > 0.95


def pair(rng: np.random.Generator, first: float, second: float, neck: float) -> Picture:
    """Two disks whose union has a neck of ``neck`` times the smaller diameter."""
    half = neck * min(first, second)
    distance = np.sqrt(first**2 - half**2) + np.sqrt(second**2 - half**2)
    angle, side = rng.uniform(0, 2 * np.pi), int(2.3 * (first + second) + 40)
    x, y = side / 2 + rng.uniform(-1, 1, 2)
    dx, dy = np.cos(angle) * distance / 2, np.sin(angle) * distance / 2
    return np.maximum(disk((side, side), x - dx, y - dy, first), disk((side, side), x + dx, y + dy, second))


@pytest.mark.parametrize(("first", "second"), [(20, 20), (20, 30), (40, 60), (80, 80)])
@pytest.mark.parametrize(("neck", "count"), [(0.0, 2), (0.4, 2), (0.7, 2), (0.8, 1), (0.9, 1)])
def test_round_objects_are_split_by_their_neck(engine: CellsEngine, first: float, second: float, neck: float, count: int) -> None:
    rng = np.random.default_rng([int(first), int(second), int(100 * neck)])
    for _ in range(5):
        cover = pair(rng, first, second, neck)
        labels = engine.segment(noisy(cover, 5.0, rng)).labels
        assert labels.max() == count
        assert abs((labels > 0).sum() / cover.sum() - 1) < 0.02


def test_split_touching_off_keeps_touching_objects_whole(engine: CellsEngine) -> None:
    from pentaprism.engines.cells import SegmentParameters

    rng = np.random.default_rng(3)
    picture = noisy(pair(rng, 30, 30, 0.5), 5.0, rng)
    assert engine.segment(picture, SegmentParameters(split_touching=False)).labels.max() == 1


@pytest.mark.parametrize(("radius", "stretch"), [(20, 1.0), (20, 2.0), (60, 2.0), (100, 1.0)])
def test_ellipses_and_rippled_outlines_stay_one_object(engine: CellsEngine, radius: float, stretch: float) -> None:
    rng = np.random.default_rng([int(radius), int(stretch)])
    for _ in range(5):
        side = int(4 * radius) + 8
        centre = side / 2 + rng.uniform(-1, 1, 2)
        cover = disk((side, side), centre[0], centre[1], radius, stretch, rng.uniform(0, np.pi), ripple=0.05)
        assert engine.segment(noisy(cover, 5.0, rng)).labels.max() == 1
