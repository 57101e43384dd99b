"""Label image utilities."""

import numpy as np
import pytest
from scipy import ndimage

from pentaprism.imaging import masks


@pytest.fixture
def labels() -> np.ndarray:
    made = np.zeros((60, 60), np.int32)
    made[5:25, 5:25] = 9
    made[10:13, 10:13] = 0
    made[30:50, 30:50] = 4
    made[34:46, 34:46] = 0
    made[38:42, 38:42] = 77
    made[0:3, 40:50] = 5
    return made


def test_relabelling_counts_from_one_in_order(labels: np.ndarray) -> None:
    new = masks.relabel(labels)
    assert np.unique(new).tolist() == [0, 1, 2, 3, 4]
    assert [int(np.unique(labels[new == k])[0]) for k in (1, 2, 3, 4)] == [4, 5, 9, 77]
    sparse = np.where(labels == 77, 2_000_000_000, labels)
    assert np.array_equal(masks.relabel(sparse), new)


def test_small_objects_go_and_the_others_keep_their_label(labels: np.ndarray) -> None:
    kept = masks.remove_small(labels, 17)
    assert set(np.unique(kept)) == {0, 4, 5, 9}
    assert np.array_equal(kept == 9, labels == 9)
    assert set(np.unique(masks.remove_small(labels, 16))) == {0, 4, 5, 9, 77}


def test_border_objects_are_found_and_removed(labels: np.ndarray) -> None:
    assert masks.touching_border(labels) == {5}
    assert set(np.unique(masks.clear_border(labels))) == {0, 4, 9, 77}
    assert masks.clear_border(np.zeros((4, 4), np.int32)).sum() == 0


def test_small_holes_of_one_object_are_filled(labels: np.ndarray) -> None:
    filled = masks.fill_small_holes(labels, 10)
    assert (filled[10:13, 10:13] == 9).all()
    assert (filled[35, 34:46] == 0).all()
    assert np.array_equal(masks.fill_small_holes(labels, 9), labels)


def test_a_hole_with_an_object_in_it_stays(labels: np.ndarray) -> None:
    filled = masks.fill_small_holes(labels, np.inf)
    assert np.array_equal(filled == 4, labels == 4)
    assert np.array_equal(filled == 77, labels == 77)


@pytest.mark.parametrize("seed", range(4))
def test_filling_everything_agrees_with_scipy_for_one_mask(seed: int) -> None:
    mask = ndimage.gaussian_filter(np.random.default_rng(seed).random((80, 80)), 2) > 0.49
    expected = ndimage.binary_fill_holes(mask)
    assert np.array_equal(masks.fill_small_holes(mask.astype(np.int32), np.inf) > 0, expected)


def test_gaps_between_different_objects_are_no_holes() -> None:
    labels = np.zeros((20, 20), np.int32)
    labels[5:15, 5:10], labels[5:15, 10:15] = 1, 2
    labels[9:11, 9:11] = 0
    assert np.array_equal(masks.fill_small_holes(labels, 100), labels)
