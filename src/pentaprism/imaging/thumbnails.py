"""Small pictures of uploads."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from pentaprism.imaging import encode
from pentaprism.imaging.decode import Source, read_rgb
from pentaprism.imaging.decode.display import fitted

Box = tuple[int, int, int, int]


def thumbnail(source: Source, size: int = 256, quality: int = 85, page: int = 0) -> bytes:
    """JPEG within `size` x `size` px, aspect kept, upright; deep pictures stretched between the 0.1 and 99.9 percentiles.

    Raises:
        ImageError: anything wrong with the file.
    """
    return encode.jpeg(read_rgb(source, size, page), quality)


def preview(source: Source, size: int = 2048, page: int = 0) -> bytes:
    """Eight-bit PNG with a longest side of at most `size` px; grey pictures give a grey PNG.

    Raises:
        ImageError: anything wrong with the file or the page.
    """
    return encode.png(_plain(read_rgb(source, size, page)))


def lay_open(source: Source, target: Path, page: int = 0) -> None:
    """Write one page, upright and with eight bits, as a NumPy file at `target`: [H, W] grey or [H, W, 3] RGB for :func:`cut_out`.

    Raises:
        ImageError: anything wrong with the file or the page.
    """
    with target.open("wb") as file:
        np.save(file, _plain(read_rgb(source, None, page)), allow_pickle=False)


def cut_out(opened: Path, box: Box, size: int) -> bytes:
    """PNG of the window `box` (left, top, width, height in px) of a page that was laid open, at most `size` px a side.

    Only the window is read, whatever the size of the page.

    Raises:
        ValueError: the window is empty or reaches beyond the page.
    """
    left, top, width, height = box
    page = np.load(opened, mmap_mode="r", allow_pickle=False)
    if min(left, top) < 0 or min(width, height) < 1 or top + height > page.shape[0] or left + width > page.shape[1]:
        raise ValueError(f"{box} does not lie in a page of {page.shape[1]} x {page.shape[0]} px")
    return encode.png(fitted(np.ascontiguousarray(page[top : top + height, left : left + width]), size), level=2)


def _plain(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """One channel in place of three equal ones."""
    grey = bool((picture[..., 0] == picture[..., 1]).all() and (picture[..., 1] == picture[..., 2]).all())
    return np.ascontiguousarray(picture[..., 0]) if grey else picture
