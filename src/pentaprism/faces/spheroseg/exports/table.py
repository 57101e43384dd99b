"""Tables with a row per object: first the columns of the original product in its order, then everything else."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from openpyxl import Workbook

from pentaprism.faces.spheroseg.exports.archive import MOMENT
from pentaprism.faces.spheroseg.exports.entries import Entry
from pentaprism.faces.spheroseg.exports.source import ExportImage, Item, Member
from pentaprism.faces.spheroseg.exports.spool import Spool
from pentaprism.faces.spheroseg.exports.wish import Units

Cell = str | int | float | None

FORMULA_STARTS = ("=", "+", "-", "@")
ROWS_PER_SHEET = 1_000_000
CREATED = "1980-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Column:
    """A feature: its title without unit, its key, and the unit in pixels; with a µm twin its key and unit."""

    title: str
    key: str
    unit: str = ""
    twin: str | None = None
    twin_unit: str = ""

    def heading(self, units: Units) -> str:
        """Title with the unit."""
        unit = self.twin_unit if units == "um" and self.twin else self.unit
        return f"{self.title} ({unit})" if unit else self.title

    def cell(self, features: dict[str, Any], units: Units) -> Cell:
        """The value, None where it is missing."""
        value: Cell = features.get(self.twin if units == "um" and self.twin else self.key)
        return value


FIRST = (
    Column("Area", "area", "px²", "area_um2", "µm²"),
    Column("Perimeter", "perimeter", "px", "perimeter_um", "µm"),
    Column("Circularity", "circularity"),
    Column("Equivalent Diameter", "equivalent_diameter", "px", "equivalent_diameter_um", "µm"),
    Column("Aspect Ratio", "aspect_ratio"),
    Column("Compactness", "compactness"),
    Column("Convexity", "convexity"),
    Column("Solidity", "solidity"),
    Column("Sphericity", "sphericity"),
    Column("Feret Diameter Max", "feret_diameter_max", "px", "feret_diameter_max_um", "µm"),
    Column("Feret Diameter Min", "feret_diameter_min", "px", "feret_diameter_min_um", "µm"),
)
FURTHER = (
    Column("Filled Area", "filled_area", "px²"),
    Column("Hole Area", "hole_area", "px²"),
    Column("Hole Count", "hole_count"),
    Column("Perimeter Total", "perimeter_total", "px"),
    Column("Feret Diameter Max Orthogonal", "feret_diameter_max_orthogonal", "px"),
    Column("Feret Angle", "feret_angle", "deg"),
    Column("Major Axis", "major_axis", "px", "major_axis_um", "µm"),
    Column("Minor Axis", "minor_axis", "px", "minor_axis_um", "µm"),
    Column("Eccentricity", "eccentricity"),
    Column("Orientation", "orientation", "deg"),
    Column("Volume Sphere", "volume_sphere", "px³", "volume_sphere_um3", "µm³"),
    Column("Centroid X", "centroid_x", "px"),
    Column("Centroid Y", "centroid_y", "px"),
    Column("Mean Intensity", "mean_intensity"),
    Column("Std Intensity", "std_intensity"),
    Column("Min Intensity", "min_intensity"),
    Column("Max Intensity", "max_intensity"),
    Column("Integrated Intensity", "integrated_intensity"),
)
TWINNED = tuple(column for column in FIRST + FURTHER if column.twin)


def headings(units: Units, *, twins: bool) -> list[str]:
    """Titles of all columns; ``twins`` adds the twinned ones in the other unit."""
    other: Units = "px" if units == "um" else "um"
    return [
        *("Image Name", "Image ID", "Image Resolution", "Object ID"),
        *(column.heading(units) for column in FIRST),
        "Created At",
        *(column.heading(units) for column in FURTHER),
        "Confidence",
        *(column.heading(other) for column in TWINNED if twins),
    ]


def row_of(image: ExportImage, item: Item, units: Units, *, twins: bool) -> list[Cell]:
    """One object; texts that a spreadsheet would take for a formula get an apostrophe."""
    entry, features = image.entry, item.polygon["features"] or {}
    other: Units = "px" if units == "um" else "um"
    return [
        *(harmless(entry.name), entry.id, f"{entry.width}x{entry.height}", item.label),
        *(column.cell(features, units) for column in FIRST),
        image.stored_at,
        *(column.cell(features, units) for column in FURTHER),
        item.score,
        *(column.cell(features, other) for column in TWINNED if twins),
    ]


def harmless(text: str) -> str:
    """``text`` as a spreadsheet takes for text."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def any_calibrated(entries: Iterable[Entry]) -> bool:
    """Whether some image of the export has a pixel size, so that there are columns in µm."""
    return any(entry.pixel_size is not None for entry in entries)


class Csv:
    """``measurements.csv`` in UTF-8; a missing value is an empty cell."""

    path = "measurements.csv"

    def __init__(self, units: Units, *, twins: bool) -> None:
        self._units, self._twins = units, twins
        self._rows = Spool()
        self._rows.write(self._lines([headings(units, twins=twins)]))

    def add(self, image: ExportImage) -> Iterator[Member]:
        """Remember the image's rows."""
        self._rows.write(self._lines([row_of(image, item, self._units, twins=self._twins) for item in image.items]))
        return iter(())

    @staticmethod
    def _lines(rows: Iterable[list[Any]]) -> bytes:
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        return text.getvalue().encode()

    def end(self) -> Iterator[Member]:
        """The one file."""
        yield Member(self.path, self._rows.chunks())


class Xlsx:
    """``measurements.xlsx`` with the same columns; a further sheet for each million rows."""

    path = "measurements.xlsx"

    def __init__(self, units: Units, *, twins: bool) -> None:
        self._units, self._twins = units, twins
        self._book = Workbook(write_only=True)
        self._count = 0
        self._sheet = self._begin()

    def _begin(self) -> Any:
        number = len(self._book.worksheets)
        sheet = self._book.create_sheet("Objects" if number == 0 else f"Objects {number + 1}")
        sheet.append(headings(self._units, twins=self._twins))
        return sheet

    def add(self, image: ExportImage) -> Iterator[Member]:
        """Remember the image's rows."""
        rows = [row_of(image, item, self._units, twins=self._twins) for item in image.items]
        for row in rows:
            if self._count and self._count % ROWS_PER_SHEET == 0:
                self._sheet = self._begin()
            self._sheet.append(row)
            self._count += 1
        return iter(())

    def end(self) -> Iterator[Member]:
        """The one file."""
        written = io.BytesIO()
        self._book.save(written)
        yield Member(self.path, [timeless(written)], packed=True)


def timeless(book: io.BytesIO) -> bytes:
    """The same workbook without the moment of writing, so that equal tables are equal files."""
    result = io.BytesIO()
    with zipfile.ZipFile(book) as source, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", CREATED.encode(), content)
            target.writestr(zipfile.ZipInfo(name, MOMENT), content, zipfile.ZIP_DEFLATED)
    return result.getvalue()
