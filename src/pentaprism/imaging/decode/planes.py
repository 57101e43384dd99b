"""The plane that is analysed, at full depth, and pictures for the eye."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal

import imagecodecs
import numpy as np
import numpy.typing as npt
from PIL import AvifImagePlugin, BmpImagePlugin, GifImagePlugin, Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from pentaprism.imaging.decode import tiff
from pentaprism.imaging.decode.errors import ImageTooLarge, NoSuchPage, decoding
from pentaprism.imaging.decode.ifd import TiffHeader
from pentaprism.imaging.decode.info import ImageInfo
from pentaprism.imaging.decode.probe import probe
from pentaprism.imaging.decode.source import Source, opened

Samples = npt.NDArray[Any]
Projection = Literal["none", "max", "mean"]
MAX_PIXELS = 400_000_000
LUMA = (0.299, 0.587, 0.114)

# Sizes are checked on the header against MAX_PIXELS; Pillow's own warning would come twice.
Image.MAX_IMAGE_PIXELS = None

_PLUGINS: dict[str, Any] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "AVIF": AvifImagePlugin.AvifImageFile,
}


@dataclass(frozen=True, slots=True)
class Plane:
    """The analysed plane: raw samples [H, W] of the upright picture, the name of the stored sample type, and the page."""

    array: Samples
    dtype: str
    page: int
    projection: Projection = "none"


def rotate(data: Samples, orientation: int) -> Samples:
    """Apply an EXIF orientation 1..8 to [H, W] or [H, W, S] samples. Source: EXIF 2.3, tag 274."""
    if orientation in {5, 6, 7, 8}:
        data = np.swapaxes(data, 0, 1)
    if orientation in {2, 3, 6, 7}:
        data = data[:, ::-1]
    if orientation in {3, 4, 7, 8}:
        data = data[::-1]
    return np.ascontiguousarray(data)


def cmyk_to_rgb(data: Samples) -> Samples:
    """[H, W, 4+] ink amounts of any unsigned depth to [H, W, 3] light of the same type, without a colour profile."""
    top = np.iinfo(data.dtype).max if data.dtype.kind == "u" else 1.0
    light = (top - data[..., :3].astype(np.float32)) * ((top - data[..., 3:4].astype(np.float32)) / top)
    return np.rint(light).astype(data.dtype) if data.dtype.kind == "u" else light.astype(data.dtype)


def _guard(info: ImageInfo) -> None:
    if info.width * info.height > MAX_PIXELS:
        raise ImageTooLarge(f"{info.width} x {info.height} is above {MAX_PIXELS} pixels")


def _pillow(file: BinaryIO, info: ImageInfo, page: int, draft: int | None) -> Samples:
    """Samples as stored by an 8-bit codec; palettes become RGB or RGBA, sub-byte greys come back in their own range."""
    image = _PLUGINS[info.format](file)
    if draft is not None and info.format == "JPEG":
        scale = max(image.size) / draft
        image.draft(image.mode, (max(int(image.width / scale), 1), max(int(image.height / scale), 1)))
    if page:
        image.seek(page)
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif image.mode not in {"1", "L", "LA", "RGB", "RGBA", "CMYK", "I;16", "I"}:
        image = image.convert("RGBA" if image.mode in {"PA", "RGBa"} else "RGB")
    data = np.asarray(image)
    if data.dtype == bool:
        return data.astype(np.uint8)
    if info.format == "PNG" and info.bit_depth in {2, 4} and info.channels == 1:
        return data // (255 // ((1 << info.bit_depth) - 1))
    return data


def raster(file: BinaryIO, info: ImageInfo, page: int = 0, draft: int | None = None) -> Samples:
    """Upright samples [H, W] or [H, W, S] of one page of a picture that is no TIFF."""
    if not 0 <= page < info.pages:
        raise NoSuchPage(f"page {page} of {info.pages}")
    file.seek(0)
    if (info.format == "PNG" and info.bit_depth == 16) or (info.format == "JPEG" and info.bit_depth > 8):
        codec = imagecodecs.png_decode if info.format == "PNG" else imagecodecs.jpeg8_decode
        data = np.asarray(codec(file.read()))
    else:
        data = _pillow(file, info, page, draft)
    return rotate(data, info.orientation)


def pages_of(file: BinaryIO, info: ImageInfo, wanted: range, draft: int | None = None) -> Iterator[tuple[Samples, bool]]:
    """Upright samples of the wanted pages one after the other, and whether they are ink (CMYK)."""
    _guard(info)
    if info.format != "TIFF":
        for page in wanted:
            data = raster(file, info, page, draft)
            yield data, info.format == "JPEG" and data.ndim == 3 and data.shape[2] == 4
        return
    header = TiffHeader(file)
    ink = header.integer(header.directories[0], 262, 1) == 5
    with tiff.open_stack(file, header) as stack:
        for page in wanted:
            data = stack.plane(page)
            yield rotate(data, info.orientation), ink and data.ndim == 3 and data.shape[2] >= 4


def _grey(data: Samples, ink: bool, channel: int | Literal["auto"]) -> Samples:
    if data.ndim == 2:
        if channel not in {"auto", 0}:
            raise NoSuchPage(f"channel {channel} of 1")
        return data
    if channel != "auto":
        if not 0 <= channel < data.shape[2]:
            raise NoSuchPage(f"channel {channel} of {data.shape[2]}")
        return np.ascontiguousarray(data[..., channel])
    if ink:
        data = cmyk_to_rgb(data)
    if data.shape[2] < 3:
        return np.ascontiguousarray(data[..., 0])
    grey = np.multiply(data[..., 0], LUMA[0], dtype=np.float32)
    for index in (1, 2):
        grey += np.multiply(data[..., index], LUMA[index], dtype=np.float32)
    return grey


def read_plane(source: Source, page: int = 0, projection: Projection = "none", channel: int | Literal["auto"] = "auto") -> Plane:
    """The plane that is analysed, upright and at full depth.

    Args:
        page: counts the planes over all axes other than Y, X and S; ignored by a projection.
        projection: "max" or "mean" over all planes; the mean is float32.
        channel: an index into the samples of a pixel, or "auto": 0.299 R + 0.587 G + 0.114 B as float32 for colour, else the only sample.

    Raises:
        NoSuchPage: page or channel out of range. ImageError: anything wrong with the file.
    """
    with opened(source) as file:
        info = probe(file)
        if not 0 <= page < info.pages:
            raise NoSuchPage(f"page {page} of {info.pages}")
        wanted = range(page, page + 1) if projection == "none" else range(info.pages)
        total: Samples | None = None
        stored = ""
        with decoding(info.format):
            for data, ink in pages_of(file, info, wanted):
                stored = data.dtype.name
                grey = _grey(data, ink, channel)
                if projection == "mean":
                    total = grey.astype(np.float64) if total is None else total + grey
                else:
                    total = grey if total is None else np.maximum(total, grey)
        assert total is not None
        if projection == "mean":
            total = (total / len(wanted)).astype(np.float32)
        return Plane(np.ascontiguousarray(total.astype(total.dtype.newbyteorder("="), copy=False)), stored, page, projection)
