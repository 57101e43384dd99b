"""Files that ``pentaprism segment`` writes: the exports of the spheroseg face, GeoJSON and overlays."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.engines.cells import SegmentParameters
from pentaprism.engines.cells.document import CellsDocument, calibrated
from pentaprism.faces.spheroseg.exports.coco import Coco
from pentaprism.faces.spheroseg.exports.entries import Entry
from pentaprism.faces.spheroseg.exports.masks import Masks
from pentaprism.faces.spheroseg.exports.source import ExportImage, Format, Member, items_of
from pentaprism.faces.spheroseg.exports.table import Csv
from pentaprism.imaging.encode import png
from pentaprism.imaging.overlay import draw_overlay, outlines_of

FORMATS = ("masks", "geojson", "coco", "csv", "overlay")


class Results:
    """Writes the chosen formats of one picture after the other below ``folder``, and at the end the files of all of them."""

    def __init__(self, folder: Path, formats: Sequence[str], *, calibrated: bool) -> None:
        self.folder = folder
        self._formats = formats
        makers: dict[str, Callable[[], Format]] = {"masks": Masks, "coco": Coco, "csv": lambda: Csv("px", twins=calibrated)}
        self._writers = [make() for name, make in makers.items() if name in formats]

    def add(self, image: ExportImage, picture: npt.NDArray[np.uint8]) -> list[str]:
        """Write what belongs to one image; ``picture`` is its 8-bit copy for the overlay. Gives the files' paths."""
        stem = image.entry.stem
        members = [member for writer in self._writers for member in writer.add(image)]
        if "geojson" in self._formats:
            members.append(Member(f"geojson/{stem}.geojson", [json.dumps(geojson(image), ensure_ascii=False).encode()]))
        if "overlay" in self._formats:
            drawn = draw_overlay(picture, outlines_of(image.polygons), frame_width=image.entry.width)
            members.append(Member(f"overlay/{stem}.png", [png(drawn)]))
        return self._write(members)

    def end(self) -> list[str]:
        """Write what belongs to all images; gives the files' paths."""
        return self._write(member for writer in self._writers for member in writer.end())

    def _write(self, members: Iterable[Member]) -> list[str]:
        written = []
        for member in members:
            file = self.folder / member.path
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("wb") as target:
                target.writelines(member.chunks)
            written.append(str(file))
        return written


def export_image(entry: Entry, document: CellsDocument, parameters: SegmentParameters) -> ExportImage:
    """What the engine found as the writers of the exports read it, with sizes in µm where the entry has a pixel size."""
    polygons, summary = calibrated(document.description.polygons, document.description.summary, entry.pixel_size)
    return ExportImage(
        entry=entry,
        version=1,
        source="model",
        stored_at=None,
        polygons=polygons,
        summary=summary,
        model=document.model,
        parameters=asdict(parameters),
        items=list(items_of(polygons)),
    )


def geojson(image: ExportImage) -> dict[str, Any]:
    """A FeatureCollection (RFC 7946) in pixel coordinates: a polygon per object, its rings closed, its measurements as properties."""
    return {
        "type": "FeatureCollection",
        "properties": {"image": image.entry.name, "width": image.entry.width, "height": image.entry.height, "units": "px"},
        "features": [
            {
                "type": "Feature",
                "id": item.label,
                "geometry": {"type": "Polygon", "coordinates": [_closed(ring) for ring in (item.outer, *item.holes)]},
                "properties": {"label": item.label, "confidence": item.score, **(item.polygon["features"] or {})},
            }
            for item in image.items
        ],
    }


def _closed(ring: npt.NDArray[np.float64]) -> list[list[float]]:
    points: list[list[float]] = ring.tolist()
    return [*points, points[0]] if points else []
