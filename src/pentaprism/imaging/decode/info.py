"""What the header of a picture says."""

from dataclasses import dataclass
from typing import Literal

from pentaprism.imaging.decode.source import Format

MIME = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "TIFF": "image/tiff",
    "BMP": "image/bmp",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/avif",
}
EXTENSION = {"JPEG": "jpg", "PNG": "png", "TIFF": "tiff", "BMP": "bmp", "WEBP": "webp", "GIF": "gif", "AVIF": "avif"}


@dataclass(frozen=True, slots=True)
class PixelSize:
    """Physical size of a pixel in µm, and where it was found."""

    x: float
    y: float
    source: Literal["ome", "imagej", "tiff"]


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """Header facts. Width and height are those of the upright picture (after EXIF rotation).

    `bit_depth` is bits per sample, `channels` the samples per pixel (3 for a palette), `pages` the number of planes over all axes
    other than Y, X and S, `axes` the axes of the stored array (for example "YX", "YXS", "TZCYX"), `orientation` the EXIF value 1..8.
    """

    format: Format
    width: int
    height: int
    bit_depth: int
    channels: int
    pages: int = 1
    axes: str = "YX"
    pixel_size: PixelSize | None = None
    orientation: int = 1

    @property
    def mime(self) -> str:
        """Media type of the format."""
        return MIME[self.format]

    @property
    def extension(self) -> str:
        """Usual file name extension without the dot."""
        return EXTENSION[self.format]


def upright(width: int, height: int, orientation: int) -> tuple[int, int]:
    """Width and height after the rotation that an EXIF orientation of 5..8 asks for."""
    return (height, width) if orientation >= 5 else (width, height)
