"""Label images: 0 is background, every other value one object."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

Labels = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]


def relabel(labels: npt.NDArray[np.integer[Any]]) -> Labels:
    """The same objects with labels 1..n in order of their old labels."""
    values = np.unique(labels)
    table = np.cumsum(values > 0).astype(np.int32)
    if values.size and int(values[0]) >= 0 and int(values[-1]) < 1 << 24:
        direct = np.zeros(int(values[-1]) + 1, np.int32)
        direct[values[values > 0]] = table[values > 0]
        return np.asarray(direct[labels], np.int32)
    return np.asarray(np.where(labels > 0, table[np.searchsorted(values, labels)], 0), np.int32)


def areas(labels: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.int64]:
    """Pixel counts by label [max label + 1]; entry 0 is the background."""
    return np.bincount(labels.ravel())


def without(labels: Labels, unwanted: npt.NDArray[np.bool_]) -> Labels:
    """The label image without the labels k for which `unwanted[k]` holds; labels keep their values."""
    table = np.arange(len(unwanted), dtype=np.int32)
    table[unwanted] = 0
    return table[labels]


def remove_small(labels: Labels, least: float) -> Labels:
    """Remove objects of fewer than `least` pixels."""
    return without(labels, areas(labels) < least)


def touching_border(labels: npt.NDArray[np.integer[Any]]) -> set[int]:
    """Labels of the objects with a pixel in the first or last row or column."""
    if not labels.size:
        return set()
    edges = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return {int(v) for v in np.unique(edges) if v}


def clear_border(labels: Labels) -> Labels:
    """Remove the objects that touch the border."""
    unwanted = np.zeros(int(labels.max(initial=0)) + 1, np.bool_)
    unwanted[list(touching_border(labels))] = True
    return without(labels, unwanted)


def fill_small_holes(labels: Labels, below: float) -> Labels:
    """Fill holes of fewer than `below` pixels that one single object surrounds; holes that hold another object stay.

    Background is 4-connected, as the objects are 8-connected. Use infinity to fill every such hole.
    """
    if not labels.size:
        return labels.copy()
    count, parts, boxes, _ = cv2.connectedComponentsWithStats((labels == 0).astype(np.uint8), connectivity=4)
    result = labels.copy()
    height, width = labels.shape
    x, y, w, h, size = boxes.T
    small = (size < below) & (x > 0) & (y > 0) & (x + w < width) & (y + h < height)
    small[0] = False
    for index in np.flatnonzero(small[:count]).tolist():
        window = np.s_[y[index] - 1 : y[index] + h[index] + 1, x[index] - 1 : x[index] + w[index] + 1]
        hole = parts[window] == index
        around = labels[window][ndimage.binary_dilation(hole) & ~hole]
        if around.size and around.min() == around.max():
            result[window][hole] = around[0]
    return result
