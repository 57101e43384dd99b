"""Looking at an uploaded file in a helper process: what it is, and whether it can be decoded completely."""

from dataclasses import dataclass

from pentaprism.core.errors import Unprocessable
from pentaprism.core.platform import Platform
from pentaprism.faces.quarry.errors import ImageRejected

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
REASONS = {"empty": "empty", "format": "format", "dimensions": "dimensions"}
SENTENCES = {
    "empty": "The file is empty; send an image.",
    "format": "The file is no JPEG, PNG, WebP, BMP or TIFF; send one of these.",
    "decode": "The image is damaged or incomplete; send it again.",
}
LOOK_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file is; ``trouble`` names the reason why it cannot be used."""

    format: str = ""
    width: int = 0
    height: int = 0
    pages: int = 1
    trouble: str | None = None


def look(path: str, max_side: int) -> Facts:
    """The facts of the file at ``path``; runs in a helper."""
    from pentaprism.imaging.decode import ImageError, ImageTooLarge, verify  # noqa: PLC0415 - loads the decoders

    try:
        info = verify(path, FORMATS, max_side, max_side * max_side)
    except ImageTooLarge:
        return _too_large(path)
    except ImageError as error:
        return Facts(trouble=REASONS.get(error.reason, "decode"))
    return Facts(info.format, info.width, info.height, info.pages)


def _too_large(path: str) -> Facts:
    from pentaprism.imaging.decode import ImageError, probe  # noqa: PLC0415 - loads the decoders

    try:
        info = probe(path)
    except ImageError:
        return Facts(trouble="dimensions")
    return Facts(info.format, info.width, info.height, trouble="dimensions")


def inspect(platform: Platform, path: str, max_side: int) -> Facts:
    """The facts of a usable image. Raises ImageRejected."""
    try:
        facts = platform.compute.call(look, path, max_side, timeout=LOOK_SECONDS)
    except Unprocessable as error:
        raise rejected("decode") from error
    if facts.trouble is not None:
        raise rejected(facts.trouble, facts.width, facts.height, max_side)
    return facts


def rejected(reason: str, width: int = 0, height: int = 0, limit: int = 0) -> ImageRejected:
    """The refusal of an image for ``reason``."""
    details: dict[str, str | int] = {"reason": reason}
    if reason != "dimensions":
        return ImageRejected(SENTENCES[reason], details=details)
    details["limit"] = limit
    if width:
        details |= {"width": width, "height": height}
    return ImageRejected(f"The image has a side above {limit} pixels; make it smaller.", details=details)
