"""Masks, their cleaning, suppression, crops, parameters and embeddings."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentaprism.engines.sam import AutoParameters, Embedding, EmbeddingError, Mask
from pentaprism.engines.sam.cleaning import cleaned
from pentaprism.engines.sam.crops import coarse_to_fine, crops_of, grid
from pentaprism.engines.sam.masks import iou
from pentaprism.engines.sam.suppression import suppress
from pentaprism.imaging import rle


def random_mask(seed: int, height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return cv2.resize(rng.normal(size=(7, 9)).astype(np.float32), (width, height)) + rng.normal(0, 0.5, (height, width)) > 0.4


def mask_of(pixels: np.ndarray) -> Mask | None:
    return Mask.of(pixels, predicted_iou=0.9, stability_score=0.8, crop_box=(0, 0, pixels.shape[1], pixels.shape[0]))


@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 40))
def test_a_mask_keeps_its_pixels(seed: int, height: int, width: int) -> None:
    pixels = random_mask(seed, height, width)
    mask = mask_of(pixels)
    if mask is None:
        assert not pixels.any()
        return
    rows, columns = np.nonzero(pixels)
    assert (mask.full(height, width) == pixels).all()
    assert mask.area == pixels.sum()
    assert mask.bbox == (columns.min(), rows.min(), np.ptp(columns), np.ptp(rows))
    assert (rle.decode(mask.rle(height, width)) == pixels).all()


@given(st.integers(0, 10_000))
def test_iou_is_that_of_the_pixels(seed: int) -> None:
    first, second = random_mask(seed, 30, 41), random_mask(seed + 1, 30, 41)
    found = [mask_of(first), mask_of(second)]
    if None not in found:
        assert iou(found[0], found[1]) == pytest.approx((first & second).sum() / (first | second).sum())


def published_cleaning(mask: np.ndarray, least: int, holes: bool) -> np.ndarray:
    """What the published description says, on the whole picture."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats((holes ^ mask).astype(np.uint8), 8)
    sizes = stats[1:, -1]
    small = [index + 1 for index, size in enumerate(sizes) if size < least]
    if not small:
        return mask
    if holes:
        return np.isin(parts, [0, *small])
    kept = [index for index in range(1, count) if index not in small] or [int(np.argmax(sizes)) + 1]
    return np.isin(parts, kept)


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 400), st.booleans())
def test_cleaning_in_the_box_equals_cleaning_the_picture(seed: int, least: int, inner: bool) -> None:
    pixels = random_mask(seed, 48, 64)
    if inner:
        pixels[:5], pixels[:, -7:] = False, False
    mask = mask_of(pixels)
    if mask is None:
        return
    wanted = published_cleaning(published_cleaning(pixels, least, True), least, False)
    found, changed = cleaned(mask, 48, 64, least)
    assert (found.full(48, 64) == wanted).all()
    assert changed == bool((wanted != pixels).any())
    assert (found.predicted_iou, found.stability_score) == (0.9, 0.8)


def test_suppression_keeps_the_better_of_two_boxes_that_overlap() -> None:
    boxes = [(0, 0, 10, 10), (0, 0, 10, 11), (50, 50, 60, 60), (0, 0, 10, 5)]
    assert suppress(boxes, [0.5, 0.9, 0.1, 0.2], 0.7) == [1, 3, 2]
    assert suppress(np.zeros((0, 4)), [], 0.7) == []
    assert suppress([(3, 3, 3, 3), (3, 3, 3, 3)], [1, 1], 0.7) == [0, 1]


def test_points_lie_in_the_middle_of_their_cells_and_every_beginning_covers_the_picture() -> None:
    assert grid(2).tolist() == [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]]
    for side in (1, 3, 8, 20):
        order = coarse_to_fine(side)
        assert sorted(order.tolist()) == list(range(side * side))
    early = grid(16)[coarse_to_fine(16)[:64]]
    quarters = [((early[:, 0] < 0.5) == left) & ((early[:, 1] < 0.5) == upper) for left in (0, 1) for upper in (0, 1)]
    assert [int(quarter.sum()) for quarter in quarters] == [16, 16, 16, 16]


def test_crops_cover_the_picture_and_overlap() -> None:
    crops = crops_of(480, 640, 2)
    assert [crop.layer for crop in crops] == [0] + [1] * 4 + [2] * 16
    for layer in (1, 2):
        covered = np.zeros((480, 640), int)
        for crop in crops:
            if crop.layer == layer:
                covered[crop.y1 : crop.y2, crop.x1 : crop.x2] += 1
        assert covered.min() >= 1
        assert covered.max() >= 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"points_per_side": 0}, {"points_per_side": 257}, {"pred_iou_thresh": 1.1}, {"pred_iou_thresh": float("nan")}, {"crop_n_layers": 5},
        {"stability_score_thresh": -0.1}, {"crop_n_points_downscale_factor": 0}, {"min_mask_region_area": -1}, {"max_masks": 0},
        {"points_per_side": 4, "crop_n_layers": 3}, {"points_per_side": 256, "crop_n_layers": 4, "crop_n_points_downscale_factor": 1},
    ],
)  # fmt: skip
def test_parameters_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        AutoParameters(**wrong)


def test_parameters_are_fitted_to_a_budget_and_say_so() -> None:
    assert AutoParameters().points() == 64**2 + 4 * 32**2 == 8192
    fitted, notes = AutoParameters().fitted(1024, crops=False)
    assert (fitted.points_per_side, fitted.crop_n_layers, len(notes)) == (32, 0, 2)
    assert AutoParameters().fitted(8192, crops=True) == (AutoParameters(), [])
    deep, _ = AutoParameters(64, crop_n_layers=4, crop_n_points_downscale_factor=2).fitted(300, crops=True)
    assert deep.points() <= 300


@given(st.integers(0, 400), st.integers(1, 255))
def test_damaged_embeddings_are_refused(place: int, change: int) -> None:
    arrays = {"tokens": np.arange(60, dtype=np.float32).reshape(3, 20), "place": np.zeros((0, 4), np.uint16)}
    data = Embedding("vit_b", "1", "0" * 64, 640, 480, arrays).to_bytes()
    again = Embedding.from_bytes(data)
    assert (again.engine, again.width, again.height) == ("vit_b", 640, 480)
    assert all((again.arrays[name] == array).all() for name, array in arrays.items())
    place %= len(data)
    for damaged in (data[:place], data[:place] + bytes([data[place] ^ change]) + data[place + 1 :], data + b"x"):
        with pytest.raises(EmbeddingError):
            Embedding.from_bytes(damaged)
