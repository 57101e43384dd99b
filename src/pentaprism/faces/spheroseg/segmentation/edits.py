"""Polygons that an editor sends: checked, clipped, brought into the stored form, and measured where they changed. No database in here."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pentaprism.core.errors import InvalidInput
from pentaprism.core.ids import new_id
from pentaprism.engines.cells.document import Outline, PlaneChoice, describe, read_samples
from pentaprism.engines.cells.measure import GEOMETRY, INTENSITIES
from pentaprism.faces.spheroseg.segmentation.geometry import encloses, overlaps
from pentaprism.imaging.decode.errors import ImageError
from pentaprism.imaging.polygons import Points, clip_to_image, is_simple, signed_area

MOST_POLYGONS = 20_000
MOST_POINTS = 500_000
OUTSIDE = 1.0
LONGEST_TEXT = 255
DEFAULT_CLASS = "spheroid"
MEASURED = {*GEOMETRY, *INTENSITIES}


@dataclass(frozen=True, slots=True)
class Edited:
    """What a new version holds."""

    polygons: list[dict[str, Any]]
    summary: dict[str, Any] | None
    cell_count: int
    confidence: float | None
    warnings: list[str]


@dataclass(slots=True)
class _Reading:
    """Polygons on their way."""

    outlines: list[Outline] = field(default_factory=list)
    given_parents: dict[str, str | None] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def polygons_in(body: Any) -> tuple[list[Any], dict[str, Any]]:
    """The list of polygons and the metadata of ``{"polygons"}``, ``{"result_data"}`` or ``{"results"}``. Raises InvalidInput."""
    if not isinstance(body, dict):
        raise InvalidInput("The body must be an object.", field="polygons")
    if body.get("status", "completed") != "completed":
        raise InvalidInput("status can only be completed.", field="status")
    place = next((key for key in ("result_data", "results") if isinstance(body.get(key), dict)), None)
    holder: dict[str, Any] = body[place] if place else body
    where = f"{place}.polygons" if place else "polygons"
    polygons = holder.get("polygons")
    if not isinstance(polygons, list):
        raise InvalidInput("polygons must be a list.", field=where)
    if len(polygons) > MOST_POLYGONS:
        raise InvalidInput(f"At most {MOST_POLYGONS} polygons are accepted.", field=where)
    metadata = holder.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise InvalidInput("metadata must be an object.", field=f"{place}.metadata" if place else "metadata")
    return polygons, metadata or {}


def build(
    polygons: Sequence[Any],
    size: tuple[int, int],
    previous: Sequence[Mapping[str, Any]],
    path: str | None,
    choice: PlaneChoice,
    confidence_method: str | None,
) -> Edited:
    """The edited polygons as they are stored. ``size`` is (width, height), ``previous`` the polygons of the version that was
    edited and were measured on the plane of ``choice``, ``path`` the image file. Objects whose rings did not change keep their
    features. Raises InvalidInput."""
    reading = _read(polygons, size, {item["id"]: item for item in previous})
    outlines = _nested(reading)
    samples = None
    if path is not None and outlines:
        try:
            samples = read_samples(path, choice)
            outlines = _with_known_features(outlines, previous)
        except (ImageError, OSError):
            reading.warnings.append("the image could not be read, so intensities are missing")
    kept = any(outline.confidence is not None for outline in outlines)
    described = describe(outlines, samples, (size[1], size[0]), confidence_method if kept else None)
    return Edited(described.polygons, described.summary, described.cell_count, described.confidence, reading.warnings)


def _read(polygons: Sequence[Any], size: tuple[int, int], previous: Mapping[str, Mapping[str, Any]]) -> _Reading:
    reading, taken, total = _Reading(), set[str](), 0
    for index, item in enumerate(polygons):
        where = f"polygons.{index}"
        if not isinstance(item, Mapping):
            raise InvalidInput(f"{where} must be an object.", field=where)
        kind = item.get("type") or "external"
        if kind not in {"external", "internal"}:
            raise InvalidInput(f"{where}.type must be external or internal.", field=f"{where}.type")
        given = item.get("points")
        total += len(given) if isinstance(given, list) else 0
        if total > MOST_POINTS:
            raise InvalidInput(f"At most {MOST_POINTS} points are accepted.", field="polygons")
        points = _points(given, size, f"{where}.points")
        known = item.get("id")
        polygon_id = known if isinstance(known, str) and 0 < len(known) <= LONGEST_TEXT and known not in taken else new_id()
        taken.add(polygon_id)
        before = previous.get(polygon_id)
        same = before is not None and before["type"] == kind and _same_points(before, points)
        valid = bool(before.get("valid", True)) if same and before is not None else _encloses_an_area(points)
        if not valid:
            reading.warnings.append(f"polygon {polygon_id} crosses itself or encloses no area; it is kept without features")
        outline = Outline(
            id=polygon_id,
            external=kind == "external",
            points=_turned(points, clockwise=kind == "external") if valid else points,
            valid=valid,
            source=str(before.get("source", "model")) if same and before is not None else "manual",
            confidence=before.get("confidence") if same and before is not None else None,
            kind=_text(item.get("class"), DEFAULT_CLASS),
            cell_type=_text(item.get("cellType"), None),
            color=_text(item.get("color"), None),
        )
        reading.outlines.append(outline)
        parent = item.get("parentId")
        reading.given_parents[polygon_id] = parent if isinstance(parent, str) else None
    return reading


def _points(given: Any, size: tuple[int, int], where: str) -> Points:
    """[N, 2] points inside the image with two decimals, without repeated ones where three are left."""
    if not isinstance(given, list) or len(given) < 3:
        raise InvalidInput(f"{where} must have at least 3 points.", field=where)
    pairs = [_pair(point, f"{where}.{index}") for index, point in enumerate(given)]
    points = np.array(pairs, np.float64)
    outside = (points < -OUTSIDE).any(axis=1) | (points > np.array(size) + OUTSIDE).any(axis=1)
    if outside.any():
        where = f"{where}.{int(np.argmax(outside))}"
        raise InvalidInput(f"{where} lies outside the image.", field=where)
    points = np.round(clip_to_image(points, *size), 2) + 0.0
    kept = points[(points != np.roll(points, 1, axis=0)).any(axis=1)]
    return kept if len(kept) >= 3 else points


def _pair(point: Any, where: str) -> tuple[float, float]:
    """``{x, y}`` or ``[x, y]``."""
    pair = (point.get("x"), point.get("y")) if isinstance(point, Mapping) else point
    if not isinstance(pair, list | tuple) or len(pair) != 2 or not all(_is_number(value) for value in pair):
        raise InvalidInput(f"{where} must be a point of two finite numbers.", field=where)
    return float(pair[0]), float(pair[1])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9 and math.isfinite(value)


def _text(value: Any, default: str | None) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT else default


def _same_points(before: Mapping[str, Any], points: Points) -> bool:
    return len(before["points"]) == len(points) and bool(
        np.array_equal(np.array([(point["x"], point["y"]) for point in before["points"]], np.float64), points)
    )


def _with_known_features(outlines: Sequence[Outline], previous: Sequence[Mapping[str, Any]]) -> list[Outline]:
    """The objects whose own ring and holes are, number for number, those of ``previous`` get the features that were measured then."""
    before: dict[str, Mapping[str, Any]] = {}
    old_holes: dict[str, list[Mapping[str, Any]]] = {}
    for item in previous:
        if item["type"] == "internal":
            old_holes.setdefault(item["parentId"], []).append(item)
        elif _is_measured(item.get("features")):
            before[item["id"]] = item
    holes: dict[str, list[Outline]] = {}
    for outline in outlines:
        if not outline.external and outline.parent is not None:
            holes.setdefault(outline.parent, []).append(outline)

    def known(outline: Outline) -> Mapping[str, Any] | None:
        item = before.get(outline.id) if outline.external else None
        if item is None or not _same_points(item, outline.points):
            return None
        old, own = old_holes.get(outline.id, []), holes.get(outline.id, [])
        same = len(old) == len(own) and all(_same_points(ring, hole.points) for ring, hole in zip(old, own, strict=True))
        features: Mapping[str, Any] = item["features"]
        return features if same else None

    return [replace(outline, features=features) if (features := known(outline)) else outline for outline in outlines]


def _is_measured(features: Mapping[str, Any] | None) -> bool:
    """Whether these are all features and none is missing because the image could not be read."""
    return features is not None and features.keys() == MEASURED and features["mean_intensity"] is not None


def _encloses_an_area(points: Points) -> bool:
    return signed_area(points) != 0 and is_simple(points)


def _turned(points: Points, *, clockwise: bool) -> Points:
    """The ring in the direction that its kind has; the first point stays first."""
    return points if (signed_area(points) > 0) == clockwise else np.roll(points[::-1], 1, axis=0)


def _nested(reading: _Reading) -> list[Outline]:
    """Every hole under its object, every object in a hole under that hole. Objects keep their order, their holes follow them."""
    externals = [outline for outline in reading.outlines if outline.external]
    internals = [outline for outline in reading.outlines if not outline.external]
    by_area = _Boxes(externals)
    holes: dict[str, list[Outline]] = {}
    for hole in internals:
        holes.setdefault(_object_of(hole, reading, by_area), []).append(hole)
    in_holes = _Boxes(internals)
    found: list[Outline] = []
    for outline in externals:
        own = {hole.id for hole in holes.get(outline.id, ())}
        around = in_holes.smallest_around(outline, without=own) if internals else None
        found.append(replace(outline, parent=around))
        found += [replace(hole, parent=outline.id) for hole in holes.get(outline.id, ())]
    return _with_depths(_without_circles(found))


def _object_of(hole: Outline, reading: _Reading, externals: "_Boxes") -> str:
    """The object that a hole belongs to: the one it names if they meet, else the smallest one around it."""
    named = externals.by_id.get(reading.given_parents[hole.id] or "")
    if named is not None and overlaps(named.points, hole.points):
        return named.id
    around = externals.smallest_around(hole)
    if around is None:
        raise InvalidInput(f"The internal polygon {hole.id} lies in no external one.", field="polygons")
    return around


class _Boxes:
    """Rings by area, with their boxes, to find the smallest one around another quickly."""

    def __init__(self, outlines: Sequence[Outline]) -> None:
        self.by_id = {outline.id: outline for outline in outlines}
        usable = sorted((outline for outline in outlines if outline.valid), key=lambda outline: abs(signed_area(outline.points)))
        self._outlines = usable
        self._low = np.array([outline.points.min(axis=0) for outline in usable]).reshape(-1, 2)
        self._high = np.array([outline.points.max(axis=0) for outline in usable]).reshape(-1, 2)

    def smallest_around(self, inner: Outline, without: Iterable[str] = ()) -> str | None:
        """Id of the smallest ring that encloses ``inner``, itself and ``without`` left out; around a hole it must be larger."""
        if not self._outlines:
            return None
        low, high = inner.points.min(axis=0), inner.points.max(axis=0)
        near = np.flatnonzero(((self._low <= low + 0.01) & (self._high >= high - 0.01)).all(axis=1))
        skipped, least = {inner.id, *without}, 0.0 if inner.external else abs(signed_area(inner.points))
        for index in near:
            outline = self._outlines[int(index)]
            fits = outline.id not in skipped and (inner.external or abs(signed_area(outline.points)) > least)
            if fits and encloses(outline.points, inner.points):
                return outline.id
        return None


def _without_circles(outlines: list[Outline]) -> list[Outline]:
    """Rings that coincide could name each other; whoever would be above itself stands at the top."""
    parents = {outline.id: outline.parent for outline in outlines}
    for outline in outlines:
        seen, above = {outline.id}, parents[outline.id]
        while above is not None:
            if above in seen:
                if outline.external:
                    parents[outline.id] = None
                break
            seen.add(above)
            above = parents[above]
    return [replace(outline, parent=parents[outline.id]) for outline in outlines]


def _with_depths(outlines: list[Outline]) -> list[Outline]:
    parents = {outline.id: outline.parent for outline in outlines}

    def depth(polygon_id: str) -> int:
        steps, above = 0, parents[polygon_id]
        while above is not None:
            steps, above = steps + 1, parents[above]
        return steps

    return [replace(outline, depth=depth(outline.id)) for outline in outlines]
