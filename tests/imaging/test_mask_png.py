import io

import numpy as np
import pytest
from PIL import Image

from pentaprism.imaging.mask_png import mask_png


@pytest.mark.parametrize("seed", range(12))
def test_any_decoder_reads_the_frame_that_was_written(seed: int) -> None:
    random = np.random.default_rng(seed)
    height, width = (int(n) for n in random.integers(1, 700, 2))
    rows, columns = int(random.integers(0, height + 1)), int(random.integers(0, width + 1))
    top, left = int(random.integers(0, height - rows + 1)), int(random.integers(0, width - columns + 1))
    window = random.random((rows, columns)) < 0.5
    frame = np.zeros((height, width), np.uint8)
    frame[top : top + rows, left : left + columns] = window * 255
    with Image.open(io.BytesIO(mask_png(window, top, left, (height, width)))) as picture:
        assert picture.mode == "L"
        assert picture.info == {}
        np.testing.assert_array_equal(np.asarray(picture), frame)


def test_a_small_object_in_a_large_frame_is_a_small_file() -> None:
    assert len(mask_png(np.ones((50, 50), bool), 2000, 1900, (4096, 4096))) < 40_000


@pytest.mark.parametrize(("top", "left"), [(-1, 0), (0, -1), (6, 0), (0, 6)])
def test_a_window_beyond_the_frame_is_refused(top: int, left: int) -> None:
    with pytest.raises(ValueError, match="does not lie"):
        mask_png(np.ones((5, 5), bool), top, left, (10, 10))
