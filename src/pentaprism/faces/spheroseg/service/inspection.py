"""What runs in the helper process, because files of strangers may crash or stall a decoder.

The functions import the decoders when they run: the server process itself never loads them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMATS = ("JPEG", "PNG", "TIFF", "BMP")
REASONS = {"format": "format", "empty": "format", "dimensions": "dimensions"}


@dataclass(frozen=True, slots=True)
class Refused:
    """The file is no usable image; ``reason``: format, corrupt, dimensions, page or region."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Inspected:
    """A completely decodable image. ``thumbnails`` are JPEG, of the first page or of all pages that were asked for."""

    format: str
    width: int
    height: int
    details: dict[str, Any]
    pixel_size: dict[str, Any] | None
    thumbnails: Sequence[bytes]

    @property
    def pages(self) -> int:
        """How many planes the file holds."""
        return int(self.details["pages"])


def inspect(path: str, max_side: int, max_pixels: int, thumbnail_side: int, split_pages: int) -> Inspected | Refused:
    """Check the whole file at ``path`` and make its thumbnail; with ``split_pages`` > 1 those of up to so many pages."""
    from pentaprism.imaging.decode import ImageError, verify  # noqa: PLC0415 - loads the decoders
    from pentaprism.imaging.thumbnails import thumbnail  # noqa: PLC0415 - loads the decoders

    try:
        info = verify(path, FORMATS, max_side, max_pixels)
        pages = info.pages if 1 < info.pages <= split_pages else 1
        thumbnails = [thumbnail(path, thumbnail_side, page=page) for page in range(pages)]
    except ImageError as error:
        return Refused(REASONS.get(error.reason, "corrupt"), f"This file is not a usable image ({error}).")
    size = info.pixel_size
    return Inspected(
        format=info.format,
        width=info.width,
        height=info.height,
        details={"bit_depth": info.bit_depth, "channels": info.channels, "pages": info.pages, "axes": info.axes},
        pixel_size={"x": size.x, "y": size.y, "source": size.source} if size else None,
        thumbnails=thumbnails,
    )


def render_preview(path: str, side: int, page: int) -> bytes | Refused:
    """Eight-bit PNG of one page, its longest side at most ``side`` px."""
    from pentaprism.imaging.decode import ImageError  # noqa: PLC0415 - loads the decoders
    from pentaprism.imaging.thumbnails import preview  # noqa: PLC0415 - loads the decoders

    try:
        return preview(path, side, page)
    except ImageError as error:
        return Refused("page" if error.reason == "page" else REASONS.get(error.reason, "corrupt"), str(error))


def lay_open(path: str, target: str, page: int) -> Refused | None:
    """One page at full size as a file that windows are cut out of."""
    from pentaprism.imaging import thumbnails  # noqa: PLC0415 - loads the decoders
    from pentaprism.imaging.decode import ImageError  # noqa: PLC0415 - loads the decoders

    try:
        thumbnails.lay_open(path, Path(target), page)
    except ImageError as error:
        return Refused("page" if error.reason == "page" else REASONS.get(error.reason, "corrupt"), str(error))
    return None


def cut_out(opened: str, region: tuple[int, int, int, int], side: int) -> bytes | Refused:
    """PNG of a window of a page that was laid open."""
    from pentaprism.imaging import thumbnails  # noqa: PLC0415 - loads the decoders

    try:
        return thumbnails.cut_out(Path(opened), region, side)
    except ValueError as error:
        return Refused("region", str(error))


def checked_preview(path: str, max_side: int, max_pixels: int, side: int) -> bytes | Refused:
    """As :func:`render_preview`, for a file that was not checked before."""
    from pentaprism.imaging.decode import ImageError, verify  # noqa: PLC0415 - loads the decoders

    try:
        verify(path, FORMATS, max_side, max_pixels)
    except ImageError as error:
        return Refused(REASONS.get(error.reason, "corrupt"), f"This file is not a usable image ({error}).")
    return render_preview(path, side, 0)
