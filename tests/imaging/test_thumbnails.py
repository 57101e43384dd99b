"""Thumbnails, previews and encoders."""

import io

import numpy as np
import pytest
import tifffile
from imaging_pictures import exif, pillow, ramp, tiff
from PIL import Image

from pentaprism.imaging import encode
from pentaprism.imaging.thumbnails import cut_out, lay_open, preview, thumbnail


def decoded(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize(
    ("height", "width", "expected"), [(600, 900, (256, 171)), (900, 300, (85, 256)), (100, 80, (80, 100)), (2, 3000, (256, 1))]
)
def test_a_thumbnail_fits_and_keeps_the_aspect(height: int, width: int, expected: tuple[int, int]) -> None:
    for data in (pillow(ramp(height, width, channels=3), "JPEG"), tiff(ramp(height, width, np.uint16))):
        image = decoded(thumbnail(data))
        assert image.format == "JPEG"
        assert image.size == expected


def test_a_deep_picture_is_not_black() -> None:
    faint = (ramp(300, 300, np.uint16) // 64).astype(np.uint16)
    shown = np.asarray(decoded(thumbnail(tiff(faint))).convert("L"))
    assert shown.min() < 10
    assert shown.max() > 245


def test_a_thumbnail_stands_upright() -> None:
    data = np.zeros((400, 800, 3), np.uint8)
    data[:, :400] = 255
    image = decoded(thumbnail(pillow(data, "JPEG", exif=exif(6))))
    assert image.size == (128, 256)
    shown = np.asarray(image.convert("L"))
    assert shown[:100].mean() > 250
    assert shown[-100:].mean() < 5


def test_a_preview_is_an_eight_bit_png_of_the_page() -> None:
    stack = np.stack([ramp(300, 500, np.uint16), ramp(300, 500, np.uint16)[::-1]])
    first, second = (decoded(preview(tiff(stack, photometric="minisblack"), size=250, page=k)) for k in (0, 1))
    assert (first.format, first.mode, first.size) == ("PNG", "L", (250, 150))
    assert np.abs(np.asarray(first)[::-1].astype(int) - np.asarray(second)).max() < 6


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_png_keeps_every_sample(channels: int, dtype) -> None:
    data = ramp(dtype=dtype, channels=channels)
    stored = encode.png(data)
    assert np.array_equal(decoded(stored) if dtype == np.uint8 else __import__("imagecodecs").png_decode(stored), data)


def test_lossy_formats_stay_close() -> None:
    data = ramp(channels=3)
    for stored in (encode.jpeg(data, 95), encode.webp(data, 95)):
        assert np.abs(np.asarray(decoded(stored).convert("RGB")).astype(int) - data).mean() < 6
    assert np.array_equal(np.asarray(decoded(encode.webp(data, 101)).convert("RGB")), data)


def test_windows_of_a_page_are_cut_out_of_it_laid_open(tmp_path) -> None:
    data = np.random.default_rng(2).integers(0, 256, (60, 90, 3), np.uint8)
    lay_open(pillow(data, "PNG"), tmp_path / "page.npy")
    assert np.array_equal(np.asarray(decoded(cut_out(tmp_path / "page.npy", (7, 11, 50, 40), 100))), data[11:51, 7:57])
    assert decoded(cut_out(tmp_path / "page.npy", (0, 0, 90, 60), 45)).size == (45, 30)
    for beyond in ((41, 0, 50, 10), (0, 21, 10, 40), (-1, 0, 5, 5), (0, 0, 0, 5)):
        with pytest.raises(ValueError, match="page of 90 x 60 px"):
            cut_out(tmp_path / "page.npy", beyond, 100)


def test_what_a_format_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError):
        encode.png(ramp(dtype=np.float32))
    with pytest.raises(TypeError):
        encode.jpeg(ramp(dtype=np.uint16))
    with pytest.raises(ValueError, match="65535"):
        encode.label_png(np.array([[70000]]))
    with pytest.raises(ValueError, match="shape"):
        encode.png(np.zeros((0, 5), np.uint8))


def test_labels_survive(tmp_path) -> None:
    labels = np.arange(70_000, 70_000 + 48 * 64).reshape(48, 64)
    encode.label_tiff(labels, tmp_path / "labels.tif")
    assert np.array_equal(tifffile.imread(tmp_path / "labels.tif"), labels)
    assert np.array_equal(np.asarray(decoded(encode.label_png(labels - 69_000))), labels - 69_000)
