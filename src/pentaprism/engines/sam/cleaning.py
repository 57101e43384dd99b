"""Small holes and islands of masks.

Source: the published automatic mask generator (``remove_small_regions``): regions are 8-connected; holes before islands; where all
islands are small the largest stays.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.sam.masks import BoolMask, Mask


def cleaned(mask: Mask, height: int, width: int, least: int) -> tuple[Mask, bool]:
    """``mask`` of a picture [height, width] without holes and islands of fewer than ``least`` pixels, and whether it changed.

    Works inside the box and one pixel around it; each pixel of that rim stands for the part of the picture beyond it.
    """
    above, below = mask.top, height - mask.top - mask.height
    before, after = mask.left, width - mask.left - mask.width
    rim = [(int(above > 0), int(below > 0)), (int(before > 0), int(after > 0))]
    region = np.pad(mask.region, rim)
    weights = np.outer(_weights(above, mask.height, below), _weights(before, mask.width, after))
    filled, changed = _fill(region, weights, least)
    kept, also = _drop(filled, weights, least)
    if not (changed or also):
        return mask, False
    left, top = mask.left - rim[1][0], mask.top - rim[0][0]
    found = Mask.of(kept, left=left, top=top, predicted_iou=0.0, stability_score=0.0, crop_box=mask.crop_box)
    if found is None:
        return mask, False
    return replace(found, predicted_iou=mask.predicted_iou, stability_score=mask.stability_score, point=mask.point), True


def _weights(before: int, inside: int, after: int) -> npt.NDArray[np.float64]:
    ends = [np.array([float(length)]) if length else np.zeros(0) for length in (before, after)]
    return np.concatenate([ends[0], np.ones(inside), ends[1]])


def _parts(mask: BoolMask, weights: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """8-connected parts and their sizes in the whole picture; entry 0 is what lies outside of all."""
    count, parts = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    return np.asarray(parts, np.int32), np.bincount(parts.ravel(), weights.ravel(), minlength=count).astype(np.float64)


def _fill(region: BoolMask, weights: npt.NDArray[np.float64], least: int) -> tuple[BoolMask, bool]:
    parts, sizes = _parts(~region, weights)
    small = sizes < least
    small[0] = False
    return (region | small[parts], True) if small.any() else (region, False)


def _drop(region: BoolMask, weights: npt.NDArray[np.float64], least: int) -> tuple[BoolMask, bool]:
    parts, sizes = _parts(region, weights)
    keep = sizes >= least
    keep[0] = False
    if keep[1:].all():
        return region, False
    if not keep.any():
        keep[1 + int(np.argmax(sizes[1:]))] = True
    return np.asarray(keep[parts], np.bool_), True
