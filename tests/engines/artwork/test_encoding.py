"""Pictures become files of the four formats, within a number of bytes where one is asked for."""

import io

import numpy as np
import pytest
from PIL import Image
from skimage import data

from pentaprism.engines.artwork.encoding import MIME_TYPES, TooLarge, available_formats, encode


@pytest.mark.parametrize("format", available_formats())
def test_every_format_decodes_to_the_same_size_and_its_own_type(format: str) -> None:
    made = encode(data.astronaut(), format)
    with Image.open(io.BytesIO(made.data)) as picture:
        assert picture.size == (512, 512)
        assert picture.get_format_mimetype() == made.mime_type == MIME_TYPES[format]
        assert not picture.getexif()


def test_png_keeps_every_pixel() -> None:
    made = encode(data.astronaut())
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(made.data))), data.astronaut())
    assert made.quality is None


@pytest.mark.parametrize("format", ["jpeg", "webp"])
def test_a_cap_lowers_the_quality_until_the_file_fits(format: str) -> None:
    free = encode(data.coffee(), format)
    capped = encode(data.coffee(), format, max_bytes=len(free.data) * 2 // 3)
    assert len(capped.data) <= len(free.data) * 2 // 3
    assert capped.quality is not None and free.quality is not None
    assert 40 <= capped.quality < free.quality


def test_a_cap_that_cannot_be_met_is_told() -> None:
    with pytest.raises(TooLarge, match="may have 300"):
        encode(data.coffee(), "jpeg", max_bytes=300)
    with pytest.raises(TooLarge):
        encode(data.coffee(), "png", max_bytes=1_000)


def test_jpeg_lays_transparency_on_the_background() -> None:
    clear = np.zeros((40, 40, 4), np.uint8)
    made = encode(clear, "jpeg", quality=95, background=(200, 30, 60))
    assert np.allclose(np.asarray(Image.open(io.BytesIO(made.data))).mean((0, 1)), (200, 30, 60), atol=3)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="bmp"):
        encode(data.coffee(), "bmp")
