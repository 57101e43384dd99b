"""Pictures of any supported format: header facts, complete checks, raw planes, pictures for display."""

from pentaprism.imaging.decode.display import read_rgb, read_rgba, stretch
from pentaprism.imaging.decode.errors import CorruptImage, EmptyImage, ImageError, ImageTooLarge, NoSuchPage, UnsupportedFormat
from pentaprism.imaging.decode.info import ImageInfo, PixelSize
from pentaprism.imaging.decode.planes import Plane, read_plane
from pentaprism.imaging.decode.probe import probe
from pentaprism.imaging.decode.source import Source
from pentaprism.imaging.decode.verify import verify

__all__ = [
    "CorruptImage",
    "EmptyImage",
    "ImageError",
    "ImageInfo",
    "ImageTooLarge",
    "NoSuchPage",
    "PixelSize",
    "Plane",
    "Source",
    "UnsupportedFormat",
    "probe",
    "read_plane",
    "read_rgb",
    "read_rgba",
    "stretch",
    "verify",
]
