"""TIFF files as stacks of planes: what the header claims is checked against the file before tifffile is asked for pixels."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import tifffile

from pentaprism.imaging.decode.calibration import is_ome, ome_pixels, pixel_size
from pentaprism.imaging.decode.errors import CorruptImage, NoSuchPage, decoding
from pentaprism.imaging.decode.ifd import TiffHeader
from pentaprism.imaging.decode.info import ImageInfo, PixelSize, upright

# tifffile reports every oddity of an upload as an error; what matters reaches the caller as an ImageError.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)

# Vendor flavours whose series look into sidecar files or build arrays from numbers in their metadata.
_VENDORS = "fluoview sis svs scn qpi ndpi bif avs eer philips scanimage nih"
_OFF = ("ndtiff", "mmstack", "micromanager", *_VENDORS.split())
_PALETTE, _MINISWHITE = 3, 0


@dataclass(slots=True)
class Stack:
    """An open TIFF file: the first series as `pages` planes of [H, W] or [H, W, S] samples as stored (not rotated)."""

    tiff: Any
    series: Any
    axes: str
    pages: int

    def plane(self, index: int) -> npt.NDArray[Any]:
        """Samples of a plane, [H, W] or [H, W, S], palette and white-is-zero resolved, in the stored depth."""
        if not 0 <= index < self.pages:
            raise NoSuchPage(f"page {index} of {self.pages}")
        first = self.series.keyframe
        if len(self.series.pages) == self.pages:
            page = self.series.pages[index]
            data = page.asarray(maxworkers=1)
        else:
            count = prod(first.shape)
            data = self.tiff.filehandle.read_array(
                self.tiff.byteorder + first.dtype.char, count, offset=self.series.dataoffset + index * count * first.dtype.itemsize
            ).reshape(first.shape)
        return _photometric(_samples_last(np.asarray(data), first.axes), first)


def _samples_last(data: npt.NDArray[Any], axes: str) -> npt.NDArray[Any]:
    order = axes
    for axis in axes:
        if axis not in "YXS":
            data = data.take(0, axis=order.index(axis))
            order = order.replace(axis, "", 1)
    if "S" in order:
        data = np.moveaxis(data, order.index("S"), -1)
    return data[..., 0] if data.ndim == 3 and data.shape[-1] == 1 else data


def _photometric(data: npt.NDArray[Any], page: Any) -> npt.NDArray[Any]:
    kind = int(page.photometric) if page.photometric is not None else 1
    if data.dtype == bool:
        data = data.astype(np.uint8)
    if kind == _PALETTE and page.colormap is not None and data.dtype.kind == "u":
        colours = np.moveaxis(np.asarray(page.colormap), 0, -1)
        return np.asarray(colours[np.minimum(data, len(colours) - 1)] >> 8, np.uint8)
    if kind == _MINISWHITE and data.dtype.kind == "u":
        top = (1 << int(page.bitspersample)) - 1
        return np.asarray(data.dtype.type(top) - data, data.dtype)
    return data


def _plain_flags(header: TiffHeader) -> dict[str, Any]:
    """Flavours to switch off: those whose metadata claims more planes than the file has directories."""
    flags: dict[str, Any] = {f"is_{name}": False for name in _OFF}
    text = header.text(header.directories[0], 270)
    if is_ome(text):
        pixels = ome_pixels(text)
        try:
            planes = prod(int(pixels[f"Size{axis}"]) for axis in "ZCT")
        except (KeyError, ValueError):
            planes = -1
        samples = header.integer(header.directories[0], 277, 1)
        if not 0 < planes <= len(header.directories) * max(samples, 1):
            flags["is_ome"] = False
    return flags


def _series_is_sound(series: Any, size: int) -> bool:
    """Whether the planes that a series claims are really in the file."""
    page = series.keyframe
    if prod(page.shape) <= 0 or page.dtype is None:
        return False
    planes, rest = divmod(prod(series.shape), prod(page.shape))
    if rest or planes < 1:
        return False
    if len(series.pages) == planes:
        return all(item is not None for item in series.pages)
    offset = series.dataoffset
    return offset is not None and page.is_final and offset + planes * page.nbytes <= size


@contextmanager
def open_stack(file: BinaryIO, header: TiffHeader) -> Iterator[Stack]:
    """Open the first series of a TIFF file; metadata that does not fit the file is ignored and the pages are taken as they are."""
    with decoding("TIFF"):
        flags = _plain_flags(header)
        file.seek(0)
        tiff = tifffile.TiffFile(file, name="upload.tif", _multifile=False, **flags)
        series = tiff.series[0] if tiff.series else None
        if series is None or not _series_is_sound(series, header.size):
            plain: dict[str, Any] = {**flags, **{f"is_{name}": False for name in ("ome", "imagej", "shaped", "lsm", "stk")}}
            tiff = tifffile.TiffFile(file, name="upload.tif", _multifile=False, **plain)
            series = tiff.series[0] if tiff.series else None
        if series is None or not _series_is_sound(series, header.size):
            raise CorruptImage("TIFF: no readable page")
        pages = prod(series.shape) // prod(series.keyframe.shape)
        axes = series.axes if len(series.axes) == len(series.shape) else series.keyframe.axes
        yield Stack(tiff, series, axes, pages)


def info(file: BinaryIO) -> ImageInfo:
    """Header of a TIFF file."""
    header = TiffHeader(file)
    first = header.directories[0]
    width, height = header.integer(first, 256, 0), header.integer(first, 257, 0)
    if width <= 0 or height <= 0:
        raise CorruptImage(f"TIFF: {width} x {height}")
    channels = header.integer(first, 277, 1)
    if header.integer(first, 262, 1) == _PALETTE:
        channels = 3
    orientation = header.integer(first, 274, 1)
    orientation = orientation if 1 <= orientation <= 8 else 1
    with open_stack(file, header) as stack:
        pages, axes = stack.pages, stack.axes
    size = pixel_size(header)
    if size is not None and orientation >= 5:
        size = PixelSize(size.y, size.x, size.source)
    width, height = upright(width, height, orientation)
    return ImageInfo("TIFF", width, height, header.integer(first, 258, 1), channels, pages, axes, size, orientation)
