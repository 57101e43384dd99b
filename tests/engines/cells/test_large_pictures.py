"""Planes above 2,048 px a side: tiles leave no trace, memory stays bounded."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from engines.cells.cells_drawing import disk, noisy
from pentaprism.engines.cells import CellsEngine, SegmentParameters
from pentaprism.engines.cells.instances import split_by_neck
from pentaprism.engines.cells.parameters import Labels, Mask
from pentaprism.engines.cells.territories import Window, territories_of
from pentaprism.engines.cells.tiling import tiles_of


@pytest.fixture(scope="module")
def engine() -> CellsEngine:
    return CellsEngine()


def by_neck(window: Window, mask: Mask, step: int) -> Labels:
    return split_by_neck(mask)


def paste(cover: npt.NDArray[np.float32], x: float, y: float, radius: float) -> None:
    """Draws a disk into a large picture through a window of its own."""
    left, top, side = int(x - radius) - 3, int(y - radius) - 3, int(2 * radius) + 7
    part = cover[max(top, 0) : top + side, max(left, 0) : left + side]
    np.maximum(part, disk((part.shape[0], part.shape[1]), x - max(left, 0), y - max(top, 0), radius), out=part)


@pytest.mark.parametrize("shape", [(100, 90), (2048, 2048), (2049, 300), (5000, 4100)])
def test_tiles_write_every_pixel_once_and_read_around_it(shape: tuple[int, int]) -> None:
    written = np.zeros(shape, np.uint8)
    for tile in tiles_of(shape, 2048, 128):
        written[tile.write] += 1
        read = np.zeros(shape, bool)
        read[tile.read] = True
        assert read[tile.write].all()
        assert read[tile.read][tile.crop].shape == written[tile.write].shape
        assert max(read[tile.read].shape) <= 2048
    assert (written == 1).all()


@pytest.mark.parametrize("model", ["auto", "classical"])
def test_an_object_on_a_tile_border_is_one_and_measures_as_inside(engine: CellsEngine, model: str) -> None:
    places = [(1792.0, 400.0, 60.0), (900.3, 1792.4, 45.0), (1790.0, 1795.0, 80.0), (600.0, 600.0, 60.0), (2250.0, 2300.0, 30.0)]
    cover = np.zeros((2500, 2400), np.float32)
    for x, y, radius in places:
        paste(cover, x, y, radius)
    picture = noisy(cover, 8.0, np.random.default_rng(0))
    result = engine.segment(picture, SegmentParameters(model=model))
    assert result.labels.max() == len(places)
    assert result.probability.dtype == np.uint8
    assert np.array_equal(result.probability >= 128, result.labels > 0)
    for x, y, radius in places:
        area = (result.labels == result.labels[int(y), int(x)]).sum()
        alone = engine.segment(
            picture[int(y) - 150 : int(y) + 150, int(x) - 150 : int(x) + 150], SegmentParameters(model="classical")
        ).labels
        label = alone[min(150, alone.shape[0] - 1), 150]
        assert area == pytest.approx(np.pi * radius**2, rel=0.01)
        assert area == pytest.approx((alone == label).sum(), rel=0.01)


def test_small_parts_are_split_as_in_one_piece() -> None:
    rng = np.random.default_rng(1)
    cover = np.zeros((2300, 2600), np.float32)
    for _ in range(120):
        x, y, radius = rng.uniform(60, 2540), rng.uniform(60, 2240), rng.uniform(10, 30)
        paste(cover, x, y, radius)
        paste(cover, x + 1.7 * radius, y, radius)
    mask = cover > 0.5
    tiled = territories_of(mask, by_neck, lambda _: None)
    whole = split_by_neck(mask)
    pairs = np.unique(np.stack([tiled[mask], whole[mask]]), axis=1)
    assert pairs.shape[1] == len(np.unique(tiled[mask])) == len(np.unique(whole[mask])) > 200


def test_a_carpet_of_touching_cells_is_separated_across_tiles() -> None:
    cover = np.zeros((2400, 2300), np.float32)
    centres = [(x, y) for y in np.arange(40.0, 2380, 46) for x in np.arange(40.0, 2280, 46)]
    for x, y in centres:
        paste(cover, x, y, 24.0)
    labels = territories_of(cover > 0.5, by_neck, lambda _: None)
    at_centres = [int(labels[int(y), int(x)]) for x, y in centres]
    assert len(set(at_centres)) == len(centres)
    assert set(at_centres) == set(np.unique(labels[cover > 0.5]))


def test_one_object_larger_than_a_tile_stays_one() -> None:
    y, x = np.ogrid[:2700, :2700]
    mask = (x - 1350) ** 2 + (y - 1350) ** 2 < 1290**2
    labels = territories_of(mask, by_neck, lambda _: None)
    assert set(np.unique(labels)) == {0, 1}
    assert np.array_equal(labels > 0, mask)


def test_a_large_plane_can_be_cancelled_while_it_is_read() -> None:
    class Stop(Exception):
        pass

    calls = 0

    def stop(share: float) -> None:
        nonlocal calls
        calls += 1
        if calls > 6:
            raise Stop

    picture = np.random.default_rng(2).integers(0, 4000, (2100, 4200)).astype(np.uint16)
    with pytest.raises(Stop):
        CellsEngine().segment(picture, SegmentParameters(model="classical"), stop)
    assert calls == 7
