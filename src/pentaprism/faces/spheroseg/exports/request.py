"""Reading what an export is asked for, and gathering its images."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from pentaprism.core.errors import InvalidInput
from pentaprism.faces.spheroseg.exports.entries import entries_of
from pentaprism.faces.spheroseg.exports.wish import Export, Units, Wish, read_formats
from pentaprism.faces.spheroseg.serialise import project_pixel_size
from pentaprism.faces.spheroseg.tables import Project

MOST_IDS = 100_000


def read_units(text: str | None) -> Units:
    """``px`` or ``um``. Raises InvalidInput."""
    match text:
        case None | "" | "px":
            return "px"
        case "um" | "µm":
            return "um"
    raise InvalidInput("units must be px or um.", field="units")


def read_ids(given: Sequence[str] | None) -> tuple[str, ...] | None:
    """Ids from a repeated query key or a comma list; None when none was named."""
    if not given:
        return None
    found = tuple(dict.fromkeys(part.strip() for text in given for part in text.split(",") if part.strip()))
    if not found or len(found) > MOST_IDS:
        raise InvalidInput(f"imageIds must have 1 to {MOST_IDS} entries.", field="imageIds")
    if any("\x00" in one for one in found):
        raise InvalidInput("imageIds must be a list of ids.", field="imageIds")
    return found


def read_wish(body: Mapping[str, Any]) -> Wish:
    """What the body of a background export asks for. Raises InvalidInput."""
    formats = body.get("format", body.get("formats"))
    if isinstance(formats, list):
        formats = ",".join(str(item) for item in formats)
    if formats is not None and not isinstance(formats, str):
        raise InvalidInput("format must be a text.", field="format")
    ids = body.get("imageIds")
    if ids is not None and not (isinstance(ids, list) and all(isinstance(item, str) for item in ids)):
        raise InvalidInput("imageIds must be a list of ids.", field="imageIds")
    if ids == []:
        raise InvalidInput("imageIds must not be empty.", field="imageIds")
    include = body.get("includeImages", False)
    if not isinstance(include, bool):
        raise InvalidInput("includeImages must be true or false.", field="includeImages")
    units = body.get("units")
    if units is not None and not isinstance(units, str):
        raise InvalidInput("units must be px or um.", field="units")
    return Wish(read_formats(formats), include, read_units(units), read_ids(ids))


def prepare(session: Session, project: Project, wish: Wish) -> Export:
    """The export of a project as it is now. Raises NotFound when none of the wanted images is in it."""
    entries, missing = entries_of(session, project, wish.image_ids)
    shown = {
        "id": project.id,
        "title": project.title,
        "description": project.description,
        "tags": project.tags,
        "pixel_size_um": project_pixel_size(project),
    }
    return Export(wish, shown, entries, missing)
