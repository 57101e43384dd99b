"""What can be wrong with a picture."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

Reason = Literal["format", "corrupt", "dimensions", "empty", "page"]


class ImageError(Exception):
    """The bytes cannot be used as a picture; `reason` says why in one word."""

    reason: Reason = "corrupt"

    def __init__(self, message: str, reason: Reason | None = None) -> None:
        super().__init__(message)
        if reason is not None:
            self.reason = reason


class UnsupportedFormat(ImageError):
    """The bytes are in no format that is read here, or in none that the caller allows."""

    reason: Reason = "format"


class CorruptImage(ImageError):
    """The bytes begin like a picture and cannot be decoded completely."""

    reason: Reason = "corrupt"


class ImageTooLarge(ImageError):
    """A side, the area or the decoded volume is above the limit."""

    reason: Reason = "dimensions"


class EmptyImage(ImageError):
    """There are no bytes at all."""

    reason: Reason = "empty"


class NoSuchPage(ImageError, ValueError):
    """The page or channel that was asked for does not exist."""

    reason: Reason = "page"


@contextmanager
def decoding(what: str) -> Iterator[None]:
    """Turn whatever a decoder raises on hostile bytes into an `ImageError`."""
    try:
        yield
    except ImageError:
        raise
    except MemoryError as exc:
        raise ImageTooLarge(f"{what}: not enough memory") from exc
    except Exception as exc:
        raise CorruptImage(f"{what}: {type(exc).__name__}: {str(exc)[:200]}") from exc
