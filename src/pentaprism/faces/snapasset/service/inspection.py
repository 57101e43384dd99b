"""What runs in the helper process, because files of strangers may crash or stall a decoder."""

from dataclasses import dataclass

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")


@dataclass(frozen=True, slots=True)
class Refused:
    """The file is no usable image; ``reason``: format, empty, dimensions or corrupt."""

    reason: str


@dataclass(frozen=True, slots=True)
class Inspected:
    """A completely decodable image; its sides are those of the upright picture."""

    format: str
    mime_type: str
    width: int
    height: int


def inspect(path: str, max_side: int, max_pixels: int) -> Inspected | Refused:
    """Check the whole file at ``path``."""
    from pentaprism.imaging.decode import ImageError, verify  # noqa: PLC0415 - the server process never loads the decoders

    try:
        info = verify(path, FORMATS, max_side, max_pixels)
    except ImageError as error:
        return Refused(error.reason)
    return Inspected(info.format.lower(), info.mime, info.width, info.height)
