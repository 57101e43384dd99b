"""Header facts, read without decoding."""

import io
import struct
import tracemalloc

import numpy as np
import pytest
from imaging_pictures import exif, looping_tiff, pillow, png_claiming, ramp, tiff
from PIL import Image

from pentaprism.imaging.decode import CorruptImage, EmptyImage, ImageError, PixelSize, UnsupportedFormat, probe


@pytest.mark.parametrize(
    ("kind", "channels"), [("JPEG", 1), ("JPEG", 3), ("PNG", 1), ("PNG", 3), ("PNG", 4), ("BMP", 3), ("WEBP", 3), ("AVIF", 3)]
)
def test_the_bytes_name_the_format_and_the_size(kind: str, channels: int) -> None:
    info = probe(pillow(ramp(48, 64, channels=channels), kind))
    assert (info.format, info.width, info.height, info.bit_depth, info.channels, info.pages) == (kind, 64, 48, 8, channels, 1)


def test_paths_and_open_files_work_as_bytes_do(tmp_path) -> None:
    data = pillow(ramp(), "PNG")
    (tmp_path / "wrong.bmp").write_bytes(data)
    assert probe(tmp_path / "wrong.bmp") == probe(str(tmp_path / "wrong.bmp")) == probe(io.BytesIO(data)) == probe(data)


def test_a_gif_counts_its_frames() -> None:
    frames = [Image.fromarray(ramp() // k) for k in (1, 2, 3)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    assert (probe(out.getvalue()).format, probe(out.getvalue()).pages, probe(out.getvalue()).axes) == ("GIF", 3, "TYXS")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_the_size_is_that_of_the_upright_picture(kind: str, orientation: int) -> None:
    info = probe(pillow(ramp(48, 64, channels=3), kind, exif=exif(orientation)))
    assert info.orientation == orientation
    assert (info.width, info.height) == ((48, 64) if orientation >= 5 else (64, 48))


@pytest.mark.parametrize(
    ("dtype", "bits"), [(np.uint8, 8), (np.uint16, 16), (np.uint32, 32), (np.int16, 16), (np.float32, 32), (np.float64, 64), (bool, 1)]
)
def test_tiff_depth(dtype, bits: int) -> None:
    data = ramp(dtype=dtype) if dtype is not bool else ramp() > 100
    info = probe(tiff(data, photometric="minisblack"))
    assert (info.format, info.bit_depth, info.channels, info.axes, info.pages) == ("TIFF", bits, 1, "YX", 1)


def test_pages_are_counted_over_all_axes_but_yxs() -> None:
    assert probe(tiff(np.zeros((5, 48, 64), np.uint16), photometric="minisblack")).pages == 5
    assert probe(tiff(np.zeros((48, 64, 3), np.uint8), photometric="rgb")).pages == 1
    assert probe(tiff(np.zeros((4, 48, 64, 3), np.uint8), photometric="rgb")).pages == 4
    stack = probe(tiff(np.zeros((2, 3, 4, 48, 64), np.uint16), imagej=True, metadata={"axes": "TZCYX"}))
    assert (stack.pages, stack.width, stack.height) == (24, 64, 48)
    ome = probe(tiff(np.zeros((2, 3, 48, 64), np.uint16), ome=True, photometric="minisblack", metadata={"axes": "CZYX"}))
    assert (ome.pages, ome.axes) == (6, "CZYX")


def test_an_ome_pixel_size_wins_and_units_are_converted() -> None:
    size = {"axes": "YX", "PhysicalSizeX": 650.0, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.5, "PhysicalSizeYUnit": "µm"}
    info = probe(tiff(ramp(dtype=np.uint16), ome=True, metadata=size, resolution=(100, 100), resolutionunit="CENTIMETER"))
    assert info.pixel_size is not None
    assert (info.pixel_size.x, info.pixel_size.y, info.pixel_size.source) == (pytest.approx(0.65), 0.5, "ome")


@pytest.mark.parametrize(("unit", "factor"), [("um", 1.0), ("micron", 1.0), ("\\u00B5m", 1.0), ("nm", 0.001), ("mm", 1000.0)])
def test_an_imagej_pixel_size_uses_its_unit(unit: str, factor: float) -> None:
    info = probe(tiff(ramp(dtype=np.uint16), imagej=True, resolution=(4.0 * factor, 2.0 * factor), metadata={"unit": unit}))
    assert info.pixel_size is not None
    assert (info.pixel_size.x, info.pixel_size.y, info.pixel_size.source) == (pytest.approx(0.25), pytest.approx(0.5), "imagej")


def test_centimetres_count_and_inches_do_not() -> None:
    assert probe(tiff(ramp(), resolution=(20000, 10000), resolutionunit="CENTIMETER")).pixel_size == PixelSize(0.5, 1.0, "tiff")
    assert probe(tiff(ramp(), resolution=(20000, 10000), resolutionunit="INCH")).pixel_size is None
    assert probe(tiff(ramp(), imagej=True, resolution=(4.0, 4.0), metadata={"unit": "inch"})).pixel_size is None


def test_empty_text_and_loops_are_told_apart() -> None:
    with pytest.raises(EmptyImage) as empty:
        probe(b"")
    with pytest.raises(UnsupportedFormat) as text:
        probe(b"this is no picture at all, whatever it is called")
    with pytest.raises(CorruptImage) as loop:
        probe(looping_tiff())
    assert [e.value.reason for e in (empty, text, loop)] == ["empty", "format", "corrupt"]


def test_claims_of_billions_cost_no_memory() -> None:
    tracemalloc.start()
    info = probe(png_claiming(2**31 - 1, 2**31 - 1, b""))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (info.width, info.height) == (2**31 - 1, 2**31 - 1)
    assert peak < 2_000_000


def test_stack_sizes_that_the_file_does_not_hold_are_ignored() -> None:
    text = tiff(ramp(), imagej=True, metadata={"unit": "um"}).replace(b"images=1\n", b"images=9\n")
    assert probe(text).pages == 1
    claim = '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" '
    claim += 'DimensionOrder="XYZCT" Type="uint8" SizeX="64" SizeY="48" SizeC="1" SizeZ="2000000000" SizeT="1"><TiffData/></Pixels>'
    claim += "</Image></OME>"
    assert probe(tiff(ramp(), description=claim, metadata=None)).pages == 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP", "GIF", "AVIF", "TIFF"])
def test_no_damage_to_the_header_raises_anything_but_an_image_error(kind: str) -> None:
    good = tiff(ramp()) if kind == "TIFF" else pillow(ramp(channels=3), kind)
    rng = np.random.default_rng(7)
    for _ in range(150):
        bad = bytearray(good[: rng.integers(16, len(good))])
        for _ in range(3):
            bad[rng.integers(12, min(len(bad), 400))] = rng.integers(256)
        try:
            assert probe(bytes(bad)).width > 0
        except ImageError as error:
            assert error.reason in {"corrupt", "format", "dimensions"}


def test_a_directory_outside_the_file_is_corrupt() -> None:
    with pytest.raises(CorruptImage):
        probe(b"II*\0" + struct.pack("<I", 4_000_000_000) + bytes(40))
