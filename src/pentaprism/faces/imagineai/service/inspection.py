"""Checks of image files, run in the helper process: files of strangers may crash or stall a decoder.

The functions import the decoders when they run: the server process itself never loads them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pentaprism.faces.imagineai.faults import Refused, too_large
from pentaprism.faces.imagineai.names import CONTENT_TYPES, FORMATS

if TYPE_CHECKING:
    from pentaprism.imaging.decode import ImageError

NOT_AN_IMAGE = "File is not a valid image"
SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class FileRules:
    """What an image file may be."""

    file_bytes: int
    max_side: int
    max_pixels: int


@dataclass(frozen=True, slots=True)
class Inspected:
    """A completely decodable image; width and height are those of the upright picture."""

    content_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file is not accepted; exceptions with arguments of their own do not cross process borders well."""

    message: str


def inspect(path: str, rules: FileRules) -> Inspected | Refusal:
    """Check the whole file at ``path``."""
    from pentaprism.imaging.decode import ImageError, verify  # noqa: PLC0415 - loads the decoders

    size = Path(path).stat().st_size
    if size == 0:
        return Refusal("File is empty")
    if size > rules.file_bytes:
        return Refusal(too_large(rules.file_bytes))
    try:
        info = verify(path, FORMATS, rules.max_side, rules.max_pixels)
    except ImageError as error:
        return Refusal(_sentence(path, error, rules))
    return Inspected(info.mime, info.width, info.height)


def _sentence(path: str, error: "ImageError", rules: FileRules) -> str:
    from pentaprism.imaging.decode import ImageError, probe  # noqa: PLC0415 - loads the decoders

    if error.reason == "empty":
        return "File is empty"
    try:
        info = probe(path)
    except ImageError:
        return NOT_AN_IMAGE
    if error.reason == "format":
        return not_allowed(info.mime)
    if error.reason == "dimensions":
        limits = f"(limit {rules.max_side} px per side, {rules.max_pixels // 1_000_000} megapixels)"
        return f"Image is too large: {info.width}x{info.height} {limits}"
    return NOT_AN_IMAGE


def render_thumbnail(path: str, side: int, webp: bool) -> bytes | Refusal:
    """WebP or JPEG of the upright first frame within ``side`` px, without metadata."""
    from pentaprism.imaging import encode  # noqa: PLC0415 - loads the decoders
    from pentaprism.imaging.decode import ImageError, read_rgb  # noqa: PLC0415 - loads the decoders

    try:
        picture = read_rgb(path, side)
    except ImageError:
        return Refusal(NOT_AN_IMAGE)
    return encode.webp(picture, 82) if webp else encode.jpeg(picture, 85)


def not_allowed(content_type: str) -> str:
    """What is said of a type outside the four."""
    return f"Content type '{content_type}' not allowed. Use: {', '.join(CONTENT_TYPES)}"


def accepted(result: Inspected | Refusal) -> Inspected:
    """The result of a check. Raises Refused."""
    if isinstance(result, Refusal):
        raise Refused(result.message)
    return result
