"""``pentaprism analyze``: photographs of products to category, attributes, defects and text without a server."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pentaprism.cli.console import JsonOption, err, fail, out, print_json, print_table
from pentaprism.cli.inputs import pictures_below

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from pentaprism.engines.products import Analysis, Defect, Hints, ProductsEngine

COLUMNS = ("file", "label", "category", "attributes", "defects", "seconds")
ATTRIBUTES = ("color", "pattern", "material", "condition")
LONGEST = 1600
PALETTE = {"low": (240, 180, 20), "medium": (240, 120, 20), "high": (220, 30, 40)}


@dataclass
class Outcome:
    """What became of one photograph."""

    file: str
    ok: bool = False
    analysis: dict[str, Any] | None = None
    output: str | None = None
    seconds: float = 0.0
    error: str | None = None
    row: dict[str, Any] = field(default_factory=dict)


def analyze(
    paths: Annotated[list[Path], typer.Argument(help="Photographs, and folders that are searched with everything below them.")],
    folder: Annotated[Path | None, typer.Option("--out", help="Folder for annotated pictures; without it none are written.")] = None,
    title: Annotated[str | None, typer.Option(help="The seller's title, as evidence beside the pixels.")] = None,
    description: Annotated[str | None, typer.Option(help="The seller's description.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Analyze product photographs without a server."""
    from pentaprism.engines.inference import WeightsError
    from pentaprism.engines.products import Hints, ProductsEngine

    files = list(pictures_below(paths))
    if not files:
        raise fail("There are no pictures in these folders.", status=2)
    try:
        engine = ProductsEngine()
    except WeightsError as error:
        raise fail(str(error)) from error
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    stems: set[str] = set()
    outcomes = []
    for file in files:
        outcome = _one(engine, file, Hints(title, description, file.name), folder, stems)
        if outcome.error:
            err.print(f"{file}: {outcome.error}", style="red", highlight=False, markup=False, soft_wrap=True)
        outcomes.append(outcome)
    _show(outcomes, as_json)
    if any(not outcome.ok for outcome in outcomes):
        raise typer.Exit(1)


def _one(engine: "ProductsEngine", file: Path, hints: "Hints", folder: Path | None, stems: set[str]) -> Outcome:
    """Analyse one photograph; whatever is wrong with it is told in the outcome."""
    from pentaprism.engines.inference import WeightsError
    from pentaprism.imaging.decode import ImageError, read_rgb
    from pentaprism.imaging.encode import jpeg

    outcome = Outcome(str(file))
    began = time.perf_counter()
    try:
        rgb = read_rgb(file)
        analysis = engine.analyse(rgb, hints)
        outcome.analysis = document(analysis, rgb.shape[1], rgb.shape[0])
        outcome.row = summary(analysis)
        if folder is not None:
            path = folder / f"{_unique(file.stem, stems)}.jpg"
            path.write_bytes(jpeg(annotated(rgb, analysis), 90))
            outcome.output = str(path)
        outcome.ok = True
    except (ImageError, WeightsError, OSError, ValueError, MemoryError) as error:
        outcome.error = str(error) or type(error).__name__
    outcome.seconds = round(time.perf_counter() - began, 3)
    return outcome


def document(analysis: "Analysis", width: int, height: int) -> dict[str, Any]:
    """The analysis as plain data."""
    found = analysis.classification
    return {
        "width": width,
        "height": height,
        "label": found.label,
        "confidence": found.confidence,
        "scores": found.scores,
        "category": found.category,
        "category_confidence": found.category_confidence,
        "subcategory": found.subcategory,
        "evidence": [each.to_dict() for each in found.evidence],
        "attributes": [
            {"name": each.name, "value": each.value, "confidence": each.confidence, "source": each.source} for each in analysis.attributes
        ],
        "defects": [_defect(each) for each in analysis.defects],
        "description": analysis.description.text,
        "quality": analysis.quality.to_dict(),
        "engines": analysis.engines,
        "milliseconds": analysis.milliseconds,
    }


def summary(analysis: "Analysis") -> dict[str, Any]:
    """One row of the table."""
    values = {attribute.name: attribute.value for attribute in analysis.attributes}
    row: dict[str, Any] = {name: values.get(name) for name in ATTRIBUTES}
    found = analysis.classification
    defects = [f"{defect.severity} {defect.defect_type}" for defect in analysis.defects]
    return row | {"label": found.label, "confidence": found.confidence, "category": found.category, "defects": defects}


def annotated(rgb: "npt.NDArray[np.uint8]", analysis: "Analysis") -> "npt.NDArray[np.uint8]":
    """A copy of at most 1,600 px with a frame around each defect and the label in a bar above the picture."""
    import cv2
    import numpy as np

    from pentaprism.imaging.decode.display import fitted

    canvas = fitted(rgb, LONGEST).copy()
    height, width = canvas.shape[:2]
    line = max(1, round(max(height, width) / 400))
    size = max(0.35, max(height, width) / 1100)
    for defect in analysis.defects:
        x, y, w, h = (value * side for value, side in zip(defect.normalized, (width, height, width, height), strict=True))
        corner, opposite = (round(x) - line, round(y) - line), (round(x + w) + line, round(y + h) + line)
        cv2.rectangle(canvas, corner, opposite, PALETTE[defect.severity], line, cv2.LINE_AA)
        place = (max(0, corner[0]), max(round(14 * size), corner[1] - 2 * line))
        text = f"{defect.defect_type} {defect.confidence:.2f}"
        cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, size * 0.6, PALETTE[defect.severity], line, cv2.LINE_AA)
    row = summary(analysis)
    words = [row["label"], "" if row["confidence"] is None else f"{row['confidence']:.2f}"]
    words += [str(row[name]) for name in ATTRIBUTES if row[name]]
    bar = np.full((round(44 * size), width, 3), 32, np.uint8)
    caption = "  ".join(filter(None, words))
    fit = min(size, size * width * 0.96 / max(1, cv2.getTextSize(caption, cv2.FONT_HERSHEY_SIMPLEX, size, line)[0][0]))
    cv2.putText(bar, caption, (round(8 * size), round(30 * size)), cv2.FONT_HERSHEY_SIMPLEX, fit, (255, 255, 255), line, cv2.LINE_AA)
    return np.vstack([bar, canvas])


def _defect(defect: "Defect") -> dict[str, Any]:
    names = ("x", "y", "width", "height")
    return {
        "defect_type": defect.defect_type,
        "severity": defect.severity,
        "confidence": defect.confidence,
        "bounding_box": dict(zip(names, defect.box, strict=True)),
        "bounding_box_normalized": dict(zip(names, defect.normalized, strict=True)),
        "description": defect.description,
    }


def _unique(stem: str, taken: set[str]) -> str:
    name, number = stem, 2
    while name in taken:
        name, number = f"{stem}-{number}", number + 1
    taken.add(name)
    return name


def _show(outcomes: Sequence[Outcome], as_json: bool) -> None:
    done = [outcome for outcome in outcomes if outcome.ok]
    if as_json:
        images = [
            {"file": o.file, "ok": o.ok, "error": o.error, "output": o.output, "seconds": o.seconds, "analysis": o.analysis}
            for o in outcomes
        ]
        totals = {"total": len(outcomes), "succeeded": len(done), "failed": len(outcomes) - len(done)}
        print_json({"images": images, "summary": totals})
        return
    if done:
        print_table([_table_row(outcome) for outcome in done], COLUMNS)
    for outcome in done:
        if outcome.output:
            out.print(outcome.output, highlight=False)
    failed = len(outcomes) - len(done)
    out.print(f"{len(done)} of {len(outcomes)} pictures done" + (f", {failed} failed" if failed else ""), highlight=False)


def _table_row(outcome: Outcome) -> dict[str, Any]:
    """Few columns, so that the table can be read in a terminal of 80 characters."""
    row = outcome.row
    sure = "" if row["confidence"] is None else f" {row['confidence']:.2f}"
    return {
        "file": Path(outcome.file).name,
        "label": f"{row['label'] or 'unknown'}{sure}",
        "category": row["category"],
        "attributes": ", ".join(str(row[name]) for name in ATTRIBUTES if row[name]),
        "defects": ", ".join(row["defects"]),
        "seconds": f"{outcome.seconds:.1f}",
    }
