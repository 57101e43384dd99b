"""Physical pixel size from the metadata of a TIFF file.

Order: OME-XML PhysicalSize, ImageJ unit with resolution, TIFF resolution in centimetres. Inches describe paper, not specimens, and are
ignored. Sources: OME schema 2016-06 (UnitsLength), ImageJ's TiffDecoder, TIFF 6.0 tags 282, 283, 296.
"""

import re
from math import isfinite
from typing import Literal
from xml.etree import ElementTree

from pentaprism.imaging.decode.ifd import TiffHeader
from pentaprism.imaging.decode.info import PixelSize

LEAST, MOST = 0.001, 1000.0
MICROMETRES = {
    "pm": 1e-6, "å": 1e-4, "nm": 1e-3, "nanometer": 1e-3, "µm": 1.0, "μm": 1.0, "um": 1.0, "micron": 1.0, "microns": 1.0, "micrometer": 1.0,
    "micrometre": 1.0, "mm": 1e3, "millimeter": 1e3, "cm": 1e4, "centimeter": 1e4, "dm": 1e5, "m": 1e6, "meter": 1e6,
}  # fmt: skip


def _size(x: float, y: float, source: Literal["ome", "imagej", "tiff"]) -> PixelSize | None:
    good = all(isfinite(v) and LEAST <= v <= MOST for v in (x, y))
    return PixelSize(x, y, source) if good else None


def is_ome(text: str) -> bool:
    """Whether an ImageDescription is OME-XML."""
    return text.rstrip()[-10:].endswith("OME>") and "<OME" in text[:4096]


def ome_pixels(text: str) -> dict[str, str]:
    """Attributes of the first Pixels element, empty when the XML is broken."""
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return {}
    for element in root.iter():
        if element.tag.rpartition("}")[2] == "Pixels":
            return dict(element.attrib)
    return {}


def _from_ome(text: str) -> PixelSize | None:
    pixels = ome_pixels(text)
    values = []
    for axis in "XY":
        unit = MICROMETRES.get(pixels.get(f"PhysicalSize{axis}Unit", "µm").strip().lower())
        try:
            values.append(float(pixels[f"PhysicalSize{axis}"]) * (unit if unit is not None else float("nan")))
        except (KeyError, ValueError):
            return None
    return _size(values[0], values[1], "ome")


def _from_imagej(text: str, resolution: tuple[float, float]) -> PixelSize | None:
    match = re.search(r"^unit=(.+)$", text, re.MULTILINE)
    if match is None:
        return None
    name = match.group(1).strip().replace("\\u00B5", "µ").replace("\\u00b5", "µ").lower()
    unit = MICROMETRES.get(name)
    if unit is None or min(resolution) <= 0:
        return None
    return _size(unit / resolution[0], unit / resolution[1], "imagej")


def pixel_size(header: TiffHeader) -> PixelSize | None:
    """Pixel size of the stored (not yet rotated) first page, or None."""
    page = header.directories[0]
    text = header.text(page, 270)
    if is_ome(text) and (found := _from_ome(text)):
        return found
    x, y = header.numbers(page, 282), header.numbers(page, 283)
    resolution = (float(x[0]), float(y[0])) if x and y else (0.0, 0.0)
    if text.startswith("ImageJ=") and (found := _from_imagej(text, resolution)):
        return found
    if header.integer(page, 296, 2) == 3 and min(resolution) > 0:
        return _size(1e4 / resolution[0], 1e4 / resolution[1], "tiff")
    return None
