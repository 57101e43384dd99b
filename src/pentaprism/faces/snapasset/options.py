"""The options of a job: checked, completed by defaults, and read again by whoever makes the pictures."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pentaprism.faces.snapasset.catalogue import find
from pentaprism.faces.snapasset.errors import BadRequest
from pentaprism.faces.snapasset.generation.request import DEFAULT_QUALITY

FORMATS = ("png", "jpeg", "webp", "avif")
FITS = ("smart", "cover", "focal", "blur", "pad")
ENGINES = ("procedural", "openai", "diffusers")
SIZES = ("auto", "1024x1024", "1536x1024", "1024x1536", "1792x1024", "1024x1792")
LARGEST_VARIATION = 2_147_483_647
COLOUR = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)
SHOWN_CHARACTERS = 100
FIRST_ORDINARY_PRIORITY, ORDINARY_PRIORITY = 3, 3

DEFAULTS: dict[str, Any] = {
    "quality": "standard",
    "style": "vivid",
    "size": "auto",
    "imageType": "photo",
    "priority": ORDINARY_PRIORITY,
    "variation": 0,
    "engine": "auto",
    "cache": True,
    "perAspect": False,
    "format": "png",
    "formatQuality": None,
    "maxBytes": None,
    "fit": "smart",
    "focalPoint": None,
    "background": "#ffffff",
    "overrides": {},
}


@dataclass(frozen=True, slots=True)
class Option:
    """``read`` gives the value to keep and raises ValueError for one that is not allowed; ``allowed`` tells which are."""

    read: Callable[[Any], Any]
    allowed: Any


def one_of(*values: str, also: Mapping[str, str] | None = None) -> Option:
    """One of some texts; ``also`` are other names of them."""
    names = {value: value for value in values} | dict(also or {})

    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in names:
            raise ValueError
        return names[value]

    return Option(read, list(names))


def whole(least: int, most: int) -> Option:
    """A whole number in a range."""

    def read(value: Any) -> int:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or value != value
            or not least <= value <= most
            or value != int(value)
        ):
            raise ValueError
        return int(value)

    return Option(read, {"min": least, "max": most})


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError  # noqa: TRY004 - every wrong option is told in the same way
    return value


def _colour(value: Any) -> str:
    if not isinstance(value, str) or not COLOUR.fullmatch(value):
        raise ValueError
    return value.lower()


def _point(value: Any) -> dict[str, float]:
    if not isinstance(value, Mapping):
        raise ValueError  # noqa: TRY004 - every wrong option is told in the same way
    point = {}
    for axis in ("x", "y"):
        place = value.get(axis)
        if isinstance(place, bool) or not isinstance(place, int | float) or not 0 <= place <= 1:
            raise ValueError
        point[axis] = float(place)
    return point


PICTURE_OPTIONS = {
    "format": one_of(*FORMATS, also={"jpg": "jpeg"}),
    "formatQuality": whole(1, 100),
    "maxBytes": whole(10_000, 20_000_000),
    "fit": one_of(*FITS),
    "focalPoint": Option(_point, {"x": {"min": 0, "max": 1}, "y": {"min": 0, "max": 1}}),
    "background": Option(_colour, "#rrggbb"),
}
OPTIONS = {
    "quality": one_of("standard", "hd"),
    "style": one_of("vivid", "natural"),
    "size": one_of(*SIZES),
    "imageType": one_of("photo", "illustration", "abstract", "logo"),
    "priority": whole(1, 10),
    "variation": whole(0, LARGEST_VARIATION),
    "engine": one_of("auto", *ENGINES),
    "cache": Option(_flag, [True, False]),
    "perAspect": Option(_flag, [True, False]),
    **PICTURE_OPTIONS,
}


def read_options(sent: Any, *, is_admin: bool, formats: Collection[str]) -> dict[str, Any]:
    """The effective options of what was sent (None: nothing). Raises BadRequest for the first that is not allowed.

    ``formats`` are those that can be written here. Unknown names are dropped; priorities 1 and 2 belong to administrators.
    """
    if sent is None:
        sent = {}
    if not isinstance(sent, Mapping):
        raise BadRequest("options must be an object")
    found = {**DEFAULTS, **_read(sent, OPTIONS, "")}
    if found["priority"] < FIRST_ORDINARY_PRIORITY and not is_admin:
        found["priority"] = ORDINARY_PRIORITY
    found["overrides"] = _overrides(sent.get("overrides"))
    for part in (found, *found["overrides"].values()):
        if part.get("format") is not None and part["format"] not in formats:
            raise BadRequest(f"Format not available: {part['format']}")
        if part.get("focalPoint") is not None and part.get("fit") not in {"blur", "pad"}:
            part["fit"] = "focal"
        elif part.get("fit") == "focal" and part.get("focalPoint") is None and found["focalPoint"] is None:
            raise BadRequest("Invalid option fit: focal", allowed=[fit for fit in FITS if fit != "focal"])
    if found["formatQuality"] is None:
        found["formatQuality"] = DEFAULT_QUALITY[found["format"]]
    return found


def shown(value: Any) -> str:
    """A value as an error names it."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."


def _read(sent: Mapping[str, Any], known: Mapping[str, Option], place: str) -> dict[str, Any]:
    found = {}
    for name, option in known.items():
        value = sent.get(name)
        if value is None:
            continue
        try:
            found[name] = option.read(value)
        except (ValueError, OverflowError) as error:
            raise BadRequest(f"Invalid option {place}{name}: {shown(value)}", allowed=option.allowed) from error
    return found


def _overrides(sent: Any) -> dict[str, dict[str, Any]]:
    if sent is None:
        return {}
    if not isinstance(sent, Mapping) or len(sent) > 100:
        raise BadRequest(f"Invalid option overrides: {shown(sent)}", allowed="an object of platform ids")
    found = {}
    for platform_id, part in sent.items():
        if find(platform_id) is None or not isinstance(part, Mapping):
            raise BadRequest(f"Invalid option overrides: {shown(platform_id)}", allowed="an object of platform ids")
        found[platform_id] = _read(part, PICTURE_OPTIONS, f"overrides.{platform_id}.")
    return found
