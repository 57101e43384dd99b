"""Outlines of a mask along the edges of its pixels, with nothing smoothed and nothing simplified."""

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.imaging.polygons.rings import Points, signed_area, without_repeats
from pentaprism.imaging.polygons.trace import trace


@dataclass(slots=True)
class Region:
    """One connected part of a mask: its outer ring and the rings of its holes, in whole numbers."""

    exterior: Points
    holes: list[Points] = field(default_factory=list)


def pixel_edges(window: npt.NDArray[np.bool_], top: int = 0, left: int = 0) -> list[Region]:
    """The 8-connected parts of a mask, given as a window [h, w] at (top, left), from top to bottom; corners only.

    Filling the rings by the even-odd rule gives the mask back, pixel for pixel.
    """
    _, labels = cv2.connectedComponents(np.pad(window, 1).astype(np.uint8), connectivity=8)
    cracks = trace(np.asarray(labels, np.int32))
    if cracks is None:
        return []
    regions: dict[int, Region] = {}
    holes: list[tuple[int, Points]] = []
    for begin, end in zip(cracks.starts[:-1], cracks.starts[1:], strict=True):
        ring = without_repeats(cracks.corner[begin:end]) + np.array([left - 1, top - 1])
        label = int(cracks.label[begin])
        if signed_area(ring) > 0:
            regions[label] = Region(ring)
        else:
            holes.append((label, ring))
    for label, ring in holes:
        regions[label].holes.append(ring)
    return [regions[label] for label in sorted(regions)]
