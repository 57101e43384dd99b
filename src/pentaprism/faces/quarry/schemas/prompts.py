"""Points and boxes of a request, from JSON text to prompts in pixels."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pentaprism.faces.quarry.errors import Invalid, invalid
from pentaprism.web.errors import Problem

Units = Literal["pixel", "normalized"]
MOST_POINTS = 256
MOST_BOXES = 64
DEFAULT_BOX = {"x": 68, "y": 247, "width": 555, "height": 678}
WHOLE_IMAGE = "The default box lies outside this image; the whole image was used in its place."


@dataclass(frozen=True, slots=True)
class Point:
    """A click, in the unit of the request; ``label`` 1: on the object, 0: not on it."""

    x: float
    y: float
    label: int = 1


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle by its corners, in the unit of the request."""

    x1: float
    y1: float
    x2: float
    y2: float

    def contains(self, x: float, y: float) -> bool:
        """Whether a point lies inside or on the border."""
        return self.x1 <= x <= self.x2 and self.y1 <= y <= self.y2


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked of the engine at once, in pixels: points ``(x, y, label)`` and a box ``(x1, y1, x2, y2)``."""

    points: tuple[tuple[float, float, int], ...] = ()
    box: tuple[float, float, float, float] | None = None

    def as_json(self) -> dict[str, Any]:
        """For the job's row."""
        return {"points": [list(point) for point in self.points], "box": None if self.box is None else list(self.box)}


def parsed(text: str | None, field: str) -> Any:
    """The JSON value of a form field; None for an empty one."""
    if text is None or not text.strip():
        return None
    try:
        return json.loads(text, parse_constant=lambda name: math.nan if name == "NaN" else math.inf)
    except (ValueError, RecursionError) as error:
        raise invalid(field, "This is not valid JSON.", "json_invalid") from error


def read_points(value: Any, field: str = "points", place: str = "body") -> list[Point]:
    """Points ``{x, y, label?}``. Raises Invalid."""
    if value is None:
        return []
    items = _list(value, field, MOST_POINTS, place)
    return [_point(item, (place, field, index)) for index, item in enumerate(items)]


def read_boxes(value: Any, field: str = "boxes", place: str = "body") -> list[Box]:
    """Boxes ``{x1, y1, x2, y2}``. Raises Invalid."""
    if value is None:
        return []
    items = _list(value, field, MOST_BOXES, place)
    return [_corners(item, (place, field, index)) for index, item in enumerate(items)]


def read_box_field(value: Any) -> list[Box]:
    """One box or a list of them, ``{x, y, width, height}`` or ``{x1, y1, x2, y2}``. Raises Invalid."""
    items = value if isinstance(value, list) else [value]
    if not 1 <= len(items) <= MOST_BOXES:
        raise invalid("box", f"Give 1 to {MOST_BOXES} boxes.", "length")
    found = []
    for index, item in enumerate(items):
        loc: tuple[str | int, ...] = ("body", "box", index) if isinstance(value, list) else ("body", "box")
        if isinstance(item, dict) and "width" in item:
            x, y = _number(item, "x", loc), _number(item, "y", loc)
            width, height = _number(item, "width", loc), _number(item, "height", loc)
            if width <= 0 or height <= 0:
                raise Invalid([Problem(loc, "Width and height must be above 0.", "box")])
            found.append(Box(x, y, x + width, y + height))
        else:
            found.append(_corners(item, loc))
    return found


def normalised(points: Sequence[Point], boxes: Sequence[Box], *, place: tuple[str | int, ...] = ("body",)) -> None:
    """Raise Invalid unless every coordinate lies in 0..1."""
    for index, point in enumerate(points):
        if not (0 <= point.x <= 1 and 0 <= point.y <= 1):
            raise Invalid([Problem((*place, "points", index), "Normalised coordinates lie between 0 and 1.", "range")])
    for index, box in enumerate(boxes):
        if not all(0 <= value <= 1 for value in (box.x1, box.y1, box.x2, box.y2)):
            raise Invalid([Problem((*place, "boxes", index), "Normalised coordinates lie between 0 and 1.", "range")])


def scaled(points: Sequence[Point], boxes: Sequence[Box], width: int, height: int, units: Units) -> tuple[list[Point], list[Box]]:
    """Points and boxes in pixels: points at most W-1 and H-1, boxes clipped to the image.

    Raises Invalid for a point outside the image and for a box of which nothing is left.
    """
    across, down = (width, height) if units == "normalized" else (1, 1)
    moved = []
    for index, point in enumerate(points):
        x, y = point.x * across, point.y * down
        if not (0 <= x <= width and 0 <= y <= height):
            raise Invalid([Problem(("body", "points", index), "The point lies outside the image.", "range")])
        moved.append(Point(min(x, width - 1), min(y, height - 1), point.label))
    return moved, [_clipped(box, index, width, height, across, down) for index, box in enumerate(boxes)]


def _clipped(box: Box, index: int, width: int, height: int, across: int, down: int) -> Box:
    clipped = Box(
        max(0.0, min(box.x1 * across, width)),
        max(0.0, min(box.y1 * down, height)),
        max(0.0, min(box.x2 * across, width)),
        max(0.0, min(box.y2 * down, height)),
    )
    if clipped.x2 <= clipped.x1 or clipped.y2 <= clipped.y1:
        raise Invalid([Problem(("body", "boxes", index), "The box lies outside the image.", "range")])
    return clipped


def prompts_of(points: Sequence[Point], boxes: Sequence[Box]) -> list[Prompt]:
    """How points and boxes belong together; both in pixels.

    Each box is a prompt with the positive points inside it; positive points outside all boxes form one more prompt, the last;
    negative points belong to every prompt. Raises Invalid for negative points alone.
    """
    negative = [(point.x, point.y, 0) for point in points if point.label == 0]
    positive = [point for point in points if point.label == 1]
    found = []
    for box in boxes:
        inside = [(point.x, point.y, 1) for point in positive if box.contains(point.x, point.y)]
        found.append(Prompt((*inside, *negative), (box.x1, box.y1, box.x2, box.y2)))
    outside = [(point.x, point.y, 1) for point in positive if not any(box.contains(point.x, point.y) for box in boxes)]
    if outside:
        found.append(Prompt((*outside, *negative)))
    if not found and negative:
        raise invalid("points", "Only points that are not on the object: add one that is, or a box.", "prompt")
    return found


def _list(value: Any, field: str, most: int, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise invalid(field, "This must be a list.", "list_type", place=place)
    if len(value) > most:
        raise invalid(field, f"At most {most} are accepted.", "too_long", place=place)
    return value


def _point(item: Any, loc: tuple[str | int, ...]) -> Point:
    x, y = _number(item, "x", loc), _number(item, "y", loc)
    label = item.get("label", 1)
    if isinstance(label, bool) or label not in (0, 1):
        raise Invalid([Problem((*loc, "label"), "The label is 1 (on the object) or 0 (not on it).", "label")], allowed=["0", "1"])
    return Point(x, y, int(label))


def _corners(item: Any, loc: tuple[str | int, ...]) -> Box:
    box = Box(*(_number(item, name, loc) for name in ("x1", "y1", "x2", "y2")))
    if box.x2 <= box.x1 or box.y2 <= box.y1:
        raise Invalid([Problem(loc, "x2 must be above x1, and y2 above y1.", "box")])
    return box


def _number(item: Any, name: str, loc: tuple[str | int, ...]) -> float:
    if not isinstance(item, dict):
        raise Invalid([Problem(loc, "This must be an object.", "dict_type")])
    if name not in item:
        raise Invalid([Problem((*loc, name), "This is missing.", "missing")])
    value = item[name]
    try:
        number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Invalid([Problem((*loc, name), "This must be a finite number.", "finite_number")])
    return number
