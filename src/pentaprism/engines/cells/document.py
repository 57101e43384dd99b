"""From a picture to the polygon document: objects with outlines, holes, features and a summary. The same for jobs, command line and tests.

A document is a flat list of polygons in pixels: each object (``external``) followed by its own holes (``internal``). Features are
measured on the stored outlines, so whoever measures an outline of the document gets the same numbers. Sizes in µm are added when a
document is read (:func:`calibrated`), because a calibration may change without a new run.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import uuid_utils

from pentaprism.engines.cells.measure import CALIBRATED, GEOMETRY, features, geometry, null_features, summarize
from pentaprism.engines.cells.parameters import Labels, Segmentation, SegmentParameters
from pentaprism.imaging.decode.planes import read_plane
from pentaprism.imaging.decode.source import Source
from pentaprism.imaging.polygons import Points, bounds, outline_labels, signed_area

if TYPE_CHECKING:
    from pentaprism.engines.cells.engine import CellsEngine

GEOMETRIC = frozenset(GEOMETRY)
BORDER = 0.5
POWERS = {"area_um2": 2, "volume_sphere_um3": 3}
DEFAULT_CLASS = "spheroid"
REGISTERED = ("auto", "classical")

Polygons = list[dict[str, Any]]
Stage = Callable[[str], AbstractContextManager[Any]]
Report = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class PlaneChoice:
    """Which plane of a file is analysed."""

    page: int = 0
    projection: Literal["none", "max", "mean"] = "none"
    channel: int | Literal["auto"] = "auto"


@dataclass(frozen=True, slots=True)
class Outline:
    """One ring, [N, 2] in pixels with two decimals: an object (``external``) or a hole in the object ``parent``.

    The ``parent`` of an object is the hole it lies in, if any. What is not ``valid`` crosses itself and has no features. ``features``
    of the same rings on the same samples are taken as they are; without them an object is measured.
    """

    id: str
    external: bool
    points: Points
    parent: str | None = None
    depth: int = 0
    valid: bool = True
    source: str = "model"
    confidence: float | None = None
    kind: str | None = DEFAULT_CLASS
    cell_type: str | None = None
    color: str | None = None
    touches_border: bool = False
    features: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """Polygons in their stored form, and what is known of all of them together (None without objects)."""

    polygons: Polygons
    summary: dict[str, Any] | None
    cell_count: int
    confidence: float | None


@dataclass(frozen=True, slots=True)
class CellsDocument:
    """The result of one run on one picture of ``width`` x ``height`` pixels. ``model`` tells what was asked for and what ran;
    ``labels`` [H, W] are the engine's objects, 0 is background."""

    description: Description
    width: int
    height: int
    page: int
    model: dict[str, Any]
    labels: Labels
    warnings: list[str] = field(default_factory=list)


def no_stage(_name: str) -> AbstractContextManager[None]:
    """Stages that nobody follows."""
    return nullcontext()


def no_report(_share: float) -> None:
    """Progress that nobody follows."""


def analyse(
    source: Source,
    parameters: SegmentParameters,
    engine: "Callable[[], CellsEngine]",
    *,
    plane: PlaneChoice | None = None,
    requested: str | None = None,
    available: Sequence[str] = REGISTERED,
    stage: Stage = no_stage,
    report: Report = no_report,
) -> CellsDocument:
    """Segment a picture file and measure what was found.

    ``stage(name)`` is entered for decode, prepare, infer, outline and measure; ``report(0..1)`` tells the progress inside the present
    stage and may raise to cancel. ``requested`` (by default the model of ``parameters``) is replaced by ``auto`` where it is not
    ``available``, which the document says. Equal input gives equal polygons apart from their ids. Raises ImageError for a file that
    cannot be decoded.
    """
    choice = plane or PlaneChoice()
    with stage("decode"):
        samples = read_samples(source, choice)
    with stage("prepare"):
        runner = engine()
        wanted = requested or parameters.model
        fallback = wanted not in available
        asked = replace(parameters, model="auto" if fallback else wanted)
    with stage("infer"):
        found = runner.segment(samples, asked, report)
    with stage("outline"):
        outlines = outlines_of(found)
        report(1.0)
    with stage("measure"):
        described = describe(outlines, samples, (samples.shape[0], samples.shape[1]), found.confidence_method, report)
    reason = f"there is no file of the model {wanted}; the embedded engine was used" if fallback else None
    model = {
        "requested": wanted,
        "used": found.model,
        "version": found.version,
        "sha256": found.sha256,
        "fallback": fallback,
        "reason": reason,
    }
    return CellsDocument(described, samples.shape[1], samples.shape[0], choice.page, model, found.labels, list(found.warnings))


def read_samples(source: Source, choice: PlaneChoice) -> npt.NDArray[Any]:
    """The raw samples [H, W] of the analysed plane. Raises ImageError."""
    return read_plane(source, choice.page, choice.projection, choice.channel).array


def outlines_of(found: Segmentation) -> list[Outline]:
    """The outlines of the engine's objects, along the half level of its map, which follows them at the threshold of the run."""
    chances: npt.NDArray[Any] = found.probability
    rings = outline_labels(found.labels, chances, level=0.5 if chances.dtype.kind == "f" else 127.5)
    ids = [str(uuid_utils.uuid7()) for _ in rings]
    return [
        Outline(
            id=ids[index],
            external=not ring.hole,
            points=ring.points,
            parent=ids[ring.parent] if ring.parent is not None else None,
            depth=ring.depth,
            confidence=None if ring.hole else round(float(found.confidences[ring.label - 1]), 6),
            touches_border=ring.touches_border,
        )
        for index, ring in enumerate(rings)
    ]


def describe(
    outlines: Sequence[Outline],
    samples: npt.NDArray[Any] | None,
    shape: tuple[int, int],
    confidence_method: str | None,
    report: Report = no_report,
) -> Description:
    """Measure outlines. ``samples`` [H, W] are the raw values for intensities, ``shape`` the picture's (height, width).

    Labels count the objects from 1 in their order. A hole's validity is part of its object's.
    """
    holes: dict[str, list[Outline]] = {}
    for outline in outlines:
        if not outline.external and outline.parent is not None:
            holes.setdefault(outline.parent, []).append(outline)
    polygons: Polygons = []
    measured: list[dict[str, Any]] = []
    externals = [outline for outline in outlines if outline.external]
    for label, outline in enumerate(externals, 1):
        own = holes.get(outline.id, [])
        polygon = _object(outline, own, label, samples, shape)
        if polygon["features"] is not None:
            measured.append(polygon["features"])
        polygons += [polygon, *(_hole(hole) for hole in own)]
        if label % 16 == 0:
            report(label / len(externals))
    summary = summarize(measured, image_area=float(shape[0] * shape[1]), confidence_method=confidence_method)
    if summary is None and externals:
        summary = {**_empty_summary(confidence_method), "object_count": len(externals)}
    elif summary is not None:
        summary["object_count"] = len(externals)
    return Description(polygons, summary, len(externals), confidence_score(polygons))


def _object(
    outline: Outline, holes: Sequence[Outline], label: int, samples: npt.NDArray[Any] | None, shape: tuple[int, int]
) -> dict[str, Any]:
    valid = outline.valid and all(hole.valid for hole in holes)
    values: dict[str, Any] | None = None
    if valid:
        values = dict(outline.features or features(outline.points, [hole.points for hole in holes], samples))
        if samples is None:
            values |= {name: None for name in null_features(plane=True) if name not in values}
        valid = values["area"] is not None
    high = np.array([shape[1], shape[0]]) - BORDER
    touches = outline.touches_border or bool((outline.points <= BORDER).any() or (outline.points >= high).any())
    return {
        "id": outline.id,
        "label": label,
        "type": "external",
        "class": outline.kind or DEFAULT_CLASS,
        "cellType": outline.cell_type,
        "color": outline.color,
        "parentId": outline.parent,
        "depth": outline.depth,
        "source": outline.source,
        "valid": valid,
        "touches_border": touches,
        "bbox": [round(value, 2) for value in bounds(outline.points)],
        "points": _points(outline.points),
        "area": values["area"] if values and valid else None,
        "perimeter": values["perimeter"] if values and valid else None,
        "confidence": outline.confidence,
        "features": values if valid else None,
    }


def _hole(outline: Outline) -> dict[str, Any]:
    polygon: dict[str, Any] = {
        "id": outline.id,
        "type": "internal",
        "class": "hole",
        "parentId": outline.parent,
        "depth": outline.depth,
        "points": _points(outline.points),
        "area": abs(signed_area(outline.points)) if outline.valid else None,
    }
    return polygon if outline.valid else polygon | {"valid": False}


def _points(points: Points) -> list[dict[str, float]]:
    return [{"x": x, "y": y} for x, y in points.tolist()]


def _empty_summary(confidence_method: str | None) -> dict[str, Any]:
    """The summary of objects none of which can be measured."""
    return {
        "object_count": 0,
        "total_area": 0.0,
        "area_fraction": 0.0,
        "units": "px",
        "pixel_size_um": None,
        "confidence_method": confidence_method,
        "summary": {},
    }


def confidence_score(polygons: Sequence[Mapping[str, Any]]) -> float | None:
    """Mean confidence of the objects that have one, weighted by area; None where there is none."""
    pairs = [
        (item["area"], item["confidence"])
        for item in polygons
        if item["type"] == "external" and item["area"] and item["confidence"] is not None
    ]
    total = sum(area for area, _ in pairs)
    return round(sum(area * value for area, value in pairs) / total, 6) if total > 0 else None


def summarise(values: npt.NDArray[np.float64]) -> dict[str, float | None]:
    """Mean, median, sample standard deviation (None below two values), smallest and largest of at least one value."""
    return {
        "mean": float(values.mean()),
        "median": float(np.median(values)),
        "std": float(values.std(ddof=1)) if len(values) > 1 else None,
        "min": float(values.min()),
        "max": float(values.max()),
    }


def calibrated(
    polygons: Polygons, summary: Mapping[str, Any] | None, size: Mapping[str, Any] | None
) -> tuple[Polygons, dict[str, Any] | None]:
    """The document with sizes in µm beside those in pixels, for pixels of ``size`` ``{"x", "y"}`` in µm; unchanged without a size.

    ``polygons`` are changed in place. Where pixels are not square the outlines are measured again in scaled coordinates.
    """
    if size is None:
        return polygons, None if summary is None else dict(summary)
    x, y = float(size["x"]), float(size["y"])
    holes: dict[str | None, list[Points]] = {}
    if x != y:
        for polygon in polygons:
            if polygon["type"] == "internal":
                holes.setdefault(polygon["parentId"], []).append(_array(polygon))
    gathered: dict[str, list[float]] = {name: [] for name in CALIBRATED.values()}
    for polygon in polygons:
        values = polygon.get("features")
        if values is None:
            continue
        twins = _scaled(values, x) if x == y else _measured_again(polygon, holes.get(polygon["id"], []), x, y)
        values.update(twins)
        for name, value in twins.items():
            if value is not None:
                gathered[name].append(value)
    if summary is None:
        return polygons, None
    statistics = {name: summarise(np.array(found, np.float64)) for name, found in gathered.items() if found}
    return polygons, {**summary, "pixel_size_um": dict(size), "summary": {**summary["summary"], **statistics}}


def _scaled(values: Mapping[str, Any], factor: float) -> dict[str, float | None]:
    return {twin: None if values[name] is None else values[name] * factor ** POWERS.get(twin, 1) for name, twin in CALIBRATED.items()}


def _measured_again(polygon: Mapping[str, Any], holes: Sequence[Points], x: float, y: float) -> dict[str, Any]:
    scale = np.array([x, y])
    found = geometry(_array(polygon) * scale, [hole * scale for hole in holes])
    return {twin: found[name] for name, twin in CALIBRATED.items()}


def _array(polygon: Mapping[str, Any]) -> Points:
    return np.array([(point["x"], point["y"]) for point in polygon["points"]], np.float64).reshape(-1, 2)
