"""Complete decode checks."""

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import tifffile
from imaging_pictures import looping_tiff, pillow, png_claiming, ramp, tiff
from PIL import Image

from pentaprism.imaging.decode import ImageError, verify

SPHEROID = ("JPEG", "PNG", "TIFF", "BMP")


def reason(data: bytes, **options) -> str:
    with pytest.raises(ImageError) as caught:
        verify(data, **options)
    return caught.value.reason


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP", "GIF", "AVIF"])
@pytest.mark.parametrize("channels", [1, 3])
def test_whole_pictures_pass(kind: str, channels: int) -> None:
    assert verify(pillow(ramp(channels=channels), kind)).format == kind


@pytest.mark.parametrize("options", [{"progressive": True}, {"subsampling": 0}, {"quality": 1}])
def test_flavours_of_jpeg_pass(options: dict) -> None:
    assert verify(pillow(ramp(channels=3), "JPEG", **options)).format == "JPEG"


@pytest.mark.parametrize("compression", [None, "zlib", "lzw", "packbits", "zstd", "jpeg", "lzma"])
@pytest.mark.parametrize("tile", [None, (16, 32)])
def test_flavours_of_tiff_pass(compression: str | None, tile: tuple[int, int] | None) -> None:
    data = tiff(ramp(50, 70, channels=3), photometric="rgb", compression=compression, tile=tile)
    assert verify(data).channels == 3


def test_an_interlaced_png_passes() -> None:
    height, width = 5, 9
    sizes = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in
             ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))]  # fmt: skip
    rows = b"".join((b"\0" + bytes(w)) * h for w, h in sizes if w > 0 and h > 0)
    data = png_claiming(width, height, zlib.compress(rows))
    interlaced = data[:28] + b"\1" + struct.pack(">I", zlib.crc32(data[12:28] + b"\1")) + data[33:]
    assert np.asarray(Image.open(io.BytesIO(interlaced))).shape == (height, width)
    assert verify(interlaced).width == width


def test_the_hostile_files_of_an_upload_get_their_reasons() -> None:
    picture = ramp(200, 300, channels=3)
    assert reason(b"") == "empty"
    assert reason(b"just some text in a file named picture.jpg", allowed=SPHEROID) == "format"
    assert reason(pillow(picture, "GIF"), allowed=SPHEROID) == "format"
    assert reason(looping_tiff()) == "corrupt"
    assert reason(pillow(np.zeros((10, 20001), np.uint8), "PNG")) == "dimensions"
    assert reason(tiff(np.zeros((10, 20001), np.uint8))) == "dimensions"
    assert reason(tiff(np.zeros((10, 10), np.complex64))) == "format"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "WEBP", "GIF", "AVIF", "TIFF"])
@pytest.mark.parametrize("kept", [0.3, 0.7, 0.97])
def test_truncated_files_are_corrupt(kind: str, kept: float) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    data = tiff(noise, photometric="rgb", compression="zlib") if kind == "TIFF" else pillow(noise, kind)
    assert reason(data[: int(len(data) * kept)]) == "corrupt"


def test_a_changed_byte_in_the_pixels_of_a_png_is_found() -> None:
    data = bytearray(pillow(ramp(channels=3), "PNG"))
    data[len(data) // 2] ^= 0x55
    assert reason(bytes(data)) == "corrupt"


def test_damaged_tiff_strips_are_found() -> None:
    data = bytearray(tiff(np.random.default_rng(1).integers(0, 255, (300, 300), dtype=np.uint8), compression="zlib", rowsperstrip=32))
    for at in range(len(data) // 3, 2 * len(data) // 3):
        data[at] = 0xAA
    assert reason(bytes(data)) == "corrupt"


def test_a_wrong_number_of_pixels_is_corrupt() -> None:
    assert reason(png_claiming(100, 100, zlib.compress(bytes(101 * 99)))) == "corrupt"
    assert reason(png_claiming(100, 100, zlib.compress(bytes(101 * 101)))) == "corrupt"
    assert reason(png_claiming(100, 100, zlib.compress(b"\x07" * 101 * 100))) == "corrupt"
    assert verify(png_claiming(100, 100, zlib.compress(bytes(101 * 100)))).width == 100


def test_a_stack_that_unpacks_to_too_much_is_refused() -> None:
    data = tiff(np.zeros((40, 500, 500), np.uint8), compression="zlib", photometric="minisblack")
    assert reason(data, max_bytes=5_000_000) == "dimensions"
    assert verify(data, max_bytes=10_000_000).pages == 40


def _big(kind: str, path) -> None:
    if kind == "tiff-deflate":
        tifffile.imwrite(path, np.zeros((9000, 9000, 3), np.uint16), compression="zlib", photometric="rgb", rowsperstrip=9000)
    elif kind == "tiff-lzw":
        tifffile.imwrite(path, np.zeros((10000, 10000), np.uint16), compression="lzw", rowsperstrip=16)
    elif kind == "png":
        Image.fromarray(np.zeros((10000, 10000, 3), np.uint8)).save(path, "PNG", compress_level=1)
    elif kind == "jpeg":
        Image.fromarray(np.zeros((10000, 10000, 3), np.uint8)).save(path, "JPEG")
    else:
        path.write_bytes(png_claiming(60000, 60000, zlib.compress(bytes(50_000_000))))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "outcome"), [("tiff-deflate", "ok"), ("tiff-lzw", "ok"), ("png", "ok"), ("jpeg", "ok"), ("bomb", "dimensions")]
)
def test_large_pictures_stay_below_300_mb(kind: str, outcome: str, tmp_path) -> None:
    _big(kind, tmp_path / "large")
    code = (
        "import pathlib, re, sys\n"
        "from pentaprism.imaging.decode import verify, ImageError\n"
        "try:\n    verify(sys.argv[1]); said = 'ok'\nexcept ImageError as e:\n    said = e.reason\n"
        "peak = re.search(r'VmHWM:\\s+(\\d+)', pathlib.Path('/proc/self/status').read_text())\n"
        "print(said, int(peak[1]) // 1024)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "large")], capture_output=True, text=True, check=True)
    said, megabytes = done.stdout.split()
    assert said == outcome
    assert int(megabytes) < 300
