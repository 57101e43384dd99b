"""What an export is asked for, and what can be told of it before it is written. Loaded by the server too, so nothing heavy is
imported here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pentaprism.core.errors import InvalidInput
from pentaprism.faces.spheroseg.exports.entries import Entry

Units = Literal["px", "um"]

FORMATS = ("coco", "yolo", "yolo-seg", "cvat", "datumaro", "masks", "imagej", "csv", "xlsx", "json")
SINGLE_FILES = {
    "coco": "application/json",
    "datumaro": "application/json",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
DEFAULT_FORMAT = "coco"


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for."""

    formats: tuple[str, ...]
    include_images: bool
    units: Units
    image_ids: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Export:
    """A wish on a project, ready to be written. ``missing`` are wanted ids that the project does not have."""

    wish: Wish
    project: dict[str, Any]
    entries: Sequence[Entry]
    missing: Sequence[str]

    @property
    def single(self) -> str | None:
        """The one format when the export is one plain file, else None."""
        only = self.wish.formats[0] if len(self.wish.formats) == 1 and not self.wish.include_images else None
        return only if only in SINGLE_FILES else None

    @property
    def media_type(self) -> str:
        """Content type of the bytes."""
        return SINGLE_FILES[self.single] if self.single else "application/zip"


def read_formats(text: str | None) -> tuple[str, ...]:
    """A comma list of formats, each once, in its order. Raises InvalidInput."""
    chosen = tuple(dict.fromkeys(part.strip().lower() for part in (text or DEFAULT_FORMAT).split(",") if part.strip()))
    unknown = [name for name in chosen if name not in FORMATS]
    if unknown or not chosen:
        raise InvalidInput(f"format must be one or more of {', '.join(FORMATS)}.", field="format", details={"formats": list(FORMATS)})
    return chosen


def file_name(export: Export) -> str:
    """Under which name the export is saved."""
    title = "".join(char if char.isalnum() or char in " ._-" else "_" for char in export.project["title"]).strip(" .")[:80] or "project"
    if export.single is None:
        return f"{title}.zip"
    return f"{title}_{export.single}.{export.single if export.single in {'csv', 'xlsx'} else 'json'}"
