"""Objects from territories: threshold, holes, small parts, order of labels. Each step keeps the foreground monotone in the threshold.

``tick`` is called between pieces of work on large planes and may raise to cancel.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy import ndimage

from pentaprism.engines.cells.counting import areas_of
from pentaprism.engines.cells.parameters import Labels, Mask, Tick, idle
from pentaprism.engines.cells.tiling import TILE_SIDE, tiles_of


def nearest_label(labels: Labels, tick: Tick = idle) -> Labels:
    """For every pixel the label of the nearest labelled pixel; 0 when there is none (in large planes: none within 128 px)."""
    if max(labels.shape) <= TILE_SIDE:
        return _nearest(labels)
    result = np.zeros(labels.shape, np.int32)
    for tile in tiles_of((labels.shape[0], labels.shape[1]), TILE_SIDE, 128):
        tick()
        result[tile.write] = _nearest(labels[tile.read])[tile.crop]
    return result


def _nearest(labels: Labels) -> Labels:
    if not labels.any():
        return labels
    _, index = cv2.distanceTransformWithLabels((labels == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    table = np.zeros(int(index.max()) + 1, np.int32)
    at = labels > 0
    table[index[at]] = labels[at]
    return np.asarray(table[index], np.int32)


def extend(territory: Labels, mask: Mask, tick: Tick = idle) -> Labels:
    """Labels for every pixel of ``mask``: its territory, or the nearest territory of the same connected part, or a new label.

    Lowering a threshold lets objects grow this way without moving the seams between them.
    """
    kept = np.where(mask, territory, np.int32(0))
    rest = mask & (kept == 0)
    if not rest.any():
        return kept
    count, found = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    parts = np.asarray(found, np.int32)
    top = int(territory.max())
    at = kept > 0
    owner, home = np.zeros(count, np.int32), np.zeros(top + 1, np.int32)
    owner[parts[at]] = kept[at]
    home[kept[at]] = parts[at]
    del at
    new = np.where(owner == 0, top + np.arange(count), owner).astype(np.int32)
    part, near = parts[rest], nearest_label(kept, tick)[rest]
    fitting = (near > 0) & (home[near] == part)
    kept[rest] = np.where(fitting, near, new[part])
    return kept


def fill(labels: Labels, min_hole_size: float, everything: bool, tick: Tick = idle) -> Labels:
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
    filled = labels.copy()
    filled[holes] = nearest_label(labels, tick)[holes]
    return filled


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


def finish(labels: Labels, min_size: float, exclude_border: bool, tick: Tick = idle) -> Labels:
    """Separate pieces become separate objects, small ones go, objects at the edge too if asked; labels 1..n in reading order.

    ``labels`` is changed: pieces that are cut off get labels of their own.
    """
    count = _separate(labels, tick)
    keep = areas_of(labels, count) >= max(min_size, 1)
    keep[0] = False
    if exclude_border:
        for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
            keep[side] = False
    first = []
    for index, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is not None and keep[index]:
            column = int(np.argmax(labels[box[0].start, box[1]] == index))
            first.append((box[0].start, box[1].start + column, index))
    number = np.zeros(count + 1, np.int32)
    number[[index for _, _, index in sorted(first)]] = np.arange(1, len(first) + 1)
    return number[labels]


def _separate(labels: Labels, tick: Tick) -> int:
    """Gives every 4-connected piece but an object's first a label of its own, in place; returns the highest label."""
    highest = int(labels.max())
    for index, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None:
            continue
        if index % 1024 == 0:
            tick()
        window = labels[box]
        count, pieces = cv2.connectedComponents((window == index).astype(np.uint8), connectivity=4)
        if count > 2:
            extra = np.asarray(pieces) > 1
            window[extra] = pieces[extra] + (highest - 1)
            highest += count - 2
    return highest
