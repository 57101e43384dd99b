"""Label images to sub-pixel outlines.

The border of an object is a ring of cracks between pixels. Each crack is crossed midway, or where a probability field crosses its level;
the ring of crossings is smoothed without shrinking; an offset along the normals gives it the estimated area, within 0.5 % or 1 px² of the
pixel count; then points that carry nothing are dropped at constant area. Borders shared by touching objects are smoothed but not offset.
A ring that would cross itself, miss its area or take a pixel of a neighbour is built again closer to the pixels.
"""

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.imaging.polygons.estimate import ellipse_areas
from pentaprism.imaging.polygons.nesting import parents
from pentaprism.imaging.polygons.raster import spans
from pentaprism.imaging.polygons.rings import Points, cut_to_image, is_simple, perimeter, signed_area, without_repeats
from pentaprism.imaging.polygons.simplify import kept_points
from pentaprism.imaging.polygons.smooth import Values, binomial, ring_areas, ring_lengths, ring_sums, smoothed, with_areas
from pentaprism.imaging.polygons.trace import Cracks, Index, trace

AREA_SHARE, AREA_LEAST = 0.005, 1.0
# Aim inside the rule, so that rounding to 0.01 px cannot break it.
AIM = 0.94
# A level set knows the area of a small object better than the pixel count, which scatters by 0.27 sqrt(perimeter) for disks: 3.5 times
# that are allowed below 1,000 px² or so, but from 400 px² on at most what still agrees with a rasterised outline within 1 %.
SCATTER, SIZEABLE, SIZEABLE_SHARE = 0.95, 400, 0.009
# Area that linear interpolation of an anti-aliased round border loses, whatever its radius: blur of one pixel and chords, px².
HALO = 0.44
# At 45 degrees a square's mask can lack 2 % of its area; leaning outwards by this share, the outline adds no rounding to that.
LEAN = 0.0002
SHORT = 16
TOLERANCE, TOLERANCE_SHARED, TOLERANCE_EXACT, TOLERANCE_SHARE, TOLERANCE_MOST = 0.12, 0.05, 0.03, 0.015, 0.18
REACH = 0.45
_SMOOTH, _EXACT, _COARSE, _RAW = 0, 1, 2, 3


@dataclass(slots=True)
class Ring:
    """One outline. `points` [n, 2] x, y; `area` is absolute, without holes taken off; `parent` indexes the list of rings.

    The parent of a hole is its object's outer ring, that of an object inside a hole is the hole; `depth` counts parents.
    """

    points: Points
    label: int
    hole: bool
    area: float
    touches_border: bool = False
    parent: int | None = None
    depth: int = 0
    children: list[int] = field(default_factory=list)


class _Builder:
    """The rings of one label image, in concatenated arrays."""

    def __init__(self, labels: npt.NDArray[Any], cracks: Cracks, probability: npt.NDArray[Any] | None, level: float) -> None:
        shape = (labels.shape[0], labels.shape[1])
        self.labels, self.cracks, self.shape, self.starts = labels, cracks, shape, cracks.starts
        self.ahead, self.back = cracks.links()
        limit = np.array([shape[1], shape[0]])
        self.number = np.diff(self.starts)
        within = (cracks.inside > 0) & (cracks.inside < limit) & (cracks.outside > 0) & (cracks.outside < limit)
        self.seen = np.asarray(within[:, 0] & within[:, 1])
        self.open = cracks.other == 0
        self.count = ring_areas(np.clip(cracks.corner, 0, limit), self.starts, self.ahead)
        self.label = cracks.label[self.starts[:-1]]
        self.across, self.level = self._crossings(probability, level)
        self.crossing = cracks.inside + self.across[:, None] * (cracks.outside - cracks.inside)
        short = np.repeat(self.number < SHORT, self.number)
        self.smooth = np.where(short[:, None], self.crossing, smoothed(self.crossing, self.ahead, self.back))
        self.free = np.asarray(binomial((self.open & self.seen).astype(np.float64), self.ahead, self.back, 2) * self.open)
        self.cut = ring_sums((~self.seen).astype(np.float64), self.starts) > 0
        self.alone = ring_sums((self.open & self.seen).astype(np.float64), self.starts) == self.number
        self.shared = ring_sums((~self.open).astype(np.float64), self.starts) > 0
        self.slack = self._slack()
        self.target = self._targets()

    def _crossings(self, probability: npt.NDArray[Any] | None, level: float) -> tuple[Values, npt.NDArray[np.bool_]]:
        """Where each crack is crossed, 0..1 from inside to outside, and which rings follow the level set of the field."""
        middle = np.full(len(self.open), 0.5)
        if probability is None:
            return middle, np.zeros(len(self.number), np.bool_)
        high, low = (self._sample(probability, at) for at in (self.cracks.inside, self.cracks.outside))
        crossed = self.open & self.seen & (high >= level) & (low < level)
        across = np.where(crossed, (high - level) / np.where(crossed, high - low, 1.0), middle)
        could = np.maximum(ring_sums((self.open & self.seen).astype(np.float64), self.starts), 1.0)
        return np.clip(across, 0.02, 0.98), ring_sums(crossed.astype(np.float64), self.starts) >= 0.95 * could

    def _sample(self, probability: npt.NDArray[Any], at: Points) -> Values:
        height, width = self.shape
        column, row = np.clip(at[:, 0].astype(np.int64), 0, width - 1), np.clip(at[:, 1].astype(np.int64), 0, height - 1)
        return np.asarray(probability[row, column], np.float64)

    def _slack(self) -> Values:
        """How far the area of each ring may lie from its pixel count, so that the net area of the object keeps the rule."""
        length = ring_lengths(self.crossing, self.starts, self.ahead)
        most = int(self.label.max()) + 1
        net = np.bincount(self.label, weights=self.count, minlength=most)[self.label]
        share = length / np.bincount(self.label, weights=length, minlength=most)[self.label]
        slack: Values = np.maximum(AREA_SHARE * net, AREA_LEAST)
        scatter: Values = SCATTER * np.sqrt(length) - AREA_SHARE * net
        scatter = np.where(net >= SIZEABLE, np.minimum(scatter, SIZEABLE_SHARE * net), scatter)
        return np.asarray(share * np.where(self.level, np.maximum(slack, scatter), slack), np.float64)

    def _targets(self) -> Values:
        sign, size = np.sign(self.count), np.abs(self.count)
        guess = ellipse_areas(
            self.smooth, self.cracks.inside, self.cracks.outside, self.across, self.cracks.horizontal.astype(np.float64), self.starts,
            np.maximum(size, 1.0), False,
        )  # fmt: skip
        best = np.where(self.alone & np.isfinite(guess), sign * guess, self.count + LEAN * size)
        if self.level.any():
            guess = ellipse_areas(
                self.smooth, self.cracks.inside, self.cracks.outside, self.across, self.cracks.horizontal.astype(np.float64), self.starts,
                np.maximum(size, 1.0), True,
            )  # fmt: skip
            field = np.where(np.isfinite(guess), sign * guess, self._curved_area()) + np.where(self.alone, sign * HALO, 0.0)
            best = np.where(self.level, field, best)
        return np.clip(best, self.count - AIM * self.slack, self.count + AIM * self.slack)

    def _curved_area(self) -> Values:
        """Area of the crossings, with the segments between chord and curve added (each c³κ/12)."""
        step = self.smooth[self.ahead] - self.smooth
        square = (step**2).sum(axis=1)
        heading = np.arctan2(step[:, 1], step[:, 0])
        turn = (heading - heading[self.back] + np.pi) % (2 * np.pi) - np.pi
        limit = np.array([self.shape[1], self.shape[0]])
        inner = np.clip(self.crossing, 0, limit)
        return ring_areas(inner, self.starts, self.ahead) + ring_sums(turn * (square + square[self.back]) / 24, self.starts)

    def build(self) -> list[Points]:
        """The points of every ring, at first smooth, where that fails closer to the pixels."""
        mode = np.zeros(len(self.number), np.int64)
        rings: list[Points] = [np.zeros((0, 2))] * len(self.number)
        stale = np.ones(len(self.number), np.bool_)
        relaxed = with_areas(self.smooth, self.starts, self.target, self.free, self.shape, clipped=False)
        along = self.cracks.outside - self.cracks.inside
        reach = np.clip(((relaxed - self.cracks.inside) * along).sum(axis=1) - 0.5, -REACH, REACH)
        exact = self.cracks.inside + (0.5 + reach)[:, None] * along
        for _ in (_SMOOTH, _EXACT, _COARSE, _RAW):
            chosen = np.repeat(mode, self.number)[:, None]
            points = np.where(chosen == _SMOOTH, relaxed, np.where(chosen == _EXACT, exact, self.crossing))
            self._reduce(points, mode, stale, rings)
            stale &= self._failing(rings, mode)
            stale |= self._intruding(rings, mode)
            stale &= mode < _RAW
            if not stale.any():
                break
            mode[stale] += 1
        return rings

    def _reduce(self, points: Points, mode: Index, stale: npt.NDArray[np.bool_], rings: list[Points]) -> None:
        """Cut rings at the image border, drop points that carry nothing and give the area back; results go into `rings` where `stale`."""
        chosen = np.flatnonzero(stale).tolist()
        parts, loose = [], []
        for ring in chosen:
            start, stop = int(self.starts[ring]), int(self.starts[ring + 1])
            part, free = points[start:stop], self.free[start:stop]
            if mode[ring] != _SMOOTH:
                free = np.full(len(part), 1.0 if mode[ring] == _EXACT else 0.0)
            if self.cut[ring]:
                part, free = cut_to_image(part, free, self.shape)
            kept = self._thinned(part, ring, int(mode[ring])) if len(part) > 3 else np.arange(len(part))
            parts.append(part[kept])
            loose.append(free[kept])
        whole = [k for k, part in enumerate(parts) if len(part) >= 3]
        if not whole:
            return
        starts = np.concatenate([[0], np.cumsum([len(parts[k]) for k in whole])])
        target = self.target[np.array([chosen[k] for k in whole])]
        final = with_areas(np.concatenate([parts[k] for k in whole]), starts, target, np.concatenate([loose[k] for k in whole]), self.shape)
        for position, k in enumerate(whole):
            rings[chosen[k]] = without_repeats(np.round(final[starts[position] : starts[position + 1]], 2) + 0.0)

    def _thinned(self, points: Points, ring: int, mode: int) -> Index:
        """Indices of the points that stay: few, and fewer than the outline is long."""
        if mode == _RAW:
            return np.arange(len(points))
        limit = TOLERANCE_EXACT if mode != _SMOOTH else TOLERANCE_SHARED if self.shared[ring] else TOLERANCE
        tolerance = max(min(limit, TOLERANCE_SHARE * float(np.sqrt(abs(self.target[ring]) / np.pi))), 0.02)
        while True:
            kept = kept_points(points, tolerance)
            if tolerance >= TOLERANCE_MOST or len(kept) <= 0.9 * perimeter(points[kept]):
                return kept
            tolerance = min(1.6 * tolerance, TOLERANCE_MOST)

    def _failing(self, rings: list[Points], mode: Index) -> npt.NDArray[np.bool_]:
        """Rings that cross themselves, turned over or missed their area."""
        failing = np.zeros(len(rings), np.bool_)
        for ring in np.flatnonzero(mode < _RAW).tolist():
            points = rings[ring]
            if len(points) < 3:
                failing[ring] = True
                continue
            miss = abs(signed_area(points) - float(self.count[ring]))
            failing[ring] = miss > float(self.slack[ring]) or not is_simple(points)
        return failing

    def _intruding(self, rings: list[Points], mode: Index) -> npt.NDArray[np.bool_]:
        """Rings of objects that share a pixel with another object which has the better claim to it."""
        guilty = overlapping(rings, self.label, self.labels)
        if not guilty:
            return np.zeros(len(rings), np.bool_)
        return np.asarray(np.isin(self.label, np.fromiter(guilty, np.int64)) & (mode < _RAW))


def overlapping(rings: list[Points], owners: Index, labels: npt.NDArray[Any], band: int = 1024) -> set[int]:
    """Owners of polygons that cover a pixel of a label image together with another polygon, although the pixel is not theirs.

    Works in bands of rows, so that memory stays small.
    """
    usable = [k for k, ring in enumerate(rings) if len(ring) >= 3]
    runs = spans([rings[k] for k in usable], [int(owners[k]) for k in usable], (labels.shape[0], labels.shape[1]))
    width, guilty = labels.shape[1] + 1, set[int]()
    for top in range(0, labels.shape[0], band):
        part = runs.chosen((runs.row >= top) & (runs.row < top + band))
        size = min(band, labels.shape[0] - top) * width
        begin, end = (part.row - top) * width + part.start, (part.row - top) * width + part.stop
        cover = np.cumsum(np.bincount(begin, minlength=size) - np.bincount(end, minlength=size))
        twice = np.concatenate([[0], np.cumsum(cover > 1)])
        owner, row, column = part.chosen(twice[end] > twice[begin]).pixels()
        foreign = (cover[(row - top) * width + column] > 1) & (labels[row, column] != owner)
        guilty.update(owner[foreign].tolist())
    return guilty


def outline_labels(
    labels: npt.NDArray[np.integer[Any]], probability: npt.NDArray[np.floating[Any]] | None = None, *, level: float = 0.5
) -> list[Ring]:
    """Outlines of all objects of a label image [H, W] (0 is background), rounded to 0.01 px.

    Args:
        probability: a field [H, W] whose level set at `level` refines the border wherever it separates an object from the background.

    Returns:
        rings sorted by label, each outer ring followed by its holes. Diagonal pixels of one label belong together; a label in
        several pieces gives several outer rings.
    """
    if labels.ndim != 2 or (probability is not None and probability.shape != labels.shape):
        raise ValueError(f"labels {labels.shape} and a field of the same size are needed")
    cracks = trace(labels) if labels.size else None
    if cracks is None:
        return []
    builder = _Builder(labels, cracks, probability, level)
    made = builder.build()
    edge = {int(v) for line in (labels[0], labels[-1], labels[:, 0], labels[:, -1]) for v in np.unique(line)}
    rings, first = [], []
    for index, points in enumerate(made):
        if len(points) >= 3 and builder.count[index] != 0:
            label = int(builder.label[index])
            rings.append(Ring(points, label, bool(builder.count[index] < 0), abs(signed_area(points)), label in edge))
            first.append(cracks.inside[cracks.starts[index]] if builder.count[index] > 0 else cracks.outside[cracks.starts[index]])
    return parents(rings, np.array(first))


def outlines(mask: npt.NDArray[np.bool_], *, field: npt.NDArray[np.floating[Any]] | None = None, level: float = 0.5) -> list[Ring]:
    """Outlines of the 8-connected objects of a mask [H, W]; as `outline_labels`."""
    return outline_labels(connected(mask), field, level=level)


def connected(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """8-connected components of a mask as labels 1..n."""
    if not mask.size:
        # OpenCV 5.0 reads outside an empty array.
        return np.zeros(mask.shape, np.int32)
    return np.asarray(cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[1], np.int32)
