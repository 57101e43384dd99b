import numpy as np
import pytest

from pentaprism.engines.sam import Mask
from pentaprism.faces.quarry.schemas.fields import Extraction
from pentaprism.faces.quarry.service.packing import pack, unpack
from pentaprism.faces.quarry.work.extraction import cutout, select


def square(top: int, left: int, side: int, frame: int = 120) -> Mask:
    region = np.zeros((frame, frame), bool)
    region[top : top + side, left : left + side] = True
    mask = Mask.of(region, predicted_iou=0.9, stability_score=0.95, point=None, crop_box=(0, 0, frame, frame))
    assert mask is not None
    return mask


def test_a_square_at_the_limit_is_saved_with_every_pixel() -> None:
    masks = [square(10, 10, 70)]
    assert select(masks, Extraction(min_pixels=5000), 14_400, 200).reasons["too_small"] == 1
    assert select(masks, Extraction(min_pixels=4900), 14_400, 200).kept == [0]
    picture = np.full((120, 120, 4), (7, 8, 9, 255), np.uint8)
    cut = cutout(picture, masks[0], "hard")
    assert cut.shape == (70, 70, 4)
    assert (cut == (7, 8, 9, 255)).all()


def test_soft_edges_have_a_margin_and_black_where_nothing_is() -> None:
    picture = np.full((120, 120, 4), (200, 100, 50, 255), np.uint8)
    cut = cutout(picture, square(10, 10, 20), "soft")
    assert cut.shape == (22, 22, 4)
    assert (cut[5:-5, 5:-5, 3] == 255).all()
    assert 0 < cut[0, 10, 3] < 255
    assert (cut[cut[..., 3] == 0] == 0).all()


def test_transparency_of_the_source_is_kept() -> None:
    picture = np.full((120, 120, 4), (200, 100, 50, 128), np.uint8)
    assert (cutout(picture, square(0, 0, 120), "hard")[..., 3] == 128).all()


def test_the_reasons_add_up_to_what_is_left_out() -> None:
    masks = [square(0, 0, 110), square(5, 5, 40), square(60, 60, 30), square(1, 1, 5)]
    chosen = select(masks, Extraction(min_pixels=100, nested=False, max_fraction=0.95), 14_400, 200)
    assert (chosen.kept, chosen.reasons) == ([0], {"too_small": 1, "too_large": 0, "nested": 2, "over_limit": 0})
    assert select(masks, Extraction(min_pixels=1), 14_400, 2).reasons["over_limit"] == 2


@pytest.mark.parametrize("side", [1, 7, 64])
def test_packed_masks_come_back_equal(side: int) -> None:
    masks = [square(3, 5, side), square(20, 30, side + 1)]
    figures, data = pack(masks, [0, None], [[], [[1.0, 2.0]]])
    for before, after in zip(masks, unpack(figures, data), strict=True):
        np.testing.assert_array_equal(after.window, before.region)
        assert (after.area, after.bbox) == (before.area, list(before.bbox))
