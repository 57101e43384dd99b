"""The embedded engine on pictures with known objects."""

from __future__ import annotations

import time

import numpy as np
import pytest
from skimage import data

from engines.sam.sam_scenes import best, coins, discs
from pentaprism.engines.sam import AutoParameters, Embedding, EmbeddingError, load_model

ENGINE = load_model("embedded")
LOOSE = AutoParameters(pred_iou_thresh=0.5, stability_score_thresh=0.5, crop_n_layers=0, min_mask_region_area=100)


def full(masks, rgb):
    return [mask.full(*rgb.shape[:2]) for mask in masks]


def test_discs_are_found_with_default_parameters() -> None:
    rgb, truth = discs()
    found = full(ENGINE.automatic(rgb, AutoParameters()).masks, rgb)
    assert sum(best(found, mask) >= 0.9 for mask in truth) >= 22


def test_coins_are_found() -> None:
    rgb, truth = coins()
    found = full(ENGINE.automatic(rgb, LOOSE).masks, rgb)
    assert len(truth) == 24
    assert sum(best(found, mask) >= 0.85 for mask in truth) >= 22


def test_default_parameters_leave_a_useful_set_on_photographs() -> None:
    for rgb, least in ((data.astronaut(), 20), (data.coffee(), 8)):
        masks = ENGINE.automatic(rgb, AutoParameters()).masks
        assert len(masks) >= least
        assert len({mask.predicted_iou for mask in masks}) > least / 2
        assert any(mask.predicted_iou != mask.stability_score for mask in masks)


def test_a_click_finds_the_coin_under_it() -> None:
    rgb, truth = coins()
    embedding = ENGINE.embed(rgb)
    good = 0
    for mask in truth:
        rows, columns = np.nonzero(mask)
        point = (float(np.median(columns)), float(np.median(rows)))
        found = ENGINE.prompt(embedding, [point])
        assert 1 <= len(found) <= 3
        assert all(each.full(*mask.shape)[int(point[1]), int(point[0])] for each in found)
        assert [each.predicted_iou for each in found] == sorted((each.predicted_iou for each in found), reverse=True)
        good += best(full(found, rgb), mask) >= 0.8
    assert good >= 20


def test_a_box_finds_the_object_in_it() -> None:
    rgb, truth = discs()
    embedding = ENGINE.embed(rgb)
    for mask in truth[:8]:
        rows, columns = np.nonzero(mask)
        box = (columns.min() - 10.0, rows.min() - 10.0, columns.max() + 11.0, rows.max() + 11.0)
        found = ENGINE.prompt(embedding, box=box)
        assert best(full(found[:1], rgb), mask) >= 0.9
        left, top, width, height = found[0].bbox
        assert abs(left - columns.min()) <= 3
        assert abs(top - rows.min()) <= 3
        assert abs(left + width - columns.max()) <= 3
        assert abs(top + height - rows.max()) <= 3


def test_two_clicks_join_and_a_negative_click_excludes() -> None:
    rgb, truth = discs()
    embedding = ENGINE.embed(rgb)
    centres = [(float(np.nonzero(mask)[1].mean()), float(np.nonzero(mask)[0].mean())) for mask in truth]
    both = ENGINE.prompt(embedding, [centres[0], centres[8]], [1, 1], multimask=False)[0].full(*rgb.shape[:2])
    assert both[int(centres[0][1]), int(centres[0][0])]
    assert both[int(centres[8][1]), int(centres[8][0])]
    for found in ENGINE.prompt(embedding, [centres[0], centres[1]], [1, 0]):
        assert not found.full(*rgb.shape[:2])[int(centres[1][1]), int(centres[1][0])]


@pytest.mark.parametrize("layers", [0, 1, 2])
def test_blank_pictures_give_nothing(layers: int) -> None:
    for value in (0, 127, 255):
        rgb = np.full((240, 320, 3), value, np.uint8)
        assert ENGINE.automatic(rgb, AutoParameters(32, 0, 0, layers)).masks == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (15, 15), (15, 4000)])
def test_pictures_below_16_px_give_nothing_and_still_answer_prompts(shape: tuple[int, int]) -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (*shape, 3), np.uint8)
    assert ENGINE.automatic(rgb, AutoParameters()).masks == []
    embedding = ENGINE.embed(rgb)
    for found in (ENGINE.prompt(embedding, [(0, 0)]), ENGINE.prompt(embedding, box=(0, 0, shape[1], shape[0]))):
        assert all(mask.full(*shape).shape == shape for mask in found)


def test_higher_thresholds_find_a_part_of_the_same_masks() -> None:
    rgb = np.ascontiguousarray(data.coffee()[::2, ::2])

    def keys(iou: float, stability: float) -> set[tuple[int, int, int, int, bytes]]:
        masks = ENGINE.automatic(rgb, AutoParameters(8, iou, stability, 1, 2, 200, 1000)).masks
        return {(mask.left, mask.top, mask.width, mask.height, mask.packed) for mask in masks}

    loose = keys(0.65, 0.0)
    assert keys(0.9, 0.0) < loose
    assert keys(0.65, 0.95) < loose
    assert keys(0.9, 0.95) <= keys(0.9, 0.0)


def test_equal_requests_give_equal_bytes() -> None:
    rgb = data.chelsea()
    first, second = (ENGINE.automatic(rgb, LOOSE).masks for _ in range(2))
    assert first == second
    embedding = ENGINE.embed(rgb)
    again = Embedding.from_bytes(embedding.to_bytes())
    assert ENGINE.prompt(embedding, box=(50, 50, 300, 200)) == ENGINE.prompt(again, box=(50, 50, 300, 200))
    assert ENGINE.automatic(rgb, LOOSE, embedding=again).masks == first


def test_more_points_find_smaller_regions() -> None:
    rgb = data.astronaut()
    areas = [min(m.area for m in ENGINE.automatic(rgb, AutoParameters(side, 0, 0, 0, 1, 0)).masks) for side in (8, 64)]
    assert areas[0] > areas[1]


def test_a_deadline_that_has_passed_gives_a_truncated_answer() -> None:
    result = ENGINE.automatic(data.coffee(), AutoParameters(), deadline=time.monotonic() - 1)
    assert result.masks == []
    assert result.truncated
    assert result.share == 0


def test_cancelling_is_asked_for_and_progress_rises() -> None:
    class Cancelled(Exception):
        pass

    def cancel() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        ENGINE.automatic(data.coffee(), AutoParameters(), check=cancel)
    shares: list[float] = []
    ENGINE.automatic(data.coffee(), AutoParameters(), shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_large_pictures_give_masks_of_their_size() -> None:
    rgb, truth = discs()
    large = np.repeat(np.repeat(rgb, 3, axis=0), 3, axis=1)
    found = ENGINE.automatic(large, AutoParameters(32, 0.8, 0.8, 0)).masks
    wanted = [np.repeat(np.repeat(mask, 3, axis=0), 3, axis=1) for mask in truth[:6]]
    masks = full(found, large)
    assert sum(best(masks, mask) >= 0.9 for mask in wanted) >= 5


def test_prompts_that_name_nothing_are_refused() -> None:
    embedding = ENGINE.embed(data.coffee())
    for points, labels, box in (
        (None, None, None), ([(3, 3)], [0], None), ([(3, 3)], [1, 1], None), ([(float("nan"), 3)], [1], None), (None, None, (9, 9, 3, 12)),
        ([(3, 3)], [2], None),
    ):  # fmt: skip
        with pytest.raises(ValueError):
            ENGINE.prompt(embedding, points, labels, box)
    foreign = Embedding("vit_b", "1.0.0", "0" * 64, 10, 10, {})
    with pytest.raises(EmbeddingError):
        ENGINE.prompt(foreign, [(1, 1)])
