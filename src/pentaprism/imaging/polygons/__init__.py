"""Sub-pixel outlines of masks, and the geometry of rings."""

from pentaprism.imaging.polygons.edges import Region, pixel_edges
from pentaprism.imaging.polygons.outline import Ring, connected, outline_labels, outlines
from pentaprism.imaging.polygons.raster import Spans, rasterize, rasterize_labels, spans
from pentaprism.imaging.polygons.rings import (
    Points,
    as_points,
    bounds,
    clip_to_image,
    contains,
    convex_hull,
    is_simple,
    perimeter,
    signed_area,
)
from pentaprism.imaging.polygons.simplify import simplify

__all__ = [
    "Points",
    "Region",
    "Ring",
    "Spans",
    "as_points",
    "bounds",
    "clip_to_image",
    "connected",
    "contains",
    "convex_hull",
    "is_simple",
    "outline_labels",
    "outlines",
    "perimeter",
    "pixel_edges",
    "rasterize",
    "rasterize_labels",
    "signed_area",
    "simplify",
    "spans",
]
