"""Raw planes at full depth, and pictures for the eye."""

import io

import numpy as np
import pytest
from imaging_pictures import exif, pillow, ramp, tiff
from PIL import Image, ImageOps

from pentaprism.imaging import encode
from pentaprism.imaging.decode import NoSuchPage, read_plane, read_rgb, read_rgba


def luma(data: np.ndarray) -> np.ndarray:
    return data[..., :3].astype(np.float64) @ (0.299, 0.587, 0.114)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("options", [{}, {"tile": (16, 16)}, {"bigtiff": True}, {"compression": "zlib"}, {"byteorder": ">"}])
def test_grey_tiff_samples_come_back_unchanged(dtype, options: dict) -> None:
    data = ramp(dtype=dtype)
    plane = read_plane(tiff(data, photometric="minisblack", **options))
    assert plane.dtype == np.dtype(dtype).name
    assert plane.array.dtype == np.dtype(dtype)
    assert np.array_equal(plane.array, data)


@pytest.mark.parametrize(("dtype", "planar"), [(np.uint8, "contig"), (np.uint16, "contig"), (np.uint16, "separate")])
def test_colour_tiff_is_weighted_and_channels_can_be_chosen(dtype, planar: str) -> None:
    data = ramp(dtype=dtype, channels=3)
    stored = tiff(data if planar == "contig" else np.moveaxis(data, -1, 0), photometric="rgb", planarconfig=planar)
    assert np.allclose(read_plane(stored).array, luma(data), rtol=1e-5)
    assert read_plane(stored).array.dtype == np.float32
    assert np.array_equal(read_plane(stored, channel=2).array, data[..., 2])
    with pytest.raises(NoSuchPage):
        read_plane(stored, channel=3)


def test_sixteen_bit_png_keeps_its_depth() -> None:
    grey, colour = ramp(dtype=np.uint16), ramp(dtype=np.uint16, channels=3)
    assert np.array_equal(read_plane(encode.png(grey)).array, grey)
    assert read_plane(encode.png(grey)).array.max() == 65535
    assert np.array_equal(read_plane(encode.png(colour), channel=0).array, colour[..., 0])
    assert np.allclose(read_plane(encode.png(colour)).array, luma(colour), rtol=1e-5)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_greys_below_a_byte_keep_their_own_range(bits: int) -> None:
    data = (ramp() >> (8 - bits)).astype(np.uint8)
    image = Image.fromarray(data * (255 // (2**bits - 1)))
    out = io.BytesIO()
    (image.convert("1") if bits == 1 else image).save(out, "PNG", bits=bits)
    if bits == 1:
        assert np.array_equal(read_plane(out.getvalue()).array, data)
    assert np.array_equal(read_plane(tiff(data > 0, photometric="minisblack")).array, data > 0)


def test_white_is_zero_reads_as_it_looks() -> None:
    data = ramp() > 90
    assert np.array_equal(read_plane(tiff(~data, photometric="miniswhite")).array, data)


def test_palettes_and_ink_become_light() -> None:
    colour = ramp(channels=3)
    palette = Image.fromarray(colour).quantize(32)
    out = io.BytesIO()
    palette.save(out, "PNG")
    assert np.allclose(read_plane(out.getvalue()).array, luma(np.asarray(palette.convert("RGB"))), atol=1e-3)
    out = io.BytesIO()
    palette.save(out, "TIFF")
    assert np.allclose(read_plane(out.getvalue()).array, luma(np.asarray(palette.convert("RGB"))), atol=1e-3)
    ink = Image.fromarray(colour).convert("CMYK")
    for kind in ("TIFF", "JPEG"):
        out = io.BytesIO()
        ink.save(out, kind, quality=100)
        assert np.abs(read_plane(out.getvalue()).array - luma(colour)).mean() < 3
        assert np.abs(read_rgb(out.getvalue()).astype(int) - colour).mean() < 3


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_raster_formats_agree_with_pillow(channels: int) -> None:
    data = ramp(channels=channels)
    expected = data if channels == 1 else luma(data)
    assert np.allclose(read_plane(pillow(data, "PNG")).array, expected, atol=1e-3)
    if channels != 4:
        assert np.allclose(read_plane(pillow(data, "BMP")).array, expected, atol=1e-3)


def test_pages_differ_and_the_last_is_the_last() -> None:
    stack = np.stack([ramp(dtype=np.uint16) // (k + 1) for k in range(5)])
    stored = tiff(stack, photometric="minisblack")
    for page in range(5):
        plane = read_plane(stored, page=page)
        assert plane.page == page
        assert np.array_equal(plane.array, stack[page])
    with pytest.raises(NoSuchPage):
        read_plane(stored, page=5)
    with pytest.raises(NoSuchPage):
        read_plane(stored, page=-1)


@pytest.mark.parametrize(
    ("options", "axes"),
    [({"imagej": True}, "TZCYX"), ({"ome": True, "photometric": "minisblack"}, "TZCYX"), ({"photometric": "minisblack"}, "TZCYX")],
)
def test_hyperstacks_count_planes_in_storage_order(options: dict, axes: str) -> None:
    data = np.random.default_rng(3).integers(0, 60000, (2, 3, 2, 20, 30), dtype=np.uint16)
    stored = tiff(data, metadata={"axes": axes}, **options)
    flat = data.reshape(-1, 20, 30)
    for page in (0, 1, 5, 11):
        assert np.array_equal(read_plane(stored, page=page).array, flat[page])


def test_projections_run_over_the_stack() -> None:
    data = np.random.default_rng(3).integers(0, 60000, (4, 20, 30), dtype=np.uint16)
    stored = tiff(data, photometric="minisblack")
    assert np.array_equal(read_plane(stored, projection="max").array, data.max(axis=0))
    mean = read_plane(stored, projection="mean").array
    assert mean.dtype == np.float32
    assert np.allclose(mean, data.mean(axis=0), rtol=1e-6)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_and_tiff_orientation_stand_the_picture_up(orientation: int) -> None:
    data = ramp(channels=3)
    stored = pillow(data, "PNG", exif=exif(orientation))
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(stored))))
    assert np.array_equal(read_rgb(stored), expected)
    turned = tiff(data, photometric="rgb", extratags=[(274, "H", 1, orientation, True)])
    assert np.array_equal(read_rgb(turned), expected)
    jpeg = pillow(data, "JPEG", exif=exif(orientation), quality=95)
    assert np.array_equal(read_rgb(jpeg), np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(jpeg)))))


def test_deep_pictures_are_stretched_for_display() -> None:
    data = (ramp(200, 200, np.uint16) // 40 + 500).astype(np.uint16)
    shown = read_rgb(tiff(data))
    assert shown.dtype == np.uint8
    assert (shown.min(), shown.max()) == (0, 255)
    assert np.abs(shown[..., 0].astype(float) - (data - 500.0) / 1638 * 255).max() < 2


def test_floats_with_gaps_are_shown() -> None:
    data = ramp(dtype=np.float32).copy()
    data[:5] = np.nan
    shown = read_rgb(tiff(data))
    assert shown[:5].max() == 0
    assert shown.max() == 255


def test_transparency_lies_over_white_or_is_kept() -> None:
    data = ramp(channels=4).copy()
    data[:10, :, 3] = 0
    stored = pillow(data, "PNG")
    assert np.array_equal(read_rgba(stored), data)
    assert (read_rgb(stored)[:10] == 255).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_limit_on_the_side_keeps_the_aspect(kind: str) -> None:
    data = ramp(600, 900, channels=3)
    stored = tiff(data, photometric="rgb") if kind == "TIFF" else pillow(data, kind)
    assert read_rgb(stored, max_side=90).shape == (60, 90, 3)
    assert read_rgb(stored, max_side=5000).shape == (600, 900, 3)
