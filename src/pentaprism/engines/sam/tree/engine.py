"""The embedded engine: objects from a region tree, without weights."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.sam.cleaning import cleaned
from pentaprism.engines.sam.crops import Crop, crops_of
from pentaprism.engines.sam.embedding import Embedding
from pentaprism.engines.sam.engine import Check, EngineInfo, Prompt, Report, Rgb, silent, unchecked
from pentaprism.engines.sam.masks import BoolMask, Mask, candidates, iou, ordered
from pentaprism.engines.sam.parameters import SMALLEST_SIDE, AutoParameters, AutoResult
from pentaprism.engines.sam.tree import boxes, scores
from pentaprism.engines.sam.tree.regions import Indices, RegionTree
from pentaprism.engines.sam.tree.selection import MOST_ALIKE, distinct, mask_of, spread, worth

NAME = "embedded"
VERSION = "1.0.0"
LONGEST_SIDE = 1024
EDGE_DISTANCE = 20
CELL_SHARE = 0.5
MOST_CANDIDATES = 3


class TreeEngine:
    """Answers points from the region tree, boxes by GrabCut and the tree. Safe to share between threads."""

    def __init__(self) -> None:
        self.info = EngineInfo(NAME, VERSION, "embedded", None, int(scores.card()["memory_bytes"]))

    def embed(self, rgb: Rgb, check: Check = unchecked) -> Embedding:
        """The region tree of a picture [H, W, 3] at a long side of at most 1,024 px, with the small picture."""
        small = _working(rgb)
        tree = RegionTree.of(small, check)
        arrays: dict[str, npt.NDArray[Any]] = {"picture": small, **tree.arrays()}
        return Embedding(NAME, VERSION, None, rgb.shape[1], rgb.shape[0], arrays)

    def prompt(
        self,
        embedding: Embedding,
        points: npt.ArrayLike | None = None,
        labels: npt.ArrayLike | None = None,
        box: tuple[float, float, float, float] | None = None,
        multimask: bool = True,
    ) -> list[Mask]:
        """See PromptEngine."""
        embedding.belongs_to(NAME, VERSION, None)
        prompt = Prompt.of(points, labels, box)
        tree = RegionTree.from_arrays(embedding.arrays)
        small: Rgb = embedding.arrays["picture"]
        scale = np.array([small.shape[1] / embedding.width, small.shape[0] / embedding.height])
        whole = Crop(0, 0, embedding.width, embedding.height, 0)
        inner = replace(prompt, positive=prompt.positive * scale, negative=prompt.negative * scale)
        if prompt.box is None:
            found = _by_points(tree, inner, whole)
        else:
            x1, y1, x2, y2 = prompt.box
            found = _by_box(tree, small, inner, (x1 * scale[0], y1 * scale[1], x2 * scale[0], y2 * scale[1]), whole)
        answer = candidates(found)
        return answer[: MOST_CANDIDATES if multimask else 1]

    def automatic(
        self,
        rgb: Rgb,
        parameters: AutoParameters,
        report: Report = silent,
        check: Check = unchecked,
        deadline: float | None = None,
        embedding: Embedding | None = None,
    ) -> AutoResult:
        """See PromptEngine. Overlaps are resolved before the thresholds are applied, so higher thresholds find a part of the same masks."""
        height, width = rgb.shape[:2]
        if min(height, width) < SMALLEST_SIDE:
            report(1.0)
            return AutoResult([], False, 1.0, 0)
        crops, sides = crops_of(height, width, parameters.crop_n_layers), parameters.sides()
        points, done = parameters.points(), 0
        found: list[Mask] = []
        for crop in crops:
            check()
            if deadline is not None and time.monotonic() >= deadline:
                break
            tree = self._tree(rgb, crop, embedding, check)
            found += _of_crop(tree, crop, sides[crop.layer], (height, width), parameters, check)
            done += sides[crop.layer] ** 2
            report(0.95 * done / points)
        passing = [mask for mask in _resolved(found, check) if _passes(mask, parameters)]
        masks = ordered(passing)[: parameters.max_masks]
        report(1.0)
        return AutoResult(masks, done < points or len(masks) < len(passing), done / points, len(passing))

    def _tree(self, rgb: Rgb, crop: Crop, embedding: Embedding | None, check: Check) -> RegionTree:
        if crop.layer == 0 and embedding is not None:
            embedding.belongs_to(NAME, VERSION, None)
            return RegionTree.from_arrays(embedding.arrays)
        return RegionTree.of(_working(rgb[crop.y1 : crop.y2, crop.x1 : crop.x2]), check)


def _working(rgb: Rgb) -> Rgb:
    height, width = rgb.shape[:2]
    scale = LONGEST_SIDE / max(height, width)
    if scale >= 1:
        return np.ascontiguousarray(rgb)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _passes(mask: Mask, parameters: AutoParameters) -> bool:
    good = parameters.pred_iou_thresh == 0 or mask.predicted_iou > parameters.pred_iou_thresh
    return good and (parameters.stability_score_thresh == 0 or mask.stability_score >= parameters.stability_score_thresh)


def _of_crop(tree: RegionTree, crop: Crop, side: int, shape: tuple[int, int], parameters: AutoParameters, check: Check) -> list[Mask]:
    """The distinct regions of one crop that do not end at a cut, at least half a cell of the grid of points large, cleaned.

    Regions below the least predicted IoU are left out early: a region only ever gives way to one with a higher score.
    """
    rated, stable = scores.predicted_iou(tree), tree.stability()
    nodes = worth(tree, tree.place.size / side**2 * CELL_SHARE)
    if parameters.pred_iou_thresh:
        nodes = nodes[rated[nodes] > parameters.pred_iou_thresh]
    nodes = distinct(tree, nodes, rated)
    least = parameters.min_mask_region_area
    found = []
    for node in _uncut(tree, nodes, crop, shape).tolist():
        check()
        mask = mask_of(tree, node, crop, float(rated[node]), float(stable[node]))
        if mask is not None:
            found.append(cleaned(mask, *shape, least)[0] if least else mask)
    return found


def _uncut(tree: RegionTree, nodes: Indices, crop: Crop, shape: tuple[int, int]) -> Indices:
    """Nodes that keep 20 px away from the sides of their crop which are not sides of the picture."""
    height, width = tree.place.shape
    scale = np.array([(crop.x2 - crop.x1) / width, (crop.y2 - crop.y1) / height] * 2)
    corners = tree.boxes[nodes] * scale + np.array([crop.x1, crop.y1, crop.x1, crop.y1])
    cut = np.abs(corners - np.array([crop.x1, crop.y1, crop.x2, crop.y2])) <= EDGE_DISTANCE
    real = np.array([crop.x1 == 0, crop.y1 == 0, crop.x2 == shape[1], crop.y2 == shape[0]])
    return np.asarray(nodes[~(cut & ~real).any(axis=1)])


def _resolved(masks: list[Mask], check: Check) -> list[Mask]:
    """Without masks nearly equal to a better one."""
    best = ordered(masks)
    corners = np.array([(m.left, m.top, m.left + m.width, m.top + m.height) for m in best], np.float64).reshape(-1, 4)
    areas = np.array([mask.area for mask in best], np.float64)
    kept: list[int] = []
    for index, mask in enumerate(best):
        check()
        others = np.array(kept, np.int64)
        if len(others):
            width = np.minimum(corners[index, 2], corners[others, 2]) - np.maximum(corners[index, 0], corners[others, 0])
            height = np.minimum(corners[index, 3], corners[others, 3]) - np.maximum(corners[index, 1], corners[others, 1])
            most = np.minimum(np.maximum(width, 0) * np.maximum(height, 0), np.minimum(areas[index], areas[others]))
            possible = most > MOST_ALIKE * np.maximum(areas[index], areas[others])
            if any(iou(mask, best[other]) > MOST_ALIKE for other in others[possible].tolist()):
                continue
        kept.append(index)
    return [best[index] for index in kept]


def _by_points(tree: RegionTree, prompt: Prompt, whole: Crop) -> list[Mask | None]:
    """Nodes that hold all points of the object and none beside it; where there is none, the best node of every point together."""
    rated, stable = scores.predicted_iou(tree), tree.stability()
    nodes = _holding(tree, prompt.positive, prompt.negative)
    if len(nodes):
        plausible = np.intersect1d(nodes, worth(tree, 0))
        chosen = distinct(tree, plausible if len(plausible) else nodes, rated, MOST_CANDIDATES)
        return [mask_of(tree, node, whole, float(rated[node]), float(stable[node])) for node in chosen.tolist()]
    parts = set()
    for point in prompt.positive:
        alone = _holding(tree, point[None], prompt.negative)
        plausible = np.intersect1d(alone, worth(tree, 0))
        pool = plausible if len(plausible) else alone
        if len(pool):
            parts.add(int(pool[np.argmax(rated[pool])]))
    if not parts:
        return []
    region = np.zeros(tree.place.shape, np.bool_)
    for node in parts:
        part, left, top = tree.mask(node)
        region[top : top + part.shape[0], left : left + part.shape[1]] |= part
    nodes = np.array(sorted(parts))
    weights = tree.area[nodes] / tree.area[nodes].sum()
    return [_at_size(tree, region, whole, float(rated[nodes] @ weights), float(stable[nodes] @ weights))]


def _holding(tree: RegionTree, positive: npt.NDArray[np.float64], negative: npt.NDArray[np.float64]) -> Indices:
    nodes = tree.path(*positive[0])
    for x, y in positive[1:]:
        nodes = np.intersect1d(nodes, tree.path(x, y))
    for x, y in negative:
        nodes = np.setdiff1d(nodes, tree.path(x, y))
    return nodes


def _by_box(tree: RegionTree, small: Rgb, prompt: Prompt, box: boxes.Box, whole: Crop) -> list[Mask | None]:
    stable = tree.stability()
    found = []
    for region in boxes.candidates_of(small, tree, box, prompt.positive, prompt.negative):
        features = boxes.features_of(small, tree, region, box)
        node, share = boxes.nearest_node(tree, region)
        score = float(scores.calibration("boxes")(features[None])[0])
        found.append(_at_size(tree, region, whole, score, float(stable[node]) * math.sqrt(share)))
    return found


def _at_size(tree: RegionTree, region: BoolMask, whole: Crop, score: float, stability: float) -> Mask | None:
    large, left, top = spread(region, 0, 0, (tree.place.shape[0], tree.place.shape[1]), whole)
    return Mask.of(large, left=left, top=top, predicted_iou=score, stability_score=stability, crop_box=whole.box)
