"""The region tree of a picture: every node one connected region, found again by two comparisons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.sam.masks import BoolMask
from pentaprism.engines.sam.tree.merging import MergeTree, merge_tree
from pentaprism.engines.sam.tree.superpixels import edge_strength, lab_of, superpixels

SUPERPIXELS = 4500
STABILITY_STEP = 0.1
Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class RegionTree:
    """``place`` [h, w] holds for every pixel the place of its superpixel in depth-first order: node k is ``low[k] <= place < high[k]``.

    ``boxes`` [n, 4] are x1, y1, x2, y2 (exclusive) of the nodes; the other arrays are those of MergeTree.
    """

    place: npt.NDArray[np.uint16]
    low: npt.NDArray[np.int32]
    high: npt.NDArray[np.int32]
    parent: npt.NDArray[np.int32]
    area: npt.NDArray[np.int32]
    birth: npt.NDArray[np.float32]
    death: npt.NDArray[np.float32]
    inside: npt.NDArray[np.float32]
    boxes: npt.NDArray[np.int32]

    @classmethod
    def of(cls, rgb: npt.NDArray[np.uint8], check: Callable[[], None]) -> RegionTree:
        """The tree of a picture [h, w, 3] at its own size."""
        lab = lab_of(rgb)
        strength = edge_strength(lab)
        check()
        labels, count = superpixels(lab, SUPERPIXELS)
        check()
        tree = merge_tree(labels, count, lab, strength, check)
        low, high = _ranges(tree)
        place = low[labels].astype(np.uint16)
        boxes = _boxes(place, tree, low)
        return cls(place, low, high, tree.parent, tree.area, tree.birth, tree.death, tree.inside, boxes)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The tree as an embedding keeps it."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> RegionTree:
        """The tree that ``arrays`` gave."""
        return cls(**{name: arrays[name] for name in cls.__slots__})

    def mask(self, node: int) -> tuple[BoolMask, int, int]:
        """Pixels of a node in its box [h, w], with left and top."""
        left, top, right, bottom = self.boxes[node].tolist()
        window = self.place[top:bottom, left:right]
        return (window >= self.low[node]) & (window < self.high[node]), left, top

    def persistence(self) -> Floats:
        """The share of its life, 0..1, that a node keeps between its making and its merging away."""
        death = np.where(np.isfinite(self.death), self.death, self.birth).astype(np.float64)
        return np.divide(np.maximum(death - self.birth, 0), death, out=np.zeros(len(death)), where=death > 0)

    def stability(self) -> Floats:
        """Area of the region at a merge threshold 10 % lower, divided by that at one 10 % higher.

        The threshold of a node lies in the middle (geometric) of its life; at the lower one its largest part counts.
        """
        born = np.maximum(self.birth.astype(np.float64), 1e-3)
        ends = np.where(np.isfinite(self.death), self.death, 2 * born).astype(np.float64)
        level = np.sqrt(born * np.maximum(ends, born))
        return self._area_at(level * (1 - STABILITY_STEP), largest=True) / self._area_at(level * (1 + STABILITY_STEP), largest=False)

    def _area_at(self, level: Floats, *, largest: bool) -> Floats:
        node = np.arange(len(self.area))
        if not largest:
            while True:
                up = (self.death[node] <= level) & (self.parent[node] >= 0)
                if not up.any():
                    return self.area[node].astype(np.float64)
                node = np.where(up, self.parent[node], node)
        heavy = self._heavier_child()
        while True:
            down = (self.birth[node] > level) & (heavy[node] >= 0)
            if not down.any():
                return self.area[node].astype(np.float64)
            node = np.where(down, heavy[node], node)

    def _heavier_child(self) -> Indices:
        heavy = np.full(len(self.area), -1, np.int64)
        order = np.argsort(self.area, kind="stable")
        order = order[self.parent[order] >= 0]
        heavy[self.parent[order]] = order
        return heavy

    def path(self, x: float, y: float) -> Indices:
        """The nodes that hold a pixel, from its superpixel to the root."""
        height, width = self.place.shape
        row, column = min(max(int(y), 0), height - 1), min(max(int(x), 0), width - 1)
        place = self.place[row, column]
        return np.flatnonzero((self.low <= place) & (place < self.high))

    def inner_point(self, node: int) -> tuple[float, float]:
        """(x, y) of a pixel well inside a node: the one farthest from its border."""
        region, left, top = self.mask(node)
        distance = cv2.distanceTransform(np.pad(region, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
        row, column = divmod(int(np.argmax(distance)), region.shape[1])
        return float(left + column), float(top + row)


def _ranges(tree: MergeTree) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Depth-first places: the leaves of a node lie at low..high."""
    nodes = len(tree.parent)
    size = np.ones(nodes, np.int32)
    for node, (first, second) in enumerate(tree.children.tolist(), tree.leaves):
        size[node] = size[first] + size[second]
    low = np.zeros(nodes, np.int32)
    for node in range(nodes - 1, tree.leaves - 1, -1):
        first, second = tree.children[node - tree.leaves]
        low[first], low[second] = low[node], low[node] + size[first]
    return low, low + size


def _boxes(place: npt.NDArray[np.uint16], tree: MergeTree, low: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    height, width = place.shape
    boxes = np.zeros((len(tree.parent), 4), np.int32)
    boxes[:, :2] = max(height, width)
    leaf_of = np.empty(tree.leaves, np.int64)
    leaf_of[low[: tree.leaves]] = np.arange(tree.leaves)
    leaf = leaf_of[place]
    columns, rows = np.meshgrid(np.arange(width, dtype=np.int32), np.arange(height, dtype=np.int32))
    for axis, values in enumerate((columns, rows)):
        np.minimum.at(boxes[:, axis], leaf, values)
        np.maximum.at(boxes[:, axis + 2], leaf, values + 1)
    for node, (first, second) in enumerate(tree.children.tolist(), tree.leaves):
        boxes[node, :2] = np.minimum(boxes[first, :2], boxes[second, :2])
        boxes[node, 2:] = np.maximum(boxes[first, 2:], boxes[second, 2:])
    return boxes
