"""A picture is cut or laid out for targets of any aspect, and what matters stays inside."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from pentaprism.engines.artwork.fitting import FITS, Fit, fit, focal_window, smart_window

SUBJECT = (1040, 380, 110)


def picture_with_subject_at_the_right() -> npt.NDArray[np.uint8]:
    picture = np.full((800, 1200, 3), (188, 205, 214), np.uint8)
    cv2.circle(picture, SUBJECT[:2], SUBJECT[2], (200, 40, 30), -1)
    cv2.circle(picture, (SUBJECT[0] - 30, SUBJECT[1] - 20), 30, (250, 240, 90), -1)
    return picture


@pytest.mark.parametrize("size", [(1080, 1080), (1600, 900), (900, 1600)])
def test_smart_crop_keeps_a_subject_in_the_outer_third(size: tuple[int, int]) -> None:
    made = fit(picture_with_subject_at_the_right(), *size)
    assert made.picture.shape == (size[1], size[0], 3)
    assert made.fit in {"smart", "blur"}
    if made.crop is not None:
        left, top, width, height = made.crop
        x, y, radius = SUBJECT
        seen_width = min(x + radius, left + width) - max(x - radius, left)
        seen_height = min(y + radius, top + height) - max(y - radius, top)
        assert seen_width * seen_height >= 0.9 * (2 * radius) ** 2


def test_smart_crop_keeps_the_face_of_a_portrait() -> None:
    (left, top, width, height), _ = smart_window(data.astronaut(), 1280, 720)
    face = (178, 66, 98, 98)  # as the cascade of scikit-image finds it
    assert left <= face[0] and face[0] + face[2] <= left + width
    assert top <= face[1] and face[1] + face[3] <= top + height


@given(st.integers(64, 400), st.integers(64, 400), st.integers(64, 400), st.integers(64, 400), st.floats(0, 1), st.floats(0, 1))
def test_a_focal_window_is_the_largest_of_its_aspect_and_inside(sw: int, sh: int, w: int, h: int, x: float, y: float) -> None:
    left, top, across, down = focal_window(sw, sh, w, h, (x, y))
    assert left >= 0 and left + across <= sw and top >= 0 and top + down <= sh
    assert across == sw or down == sh
    assert abs(across / down - w / h) <= w / h * (1.0 / min(across, down) + 0.01)


@pytest.mark.parametrize("mode", FITS)
@settings(deadline=None, max_examples=12)
@given(width=st.integers(64, 700), height=st.integers(64, 700))
def test_every_fit_gives_exactly_the_target_size(mode: Fit, width: int, height: int) -> None:
    made = fit(data.coffee(), width, height, mode, focal_point=(0.2, 0.8) if mode == "focal" else None)
    assert made.picture.shape == (height, width, 3) and made.picture.dtype == np.uint8
    if made.crop is not None:
        assert made.upscaled == (made.crop[2] < width or made.crop[3] < height)


def test_pad_shows_the_whole_picture_on_the_background() -> None:
    made = fit(data.coffee(), 600, 600, "pad", background=(10, 200, 30))
    assert (made.picture[:90] == (10, 200, 30)).all() and (made.picture[-90:] == (10, 200, 30)).all()
    assert np.array_equal(made.picture[100:500], data.coffee())


def test_a_focal_point_moves_the_window_as_far_as_the_picture_allows() -> None:
    left = fit(data.coffee(), 400, 400, focal_point=(0.0, 0.5))
    right = fit(data.coffee(), 400, 400, focal_point=(1.0, 0.5))
    assert left.crop == (0, 0, 400, 400) and right.crop == (200, 0, 400, 400)
    assert left.fit == right.fit == "focal"


def test_focal_without_a_point_and_unknown_fits_are_refused() -> None:
    with pytest.raises(ValueError, match="focal point"):
        fit(data.coffee(), 10, 10, "focal")
    with pytest.raises(ValueError, match="stretch"):
        fit(data.coffee(), 10, 10, "stretch")  # type: ignore[arg-type]


def test_the_same_picture_is_always_cut_alike() -> None:
    assert smart_window(data.chelsea(), 500, 500) == smart_window(data.chelsea(), 500, 500)
