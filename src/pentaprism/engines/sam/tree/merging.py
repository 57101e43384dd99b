"""Superpixels merged pair by pair, the most similar neighbours first, into a binary tree.

Source: hierarchical region merging (Salembier and Garrido, Binary partition tree, 2000) with the level of a merge forced to rise, as in
the ultrametric contour maps of Arbelaez et al., Contour Detection and Hierarchical Image Segmentation (2011).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pentaprism.engines.sam.tree.superpixels import Plane, Regions

Check = Callable[[], None]
LIGHTNESS = 0.75
STEP = 1.2
EDGE = 0.25
SMALL = 0.004
SMALL_DISCOUNT = 0.25
STEPS_PER_CHECK = 256
# Length, sum of edge strength, and sum of the step of colour from this region to the other, along a common border.
Border = tuple[float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class MergeTree:
    """Nodes 0..n-1 are superpixels, the others merges in the order they happened; the last is the root.

    ``birth`` and ``death`` are the levels at which a node came to be and was merged away (infinite for the root); a superpixel's birth is
    the unrest inside it. ``inside`` is the share of a node's outline that is not the edge of the picture. ``parent`` is -1 for the root,
    ``children`` [m, 2] are those of node n + i.
    """

    leaves: int
    parent: npt.NDArray[np.int32]
    children: npt.NDArray[np.int32]
    area: npt.NDArray[np.int32]
    birth: npt.NDArray[np.float32]
    death: npt.NDArray[np.float32]
    inside: npt.NDArray[np.float32]


def merge_tree(labels: Regions, count: int, lab: Plane, strength: Plane, check: Check) -> MergeTree:
    """The tree of ``count`` superpixels ``labels`` [H, W] over a picture ``lab`` [H, W, 3]."""
    area, colour = _leaves(labels, count, lab)
    unrest = EDGE * np.bincount(labels.ravel(), strength.ravel(), minlength=count) / np.maximum(area, 1)
    frame = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    edge = np.bincount(frame, minlength=count).astype(np.float64)
    return _Merging(area, colour, unrest, edge, _borders(labels, count, strength, colour), labels.size).run(check)


def _leaves(labels: Regions, count: int, lab: Plane) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    flat = labels.ravel()
    area = np.bincount(flat, minlength=count).astype(np.float64)
    sums = [np.bincount(flat, lab[..., channel].ravel(), minlength=count) for channel in range(3)]
    colour = np.stack(sums, axis=1) / np.maximum(area, 1)[:, None]
    colour[:, 0] *= LIGHTNESS
    return area, colour


def _borders(labels: Regions, count: int, strength: Plane, colour: npt.NDArray[np.float64]) -> list[dict[int, Border]]:
    """For every superpixel its neighbours with what their common border is like."""
    first = np.concatenate([labels[:, :-1].ravel(), labels[:-1].ravel()])
    second = np.concatenate([labels[:, 1:].ravel(), labels[1:].ravel()])
    across, down = np.maximum(strength[:, :-1], strength[:, 1:]), np.maximum(strength[:-1], strength[1:])
    weight = np.concatenate([across.ravel(), down.ravel()])
    between = first != second
    low, high = np.minimum(first, second)[between].astype(np.int64), np.maximum(first, second)[between]
    pairs, inverse = np.unique(low * count + high, return_inverse=True)
    lengths, sums = np.bincount(inverse), np.bincount(inverse, weight[between])
    neighbours: list[dict[int, Border]] = [{} for _ in range(2 * count - 1)]
    i, j = np.divmod(pairs, count)
    steps = (colour[j] - colour[i]) * lengths[:, None]
    for a, b, length, total, (x, y, z) in zip(i.tolist(), j.tolist(), lengths.tolist(), sums.tolist(), steps.tolist(), strict=True):
        neighbours[a][b] = (float(length), total, x, y, z)
        neighbours[b][a] = (float(length), total, -x, -y, -z)
    return neighbours


def _sum(first: Border, second: Border) -> Border:
    return (first[0] + second[0], first[1] + second[1], first[2] + second[2], first[3] + second[3], first[4] + second[4])


class _Merging:
    """The state of one run."""

    def __init__(
        self,
        area: npt.NDArray[np.float64],
        colour: npt.NDArray[np.float64],
        unrest: npt.NDArray[np.float64],
        edge: npt.NDArray[np.float64],
        neighbours: list[dict[int, Border]],
        pixels: int,
    ) -> None:
        self.leaves = len(area)
        nodes = 2 * self.leaves - 1
        rest = nodes - self.leaves
        self.area: list[float] = area.tolist() + [0.0] * rest
        self.colour: list[list[float]] = colour.tolist() + [[0.0] * 3 for _ in range(rest)]
        self.edge: list[float] = edge.tolist() + [0.0] * rest
        self.neighbours = neighbours
        self.small = SMALL * pixels
        self.parent = [-1] * nodes
        self.birth: list[float] = unrest.tolist() + [0.0] * rest
        self.death = [math.inf] * nodes
        self.inside = [0.0] * nodes
        self.children: list[tuple[int, int]] = []

    def cost(self, i: int, j: int) -> float:
        """The level at which two neighbours merge: how unlike they are, less for crumbs.

        The lesser of the distance of their mean colours and the step of colour at their border, so that neither slow shading (no step)
        nor texture (steps that cancel) parts them; and the edge between them.
        """
        length, total, x, y, z = self.neighbours[i][j]
        step = math.sqrt(x * x + y * y + z * z) / length
        distance = math.dist(self.colour[i], self.colour[j])
        smaller = min(self.area[i], self.area[j])
        crumb = 1.0 if smaller >= self.small else SMALL_DISCOUNT + (1 - SMALL_DISCOUNT) * math.sqrt(smaller / self.small)
        return (min(distance, STEP * step) + EDGE * total / length) * crumb

    def run(self, check: Check) -> MergeTree:
        """Merge until one is left."""
        heap = [(self.cost(i, j), i, j) for i in range(self.leaves) for j in self.neighbours[i] if i < j]
        heapq.heapify(heap)
        for leaf in range(self.leaves):
            self._describe(leaf)
        level, node = 0.0, self.leaves
        while heap:
            cost, i, j = heapq.heappop(heap)
            if self.parent[i] >= 0 or self.parent[j] >= 0:
                continue
            if node % STEPS_PER_CHECK == 0:
                check()
            level = max(level, cost)
            self._join(node, i, j, level)
            for other in self.neighbours[node]:
                heapq.heappush(heap, (self.cost(other, node), other, node))
            node += 1
        return self._tree()

    def _join(self, node: int, i: int, j: int, level: float) -> None:
        self.parent[i] = self.parent[j] = node
        self.death[i] = self.death[j] = self.birth[node] = level
        self.children.append((i, j))
        total = self.area[node] = self.area[i] + self.area[j]
        self.edge[node] = self.edge[i] + self.edge[j]
        share = self.area[i] / total
        self.colour[node] = [share * a + (1 - share) * b for a, b in zip(self.colour[i], self.colour[j], strict=True)]
        joined = self.neighbours[node]
        for part in (i, j):
            for other, border in self.neighbours[part].items():
                if other in (i, j):
                    continue
                before = joined.get(other)
                joined[other] = border if before is None else _sum(before, border)
        for other, (length, strength, x, y, z) in joined.items():
            around = self.neighbours[other]
            around.pop(i, None)
            around.pop(j, None)
            around[node] = (length, strength, -x, -y, -z)
        self.neighbours[i] = self.neighbours[j] = {}
        self._describe(node)

    def _describe(self, node: int) -> None:
        length = sum(border[0] for border in self.neighbours[node].values())
        self.inside[node] = length / (length + self.edge[node]) if length else 0.0

    def _tree(self) -> MergeTree:
        return MergeTree(
            self.leaves,
            np.array(self.parent, np.int32),
            np.array(self.children, np.int32).reshape(-1, 2),
            np.array(self.area).astype(np.int32),
            np.array(self.birth, np.float32),
            np.array(self.death, np.float32),
            np.array(self.inside, np.float32),
        )
