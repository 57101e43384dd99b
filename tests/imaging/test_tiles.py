"""Tiles cover, overlap and blend without seams."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage

from pentaprism.imaging.tiles import blended, tiles


@pytest.mark.parametrize(("height", "width"), [(10, 10), (64, 64), (65, 300), (1000, 130), (63, 64)])
def test_tiles_cover_everything_and_overlap(height: int, width: int) -> None:
    seen = np.zeros((height, width), int)
    for tile in tiles(height, width, 64, 16):
        assert tile.bottom - tile.top <= 64
        assert tile.right - tile.left <= 64
        seen[tile.window] += 1
    assert seen.min() == 1
    rows = sorted({(t.top, t.bottom) for t in tiles(height, width, 64, 16)})
    assert all(a[1] - b[0] >= 16 for a, b in pairwise(rows))


def test_an_overlap_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        list(tiles(100, 100, 64, 32))


@pytest.mark.parametrize("channels", [(), (3,)])
def test_work_on_single_pixels_is_unchanged_by_tiling(channels: tuple[int, ...]) -> None:
    data = np.random.default_rng(1).random((150, 170, *channels)).astype(np.float32)
    assert np.allclose(blended(data, lambda tile: 2 * tile + 1, 64, 16), 2 * data + 1, atol=1e-5)


def test_local_work_has_no_seams() -> None:
    data = np.random.default_rng(2).random((200, 230)).astype(np.float32)
    whole = ndimage.gaussian_filter(data, 2)
    assert np.abs(blended(data, lambda tile: ndimage.gaussian_filter(tile, 2), 96, 32) - whole).max() < 0.02


def test_tile_offsets_turn_into_a_gentle_slope() -> None:
    calls = iter(range(100))
    result = blended(np.zeros((64, 200), np.float32), lambda tile: tile + next(calls), 64, 24)
    assert np.abs(np.diff(result, axis=1)).max() < 0.2


def test_progress_rises_to_one() -> None:
    told: list[float] = []
    blended(np.zeros((200, 200)), lambda tile: tile, 64, 16, told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_work_that_changes_the_size_is_refused() -> None:
    with pytest.raises(ValueError, match="came back"):
        blended(np.zeros((100, 100)), lambda tile: tile[1:], 64, 16)
