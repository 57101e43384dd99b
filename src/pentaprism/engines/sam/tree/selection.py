"""Which nodes of a tree are worth showing, and their masks in the picture."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.sam.crops import Crop
from pentaprism.engines.sam.masks import BoolMask, Mask
from pentaprism.engines.sam.tree.regions import Indices, RegionTree

MOST_ALIKE = 0.75
LARGEST_SHARE = 0.95
SMALLEST_AREA = 12
LEAST_CONTRAST = 2.0
MOST_CANDIDATES = 1200
Floats = npt.NDArray[np.float64]


def worth(tree: RegionTree, least_area: float) -> Indices:
    """Nodes that stand out at all, of at least ``least_area`` px: not the root, nor what has less contrast than an eye can see."""
    large = tree.area >= max(least_area, SMALLEST_AREA)
    visible = (tree.death >= LEAST_CONTRAST) & (tree.death > tree.birth)
    return np.flatnonzero(large & visible & (tree.parent >= 0) & (tree.area <= LARGEST_SHARE * tree.place.size))


def distinct(tree: RegionTree, nodes: Indices, scores: Floats, most: int = MOST_CANDIDATES) -> Indices:
    """``nodes`` by falling score, without those nearly equal to a better one. Nodes are nested or apart, so areas give the IoU."""
    order = nodes[np.lexsort((nodes, -tree.area[nodes], -scores[nodes]))]
    kept: list[int] = []
    low, high, area = (array.astype(np.int64) for array in (tree.low, tree.high, tree.area))
    chosen = np.zeros(min(most, len(order)), np.int64)
    for node in order.tolist():
        others = chosen[: len(kept)]
        nested = (low[node] < high[others]) & (low[others] < high[node])
        ratio = np.minimum(area[node], area[others]) / np.maximum(area[node], area[others])
        if not (nested & (ratio > MOST_ALIKE)).any():
            chosen[len(kept)] = node
            kept.append(node)
            if len(kept) == most:
                break
    return np.array(kept, np.int64)


def spread(region: BoolMask, left: int, top: int, shape: tuple[int, int], crop: Crop) -> tuple[BoolMask, int, int]:
    """A region of a working picture of ``shape`` at the size of the crop it shows: pixels, left and top in the picture."""
    height, width = shape
    full_width, full_height = crop.x2 - crop.x1, crop.y2 - crop.y1
    if (full_height, full_width) == (height, width):
        return region, crop.x1 + left, crop.y1 + top
    x1, y1 = max(left - 1, 0), max(top - 1, 0)
    x2, y2 = min(left + region.shape[1] + 1, width), min(top + region.shape[0] + 1, height)
    window = np.zeros((y2 - y1, x2 - x1), np.float32)
    window[top - y1 : top - y1 + region.shape[0], left - x1 : left - x1 + region.shape[1]] = region
    scale_x, scale_y = full_width / width, full_height / height
    X1, Y1 = round(x1 * scale_x), round(y1 * scale_y)
    X2, Y2 = max(round(x2 * scale_x), X1 + 1), max(round(y2 * scale_y), Y1 + 1)
    soft = cv2.GaussianBlur(window, (0, 0), 0.7, borderType=cv2.BORDER_REPLICATE)
    large = cv2.resize(soft, (X2 - X1, Y2 - Y1), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large > 0.5), crop.x1 + X1, crop.y1 + Y1


def mask_of(tree: RegionTree, node: int, crop: Crop, iou: float, stability: float) -> Mask | None:
    """The mask of a node, with a pixel well inside it as its point."""
    region, left, top = tree.mask(node)
    shape = (tree.place.shape[0], tree.place.shape[1])
    large, x, y = spread(region, left, top, shape, crop)
    return Mask.of(large, left=x, top=y, predicted_iou=iou, stability_score=stability, crop_box=crop.box, point=_inside(large, x, y))


def _inside(region: BoolMask, left: int, top: int) -> tuple[float, float]:
    """A pixel of a region far from its border, looked for at a reduced size where the region is large."""
    step = max(1, max(region.shape) // 128)
    small = np.pad(region[::step, ::step], 1).astype(np.uint8)
    if not small.any():
        row, column = divmod(int(np.argmax(region)), region.shape[1])
        return float(left + column), float(top + row)
    distance = cv2.distanceTransform(small, cv2.DIST_L2, 3)[1:-1, 1:-1]
    row, column = divmod(int(np.argmax(distance)), distance.shape[1])
    return float(left + column * step), float(top + row * step)
