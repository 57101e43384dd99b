"""Boxes answered by GrabCut and by the tree.

Source: Rother, Kolmogorov and Blake, GrabCut: Interactive Foreground Extraction using Iterated Graph Cuts (2004), as in OpenCV.
"""

from __future__ import annotations

import threading

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.sam.masks import BoolMask, tight
from pentaprism.engines.sam.tree.regions import RegionTree

Rgb = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]
ITERATIONS = 4
LONGEST_SIDE = 384
SMALLEST_SIDE = 3
FEATURES = 4
# OpenCV seeds its mixtures from one random state for all threads.
_TURN = threading.Lock()


def candidates_of(rgb: Rgb, tree: RegionTree, box: Box, positive: Points, negative: Points) -> list[BoolMask]:
    """Masks [H, W] for a box: GrabCut's, the best fitting node of the tree, and what both share. Empty ones are left out."""
    height, width = rgb.shape[:2]
    x1, y1 = max(0, int(np.floor(box[0]))), max(0, int(np.floor(box[1])))
    x2, y2 = min(width, int(np.ceil(box[2]))), min(height, int(np.ceil(box[3])))
    if x2 <= x1 or y2 <= y1:
        return []
    node = _best_node(tree, (x1, y1, x2, y2), positive, negative)
    region = np.zeros((height, width), np.bool_)
    part, left, top = tree.mask(node)
    region[top : top + part.shape[0], left : left + part.shape[1]] = part
    region &= _window(region.shape, (x1, y1, x2, y2))
    cut = _grabcut(rgb, (x1, y1, x2, y2), positive, negative)
    found = [region] if cut is None else [cut, region, cut & region]
    return [mask for mask in found if mask.any()]


def _window(shape: tuple[int, ...], box: tuple[int, int, int, int]) -> BoolMask:
    inside = np.zeros(shape, np.bool_)
    inside[box[1] : box[3], box[0] : box[2]] = True
    return inside


def _best_node(tree: RegionTree, box: tuple[int, int, int, int], positive: Points, negative: Points) -> int:
    """The node whose own box fits best; nodes that miss a point of the object or hold one beside it come last."""
    fit = box_fit(tree.boxes.astype(np.float64), box) * np.minimum(1.0, 0.5 + tree.persistence())
    for points, wanted in ((positive, True), (negative, False)):
        for x, y in points:
            holds = np.zeros(len(fit), np.bool_)
            holds[tree.path(x, y)] = True
            fit[holds != wanted] -= 1
    return int(np.argmax(fit))


def box_fit(boxes: npt.NDArray[np.float64], box: tuple[float, ...]) -> npt.NDArray[np.float64]:
    """IoU of ``boxes`` [n, 4] (x1, y1, x2, y2) with one box."""
    width = np.minimum(boxes[:, 2], box[2]) - np.maximum(boxes[:, 0], box[0])
    height = np.minimum(boxes[:, 3], box[3]) - np.maximum(boxes[:, 1], box[1])
    common = np.maximum(width, 0) * np.maximum(height, 0)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return np.asarray(common / np.maximum(areas + (box[2] - box[0]) * (box[3] - box[1]) - common, 1e-9))


def _grabcut(rgb: Rgb, box: tuple[int, int, int, int], positive: Points, negative: Points) -> BoolMask | None:
    """The object in the box by GrabCut on a part of the picture a third larger; None where there is nothing around the box or in it."""
    x1, y1, x2, y2 = box
    margin_x, margin_y = (x2 - x1) // 3 + 4, (y2 - y1) // 3 + 4
    left, top = max(0, x1 - margin_x), max(0, y1 - margin_y)
    window = rgb[top : y2 + margin_y, left : x2 + margin_x]
    scale = min(1.0, LONGEST_SIDE / max(window.shape[:2]))
    size = (max(1, round(window.shape[1] * scale)), max(1, round(window.shape[0] * scale)))
    small = cv2.resize(window, size, interpolation=cv2.INTER_AREA) if scale < 1 else np.ascontiguousarray(window)
    corners = [round((value - origin) * scale) for value, origin in ((x1, left), (y1, top), (x2, left), (y2, top))]
    state = np.full(small.shape[:2], cv2.GC_BGD, np.uint8)
    state[corners[1] : corners[3], corners[0] : corners[2]] = cv2.GC_PR_FGD
    for points, label in ((positive, cv2.GC_FGD), (negative, cv2.GC_BGD)):
        for x, y in points:
            centre = (round((x - left) * scale), round((y - top) * scale))
            cv2.circle(state, centre, max(1, round(min(size) * 0.015)), int(label), -1)
    inside = state != cv2.GC_BGD
    if inside.all() or np.count_nonzero(inside) < SMALLEST_SIDE**2 or np.count_nonzero(~inside) < SMALLEST_SIDE**2:
        return None
    with _TURN:
        cv2.setRNGSeed(1)
        cv2.grabCut(small, state, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), ITERATIONS, cv2.GC_INIT_WITH_MASK)
    cut = _smoothed(((state == cv2.GC_FGD) | (state == cv2.GC_PR_FGD)).astype(np.uint8))
    large = cv2.resize(cut.astype(np.float32), (window.shape[1], window.shape[0]), interpolation=cv2.INTER_LINEAR) > 0.5
    mask = np.zeros(rgb.shape[:2], np.bool_)
    mask[top : top + window.shape[0], left : left + window.shape[1]] = large
    mask &= _window(mask.shape, box)
    return mask if mask.any() else None


def _smoothed(mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Without crumbs of less than a fiftieth of the largest part, and without holes as small."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    if count < 2:
        return mask
    sizes = stats[:, cv2.CC_STAT_AREA].copy()
    sizes[0] = 0
    least = sizes.max() / 50
    kept = (sizes >= least)[parts]
    count, parts, stats, _ = cv2.connectedComponentsWithStats((~kept).astype(np.uint8), connectivity=8)
    holes = stats[:, cv2.CC_STAT_AREA] < least
    holes[0] = False
    return np.asarray(kept | holes[parts], np.uint8)


def features_of(rgb: Rgb, tree: RegionTree, mask: BoolMask, box: Box) -> npt.NDArray[np.float64]:
    """[4]: contrast across the outline, how well the mask fills the box, the best IoU with a node, and that node's life."""
    found = tight(mask)
    if found is None:
        return np.zeros(FEATURES)
    rows, columns = found
    own = np.array([[columns.start, rows.start, columns.stop, rows.stop]], np.float64)
    node, share = nearest_node(tree, mask)
    return np.array([np.log1p(contrast_of(rgb, mask, rows, columns)), box_fit(own, box)[0], share, tree.persistence()[node]])


def contrast_of(rgb: Rgb, mask: BoolMask, rows: slice, columns: slice) -> float:
    """Distance in CIE L*a*b* between a band inside the outline of a mask and one outside, averaged over blocks along it."""
    reach = 5
    window = np.s_[max(0, rows.start - reach) : rows.stop + reach, max(0, columns.start - reach) : columns.stop + reach]
    inside = np.pad(mask[window].astype(np.uint8), 1)
    lab = cv2.cvtColor(rgb[window].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    inner = (cv2.distanceTransform(inside, cv2.DIST_L2, 3)[1:-1, 1:-1] < reach) & mask[window]
    outer = (cv2.distanceTransform(1 - inside, cv2.DIST_L2, 3)[1:-1, 1:-1] < reach) & ~mask[window]
    block = 4 * reach
    place = (np.arange(lab.shape[0])[:, None] // block) * (lab.shape[1] // block + 1) + np.arange(lab.shape[1])[None, :] // block
    sums = []
    for band in (inner, outer):
        at = place[band]
        count = np.bincount(at, minlength=int(place.max()) + 1)
        means = [np.bincount(at, lab[..., c][band], minlength=len(count)) / np.maximum(count, 1) for c in range(3)]
        sums.append((count, np.stack(means, axis=1)))
    both = (sums[0][0] > 2) & (sums[1][0] > 2)
    return float(np.linalg.norm(sums[0][1][both] - sums[1][1][both], axis=1).mean()) if both.any() else 0.0


def nearest_node(tree: RegionTree, mask: BoolMask) -> tuple[int, float]:
    """The node that overlaps a mask [h, w] best, and its IoU."""
    counts = np.bincount(tree.place[mask], minlength=int(tree.high.max()))
    sums = np.concatenate([[0], np.cumsum(counts)])
    common = sums[tree.high] - sums[tree.low]
    iou = common / (tree.area + int(mask.sum()) - common)
    node = int(np.argmax(iou))
    return node, float(iou[node])
