"""From a foreground map to separate objects.

Basins of a height map (the distance to the background, or a network's relative depth) are joined along their saddles, highest saddle
first: two basins become one object when the saddle reaches a given share of the lower peak. With the Euclidean distance the saddle is half
the neck and the peak half the diameter of the smaller part, so the share is the ratio of neck to diameter.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from skimage.segmentation import watershed

from pentaprism.engines.cells.parameters import Labels, Mask, Picture
from pentaprism.engines.cells.scaling import smooth

NECK_RATIO = 0.75
SHALLOW_PEAK = 0.3
ROUND_HOLE = 0.88


def inner_distance(mask: Mask) -> Picture:
    """Distance in pixels from each pixel's centre to the outline, [H, W]; the picture's edge is no outline."""
    distance = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.where(mask, distance - np.float32(0.5), np.float32(0.0))


def basins(height: Picture, mask: Mask, radius: int) -> Labels:
    """Watershed regions of ``height`` inside ``mask``, a seed for each maximum within ``radius`` pixels; 0 outside the mask."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    peaks = ((height >= np.asarray(cv2.dilate(height, kernel))) & mask).astype(np.uint8)
    count, seeds = cv2.connectedComponents(peaks, connectivity=8)
    if count <= 2:
        return np.asarray(np.where(mask, count - 1, 0), np.int32)
    return np.asarray(watershed(-height, seeds, mask=mask, connectivity=1), np.int32)  # type: ignore[no-untyped-call]


def saddles(labels: Labels, height: Picture) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """For every pair of touching regions: (lower label, higher label, largest height on their common border)."""
    pairs, levels = [], []
    size = int(labels.max()) + 1
    for a, b, ha, hb in (
        (labels[:, :-1], labels[:, 1:], height[:, :-1], height[:, 1:]),
        (labels[:-1], labels[1:], height[:-1], height[1:]),
    ):
        where = (a != b) & (a > 0) & (b > 0)
        first, second = a[where].astype(np.int64), b[where].astype(np.int64)
        pairs.append(np.minimum(first, second) * size + np.maximum(first, second))
        levels.append(np.minimum(ha[where], hb[where]))
    pair, level = np.concatenate(pairs), np.concatenate(levels)
    keys, place = np.unique(pair, return_inverse=True)
    highest = np.zeros(keys.size, np.float32)
    np.maximum.at(highest, place, level)
    return keys // size, keys % size, highest


def join_basins(labels: Labels, height: Picture, ratio: float, slack: float = 0.0, floor: float = 0.0) -> Labels:
    """Joins regions whose saddle is at least ``ratio`` of the lower of their two peaks, or whose lower peak is below ``floor``.

    ``slack`` is taken off the saddle first (at most 6 % of the peak): smoothing fills the corners of a neck by about that much.
    """
    first, second, level = saddles(labels, height)
    if first.size == 0:
        return labels
    count = int(labels.max()) + 1
    peak = np.zeros(count, np.float32)
    np.maximum.at(peak, labels.ravel(), height.ravel())
    parent = np.arange(count)
    for index in np.argsort(-level, kind="stable"):
        a, b = _root(parent, int(first[index])), _root(parent, int(second[index]))
        lower = min(peak[a], peak[b])
        if a != b and (lower < floor or level[index] - min(slack, 0.06 * lower) >= ratio * lower):
            low, high = min(a, b), max(a, b)
            parent[high] = low
            peak[low] = max(peak[a], peak[b])
    roots = np.array([_root(parent, i) for i in range(count)], np.int32)
    return roots[labels]


def _root(parent: npt.NDArray[np.int64], index: int) -> int:
    while parent[index] != index:
        parent[index] = parent[parent[index]]
        index = int(parent[index])
    return index


def without_round_holes(mask: Mask) -> Mask:
    """Holes of a single object closed, so that its own hole makes no neck; gaps between round neighbours curve inwards and stay open."""
    contours, tree = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if tree is None:
        return mask
    filled = mask.astype(np.uint8)
    for contour, links in zip(contours, tree[0], strict=True):
        if links[3] < 0:
            continue
        hull = cv2.contourArea(cv2.convexHull(contour))
        if cv2.contourArea(contour) >= ROUND_HOLE * hull:
            cv2.drawContours(filled, [contour], 0, 1, cv2.FILLED)
    return filled > 0


def split_by_neck(mask: Mask, blur: float = 0.0) -> Labels:
    """Splits a mask where the neck between two parts is below 0.75 of the smaller part's diameter, [H, W] int32.

    ``blur`` is the Gaussian smoothing in pixels of the picture that the mask was cut from."""
    distance = inner_distance(without_round_holes(mask))
    return join_basins(basins(smooth(distance, 1.0), mask, 3), distance, NECK_RATIO, 0.4 + 0.65 * blur)


def split_by_depth(mask: Mask, depth: Picture, ratio: float) -> Labels:
    """Splits a mask by a network's relative depth (0..1): parts are joined when the saddle is above ``ratio`` of the lower peak.

    An object is about 1 deep in its middle; what nowhere reaches 0.3 is a crumb of the rim and belongs to what it touches."""
    inside = np.where(mask, depth, np.float32(0.0))
    return join_basins(basins(inside, mask, 2), inside, ratio, floor=SHALLOW_PEAK)


def connected_parts(mask: Mask) -> Labels:
    """4-connected parts, [H, W] int32."""
    return np.asarray(cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)[1], np.int32)
