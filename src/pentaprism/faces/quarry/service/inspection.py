"""Looking at an uploaded file in a helper process: what it is, and whether it can be decoded completely."""

from dataclasses import dataclass

from pentaprism.core.errors import Unprocessable
from pentaprism.core.platform import Platform
from pentaprism.faces.quarry.errors import ImageRejected
from pentaprism.faces.quarry.settings import QuarrySettings

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


@dataclass(frozen=True, slots=True)
class Bounds:
    """Longest side and most pixels of an image."""

    side: int
    pixels: int


def bounds_of(settings: QuarrySettings, *, tiles: bool = False) -> Bounds:
    """How large an image may be; one that is searched in ``tiles`` may be larger."""
    ordinary = Bounds(settings.max_side, settings.max_side * settings.max_side)
    if not tiles:
        return ordinary
    return Bounds(max(ordinary.side, settings.tiled_side), max(ordinary.pixels, settings.tiled_pixels))


def look(path: str, max_side: int, max_pixels: int) -> Facts:
    """The facts of the file at ``path``; runs in a helper."""
    from pentaprism.imaging.decode import ImageError, ImageTooLarge, verify  # noqa: PLC0415 - loads the decoders

    try:
        info = verify(path, FORMATS, max_side, max_pixels)
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


def inspect(platform: Platform, path: str, bounds: Bounds) -> Facts:
    """The facts of a usable image. Raises ImageRejected."""
    try:
        facts = platform.compute.call(look, path, bounds.side, bounds.pixels, timeout=LOOK_SECONDS)
    except Unprocessable as error:
        raise rejected("decode") from error
    if facts.trouble == "dimensions":
        raise too_large(facts, bounds)
    if facts.trouble is not None:
        raise rejected(facts.trouble)
    return facts


def fitting(facts: Facts, bounds: Bounds) -> Facts:
    """``facts`` of an image that was accepted before, perhaps within other bounds. Raises ImageRejected."""
    if max(facts.width, facts.height) > bounds.side or facts.width * facts.height > bounds.pixels:
        raise too_large(facts, bounds)
    return facts


def rejected(reason: str) -> ImageRejected:
    """The refusal of an image for ``reason``."""
    return ImageRejected(SENTENCES[reason], details={"reason": reason})


def too_large(facts: Facts, bounds: Bounds) -> ImageRejected:
    """The refusal of an image for its size in pixels."""
    by_side = max(facts.width, facts.height) > bounds.side or not facts.width
    limit = bounds.side if by_side else bounds.pixels
    details: dict[str, str | int] = {"reason": "dimensions", "limit": limit}
    if facts.width:
        details |= {"width": facts.width, "height": facts.height}
    what = f"a side above {limit} pixels" if by_side else f"more than {limit} pixels"
    return ImageRejected(f"The image has {what}; make it smaller.", details=details)
