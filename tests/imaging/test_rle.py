"""Run-length encoding equals pycocotools."""

import numpy as np
import pytest
from pycocotools import mask as coco

from pentaprism.imaging import rle


def random_mask(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 60, 2)
    return rng.random((height, width)) < rng.choice([0.02, 0.5, 0.98])


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("seed", range(40))
def test_equal_to_pycocotools_in_both_directions(seed: int) -> None:
    mask = random_mask(seed)
    reference = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    mine = rle.encode(mask)
    assert mine == {"size": reference["size"], "counts": reference["counts"].decode()}
    assert np.array_equal(rle.decode(mine), mask)
    plain = rle.encode(mask, compressed=False)
    assert np.array_equal(coco.decode(coco.frPyObjects(plain, *mask.shape)), mask)
    assert np.array_equal(rle.decode(plain), mask)
    assert rle.area(mine) == rle.area(plain) == mask.sum() == coco.area(reference)


@pytest.mark.parametrize("mask", [np.zeros((5, 7), bool), np.ones((5, 7), bool), np.ones((1, 1), bool), np.eye(6, dtype=bool)])
def test_plain_masks(mask: np.ndarray) -> None:
    assert rle.encode(mask)["counts"] == coco.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"].decode()
    assert np.array_equal(rle.decode(rle.encode(mask)), mask)


@pytest.mark.parametrize("seed", range(40))
def test_a_window_gives_the_same_as_the_whole_mask(seed: int) -> None:
    rng = np.random.default_rng(seed)
    window = random_mask(seed)
    height, width = window.shape[0] + rng.integers(0, 4), window.shape[1] + rng.integers(0, 4)
    top, left = rng.integers(0, height - window.shape[0] + 1), rng.integers(0, width - window.shape[1] + 1)
    whole = np.zeros((height, width), bool)
    whole[top : top + window.shape[0], left : left + window.shape[1]] = window
    for compressed in (True, False):
        assert rle.encode_window(window, int(top), int(left), (height, width), compressed) == rle.encode(whole, compressed)


def test_large_runs_take_several_bytes() -> None:
    mask = np.zeros((5000, 4000), bool)
    mask[4000:, 3999] = True
    assert rle.encode(mask)["counts"] == coco.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"].decode()
    assert np.array_equal(rle.expand(rle.encode(mask)["counts"]), rle.counts_of(mask))


@pytest.mark.parametrize("counts", [[4, 4], [10, -1], "q", "\x7f\x01"])
def test_runs_that_do_not_fit_are_refused(counts) -> None:
    with pytest.raises(ValueError, match="run"):
        rle.decode({"size": [3, 3], "counts": counts})


def test_a_window_outside_is_refused() -> None:
    with pytest.raises(ValueError, match="window"):
        rle.encode_window(np.ones((4, 4), bool), 3, 0, (6, 6))
