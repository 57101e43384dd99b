"""Pictures in tiles."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest

from pentaprism.engines.sam import AutoParameters, load_model
from pentaprism.engines.sam.masks import Mask, iou
from pentaprism.engines.sam.tiling import automatic_in_tiles, runs_of, tiles_of

PARAMETERS = AutoParameters(crop_n_layers=0, min_mask_region_area=50)


@pytest.mark.parametrize(
    ("height", "width", "tile", "overlap"), [(10, 10, 16, 4), (100, 37, 32, 8), (4097, 9000, 2048, 256), (33, 500, 32, 16)]
)
def test_tiles_cover_the_picture_and_overlap(height: int, width: int, tile: int, overlap: int) -> None:
    tiles = tiles_of(height, width, tile, overlap)
    covered = np.zeros((height, width), np.uint8)
    for part in tiles:
        assert part.x2 - part.x1 <= tile
        assert part.y2 - part.y1 <= tile
        covered[part.y1 : part.y2, part.x1 : part.x2] = 1
    assert covered.all()
    for starts in ({part.x1 for part in tiles}, {part.y1 for part in tiles}):
        places = sorted(starts)
        assert all(after - before <= tile - overlap for before, after in pairwise(places))
    assert runs_of(height, width, tile, overlap) == (1 if len(tiles) == 1 else len(tiles) + 1)


def scene() -> tuple[np.ndarray, list[np.ndarray]]:
    """Small discs, many of them on the seams of tiles of 256 px, and one disc larger than any tile."""
    y, x = np.mgrid[:600, :900]
    picture = np.full((600, 900, 3), 40, np.uint8)
    masks = []
    centres = [(620 + 60 * column, 60 + 80 * row, 22) for row in range(6) for column in range(4)]
    for number, (cx, cy, radius) in enumerate([(290, 300, 260), *centres]):
        inside = (x - cx) ** 2 + (y - cy) ** 2 <= radius**2
        picture[inside] = np.random.default_rng(number).integers(110, 255, 3)
        masks.append(inside)
    return picture, masks


def likeness(truth: np.ndarray, masks: list[Mask]) -> list[float]:
    """The IoU of every mask with ``truth``, the highest first."""
    wanted = Mask.of(truth, predicted_iou=1, stability_score=1, crop_box=(0, 0, *truth.shape))
    assert wanted is not None
    return sorted((iou(wanted, mask) for mask in masks), reverse=True)


def test_small_objects_on_seams_and_objects_larger_than_a_tile_are_found_once() -> None:
    picture, truths = scene()
    progress: list[float] = []
    result = automatic_in_tiles(load_model("embedded"), picture, PARAMETERS, progress.append, tile=256, overlap=64)
    assert not result.truncated
    assert result.share == 1.0
    assert likeness(truths[0], result.masks)[0] >= 0.95
    for truth in truths[1:]:
        first, second, *_ = likeness(truth, result.masks)
        assert first >= 0.9
        assert second < 0.75
    assert progress == sorted(progress)
    assert progress[-1] == pytest.approx(1.0)


def test_a_deadline_that_has_passed_leaves_a_valid_truncated_answer() -> None:
    picture, _ = scene()
    result = automatic_in_tiles(load_model("embedded"), picture, PARAMETERS, deadline=time.monotonic(), tile=256, overlap=64)
    assert result.truncated
    assert result.share < 1.0


def test_a_picture_that_fits_a_tile_is_answered_as_without_tiles() -> None:
    picture, _ = scene()
    engine = load_model("embedded")
    assert automatic_in_tiles(engine, picture, PARAMETERS).masks == engine.automatic(picture, PARAMETERS).masks


def test_cancelling_stops_between_tiles() -> None:
    picture, _ = scene()
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls > 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        automatic_in_tiles(load_model("embedded"), picture, PARAMETERS, check=check, tile=256, overlap=64)
