"""Which pictures a command is about."""

from collections.abc import Iterable, Iterator
from pathlib import Path

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".gif", ".avif"})


def pictures_below(paths: Iterable[Path]) -> Iterator[Path]:
    """Files as they are named; of folders everything below that has the suffix of a picture and is not hidden. Each once."""
    seen: set[Path] = set()
    for path in paths:
        found = sorted(_inside(path)) if path.is_dir() else [path]
        for file in found:
            place = file.resolve()
            if place not in seen:
                seen.add(place)
                yield file


def _inside(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
        if not hidden and file.suffix.lower() in SUFFIXES and file.is_file():
            yield file
