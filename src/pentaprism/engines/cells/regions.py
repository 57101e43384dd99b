"""Objects from territories: threshold, holes, small parts, order of labels. Each step keeps the foreground monotone in the threshold."""

from __future__ import annotations

import cv2
import numpy as np
from skimage.measure import label as connected

from pentaprism.engines.cells.parameters import Labels, Mask


def nearest_label(labels: Labels) -> Labels:
    """For every pixel the label of the nearest labelled pixel; all 0 when there is none."""
    if not labels.any():
        return labels
    _, index = cv2.distanceTransformWithLabels((labels == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    table = np.zeros(int(index.max()) + 1, np.int32)
    at = labels > 0
    table[index[at]] = labels[at]
    return np.asarray(table[index], np.int32)


def extend(territory: Labels, mask: Mask) -> Labels:
    """Labels for every pixel of ``mask``: its territory, or the nearest territory of the same connected part, or a new label.

    Lowering a threshold lets objects grow this way without moving the seams between them.
    """
    kept = np.where(mask, territory, 0).astype(np.int32)
    rest = mask & (kept == 0)
    if not rest.any():
        return kept
    count, parts = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    owner = np.zeros(count, np.int32)
    at = kept > 0
    owner[parts[at]] = kept[at]
    near = nearest_label(kept)
    home = np.zeros(int(territory.max()) + 1, np.int32)
    home[kept[at]] = parts[at]
    new = np.zeros(count, np.int32)
    alone = np.flatnonzero(owner[1:] == 0) + 1
    new[alone] = int(territory.max()) + np.arange(1, alone.size + 1)
    fitting = home[near] == parts
    kept[rest] = np.where(owner[parts] == 0, new[parts], np.where(fitting, near, owner[parts]))[rest]
    return kept


def fill(labels: Labels, min_hole_size: float, everything: bool) -> Labels:
    """Closes background regions below ``min_hole_size`` px² that do not reach the edge, and with ``everything`` each hole of one object."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats((labels == 0).astype(np.uint8), connectivity=8)
    if count <= 1:
        return labels
    height, width = labels.shape
    left, top, wide, high, area = (stats[:, i] for i in range(5))
    inner = (left > 0) & (top > 0) & (left + wide < width) & (top + high < height)
    inner[0] = False
    close = inner & (area < min_hole_size)
    if everything:
        close |= inner & (_neighbour_spread(labels, parts, count) == 1)
    if not close.any():
        return labels
    holes = close[parts]
    return np.where(holes, nearest_label(labels), labels).astype(np.int32)


def _neighbour_spread(labels: Labels, parts: Labels, count: int) -> Labels:
    """How many different objects border each background region."""
    size = int(labels.max()) + 1
    keys = []
    for a, b, pa, pb in ((labels[:, :-1], labels[:, 1:], parts[:, :-1], parts[:, 1:]), (labels[:-1], labels[1:], parts[:-1], parts[1:])):
        for label, hole in ((a, pb), (b, pa)):
            at = (label > 0) & (hole > 0)
            keys.append(np.unique(hole[at].astype(np.int64) * size + label[at]))
    pairs = np.unique(np.concatenate(keys))
    return np.bincount(pairs // size, minlength=count).astype(np.int32)


def finish(labels: Labels, min_size: float, exclude_border: bool) -> Labels:
    """Separate pieces become separate objects, small ones go, objects at the edge too if asked; labels 1..n in reading order."""
    pieces = np.asarray(connected(labels, background=0, connectivity=1), np.int32)  # type: ignore[no-untyped-call]
    areas = np.bincount(pieces.ravel())
    keep = areas >= max(min_size, 1)
    keep[0] = False
    if exclude_border:
        for side in (pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]):
            keep[side] = False
    number = np.zeros(areas.size, np.int32)
    number[keep] = np.arange(1, int(keep.sum()) + 1)
    return np.asarray(number[pieces], np.int32)
