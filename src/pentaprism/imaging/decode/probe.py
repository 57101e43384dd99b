"""The header facts of any supported picture."""

from typing import BinaryIO

from PIL import AvifImagePlugin

from pentaprism.imaging.decode import headers, tiff
from pentaprism.imaging.decode.errors import decoding
from pentaprism.imaging.decode.ifd import exif_orientation
from pentaprism.imaging.decode.info import ImageInfo, upright
from pentaprism.imaging.decode.source import Source, opened, sniff


def _avif(file: BinaryIO) -> ImageInfo:
    image = AvifImagePlugin.AvifImageFile(file)
    orientation = exif_orientation(image.info.get("exif", b""))
    width, height = upright(*image.size, orientation)
    pages = getattr(image, "n_frames", 1)
    channels = len(image.getbands())
    return ImageInfo("AVIF", width, height, 8, channels, pages, headers.axes_of(channels, pages), orientation=orientation)


_READERS = {
    "JPEG": headers.jpeg,
    "PNG": headers.png,
    "BMP": headers.bmp,
    "WEBP": headers.webp,
    "GIF": headers.gif,
    "TIFF": tiff.info,
    "AVIF": _avif,
}


def probe(source: Source) -> ImageInfo:
    """Read the header of a picture; no pixel is decoded and memory does not depend on its claimed size.

    Raises:
        EmptyImage: no bytes. UnsupportedFormat: unknown first bytes. CorruptImage: a header that makes no sense.
        ImageTooLarge: more pages than any real stack has.
    """
    with opened(source) as file:
        kind = sniff(file)
        with decoding(kind):
            found = _READERS[kind](file)
            if found.width <= 0 or found.height <= 0:
                raise ValueError(f"{found.width} x {found.height}")
            return found
