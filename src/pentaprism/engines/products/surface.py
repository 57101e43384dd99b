"""Where a product's surface departs from its own neighbourhood: candidates for defects, and what can be measured on each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.products.results import Mask, Rgb

Lab8 = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float32]
Part = tuple[Mask, int, int]
"""A component in its box, with the box's left and top."""
WEIGHTS = np.array([100 / 255, 1.0, 1.0], np.float32)
"""From OpenCV's byte LAB to CIE units."""
FLOOR = np.array([1.0, 0.7, 0.7], np.float32)
"""Least deviation in CIE units: below it is the rounding of bytes and JPEG's noise on a perfectly plain surface."""
LOW = 3.5
LEVELS = (3.5, 6.0, 10.0, 17.0)
WINDOWS = (0.09, 0.38)
"""Sides of the two median windows as shares of the root of the foreground's area: for lines and specks, and for patches."""
LEAST_AREA = 2.5e-4
MOST_AREA = 0.2
MOST_CANDIDATES = 20
FEATURES = 20


@dataclass(frozen=True, slots=True)
class Candidate:
    """A component in working pixels. ``change`` is its mean LAB minus the surface's in CIE units, ``features`` has ``FEATURES`` numbers."""

    x: int
    y: int
    width: int
    height: int
    area: int
    share: float
    elongation: float
    change: tuple[float, float, float]
    deviation: float
    features: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Surface:
    """The eroded foreground, robust deviations [h, w] of both windows, and LAB in CIE units minus the nearest median [h, w, 3]."""

    inside: Mask
    size: float
    deviations: tuple[Plane, ...]
    residuals: tuple[Plane, ...]
    lab: Plane


def candidates(rgb: Rgb, mask: Mask) -> list[Candidate]:
    """Components of strong local deviation inside the eroded foreground, the strongest first; [] where there is no surface to judge."""
    surface = _surface(rgb, mask)
    if surface is None:
        return []
    return _measure(surface, [part for deviation in surface.deviations for part in _components(deviation, surface)])


def _surface(rgb: Rgb, mask: Mask) -> Surface | None:
    area = int(mask.sum())
    if area < 400:
        return None
    size = float(np.sqrt(area))
    depth = max(2, round(size * 0.02))
    framed = cv2.copyMakeBorder(mask.astype(np.uint8), depth, depth, depth, depth, cv2.BORDER_REPLICATE)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * depth + 1, 2 * depth + 1))
    inside = cv2.erode(framed, kernel)[depth:-depth, depth:-depth] > 0
    if inside.sum() < 0.2 * area:
        return None
    lab = np.asarray(cv2.cvtColor(cv2.GaussianBlur(rgb, (0, 0), max(0.5, size / 600)), cv2.COLOR_RGB2LAB), np.uint8)
    filled = _spread(lab, inside)
    exact = filled.astype(np.float32) * WEIGHTS
    deviations, residuals = [], []
    for share in WINDOWS:
        residual = exact - _median(filled, share * size) * WEIGHTS
        deviations.append(_deviation(residual, inside))
        residuals.append(residual)
    return Surface(inside, size, tuple(deviations), tuple(residuals), exact)


def _deviation(residual: Plane, inside: Mask) -> Plane:
    """Distance [h, w] from the median of the inner pixels in robust standard deviations, 0 outside."""
    square = np.zeros(inside.shape, np.float32)
    # Channel by channel: NumPy takes several times as long for sums and medians beside an axis of three.
    for number, channel in enumerate(cv2.split(residual)):
        values = channel[inside]
        centre = np.median(values)
        spread = np.maximum(1.4826 * np.median(np.abs(values - centre)), FLOOR[number])
        square += ((channel - centre) / spread) ** 2
    return np.where(inside, np.sqrt(square), np.float32(0))


def _spread(lab: Lab8, inside: Mask) -> Lab8:
    """The surface continued over the ground by the nearest inner pixel, so that the median near the rim knows nothing of the ground."""
    _, nearest = cv2.distanceTransformWithLabels((~inside).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    places = np.zeros(int(nearest.max()) + 1, np.intp)
    places[nearest[inside]] = np.flatnonzero(inside)
    filled: Lab8 = lab.reshape(-1, 3)[places[nearest]]
    return filled


def _median(lab: Lab8, side: float) -> Plane:
    """Median in a square window of ``side`` px, at a reduced size where the window is large."""
    scale = min(1.0, 25 / max(side, 1.0))
    if scale == 1.0:
        return cv2.medianBlur(lab, 2 * max(1, round(side / 2)) + 1).astype(np.float32)
    size = (max(1, round(lab.shape[1] * scale)), max(1, round(lab.shape[0] * scale)))
    small = cv2.medianBlur(cv2.resize(lab, size, interpolation=cv2.INTER_AREA), 25)
    smooth = cv2.GaussianBlur(small, (0, 0), 1.5)
    return np.asarray(cv2.resize(smooth.astype(np.float32), lab.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _components(deviation: Plane, surface: Surface) -> list[Part]:
    """Connected pixels above each level, of a sensible area. A part that hardly changes from one level to the next is listed once."""
    whole = surface.size**2
    reach = max(1, round(surface.size * 0.004))
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    found: list[Part] = []
    boxes: set[tuple[int, ...]] = set()
    for level in LEVELS:
        high = cv2.morphologyEx((deviation > level).astype(np.uint8), cv2.MORPH_CLOSE, kernel) & surface.inside.astype(np.uint8)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(high, connectivity=8)
        area = stats[:, cv2.CC_STAT_AREA]
        good = (area >= max(6, LEAST_AREA * whole)) & (area <= MOST_AREA * whole)
        good[0] = False
        order = np.flatnonzero(good)
        for number in order[np.argsort(-area[order], kind="stable")][:MOST_CANDIDATES]:
            # Boxes to the nearest 1.5 % of the product's size: the same part at two levels.
            key = tuple(int(v) for v in np.round(stats[number, :4] / (0.015 * surface.size + 1)))
            if key not in boxes:
                boxes.add(key)
                left, top, width, height = (int(v) for v in stats[number, :4])
                found.append((labels[top : top + height, left : left + width] == number, left, top))
    return found


def _measure(surface: Surface, found: list[Part]) -> list[Candidate]:
    whole = float(surface.inside.sum())
    deviation = np.maximum(*surface.deviations)
    mirrored = _mirror(deviation > LOW, surface.inside)
    edge = np.asarray(cv2.distanceTransform(surface.inside.astype(np.uint8), cv2.DIST_L2, 3), np.float32)
    slope = np.hypot(
        cv2.Sobel(surface.lab[..., 0], cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(surface.lab[..., 0], cv2.CV_32F, 0, 1, scale=0.125)
    )
    rough = float(np.median(slope[surface.inside]))
    outliers = float((deviation[surface.inside] > LOW).mean())
    rows = [_one(surface, part, deviation, mirrored, edge, slope) for part in found]
    strengths = sorted((row[0] for row in rows), reverse=True)
    made = []
    for strength, base, features in rows:
        others = [value for value in strengths if value != strength]
        alone = np.log((strength + 1e-6) / (max(others) + 1e-6)) if others else 3.0
        likes = [float(np.abs(features[:5] - row[2][:5]).sum()) for row in rows if row[2] is not features]
        rest = outliers - base["area"] / whole
        scene = [np.log1p(len(rows)), np.sqrt(max(rest, 0.0)) * 5, float(np.clip(alone, -3, 3)), min(likes, default=5.0), rough]
        vector = np.clip(np.concatenate([features, np.array(scene, np.float32)]), -8, 8).astype(np.float32)
        made.append((strength, Candidate(**base, share=base["area"] / whole, features=vector)))
    return [candidate for _, candidate in sorted(made, key=lambda pair: -pair[0])]


def _one(
    surface: Surface, found: Part, deviation: Plane, mirrored: Mask, edge: Plane, slope: Plane
) -> tuple[float, dict[str, Any], npt.NDArray[np.float32]]:
    """(strength, fields of Candidate, its own features) of one component."""
    shape, left, top = found
    ys, xs = np.nonzero(shape)
    ys, xs = ys + top, xs + left
    height, width = shape.shape
    bottom, right = top + height, left + width
    area = len(ys)
    pad = max(3, round(surface.size * 0.025))
    window = (slice(max(0, top - pad), bottom + pad), slice(max(0, left - pad), right + pad))
    part = np.zeros(surface.inside[window].shape, np.uint8)
    part[ys - window[0].start, xs - window[1].start] = 1
    ring = (cv2.dilate(part, np.ones((2 * pad - 1, 2 * pad - 1), np.uint8)) > 0) & surface.inside[window]
    ring &= cv2.dilate(part, np.ones((3, 3), np.uint8)) == 0
    colours = surface.lab[window]
    inner = colours[part > 0]
    around = colours[ring] if ring.sum() >= 8 else inner
    change = inner.mean(axis=0) - np.median(around, axis=0)
    values = deviation[window][part > 0]
    points = np.stack([xs, ys], axis=1).astype(np.float32)
    (_, (a, b), angle) = cv2.minAreaRect(points)
    long, short = max(a, b) + 1, min(a, b) + 1
    spine = area / long
    elongation = long / max(1.0, min(short, 1.5 * spine))
    contrast = float(np.linalg.norm(change)) + 1e-3
    features = np.array(
        [
            np.log(values.mean()),
            np.log(values.max()),
            np.log(area / surface.size**2) / 2,
            np.log(elongation),
            area / (long * short) * 3,
            change[0] / 15,
            np.hypot(change[1], change[2]) / 10,
            np.log1p(edge[ys, xs].min() / surface.size * 50),
            float(np.linalg.norm(around.std(axis=0))) / contrast,
            float(np.linalg.norm(inner.std(axis=0))) / contrast,
            float(mirrored[ys, xs].mean()) * 2,
            np.log(np.quantile(slope[window][part > 0], 0.9) / contrast + 1e-2),
            abs(np.sin(np.radians(2 * angle))) * 2,
            np.log(contrast),
            np.log(long / surface.size),
        ],
        np.float32,
    )
    base: dict[str, Any] = {
        "x": left,
        "y": top,
        "width": right - left,
        "height": bottom - top,
        "area": area,
        "elongation": float(elongation),
    }
    base |= {"change": tuple(float(v) for v in change), "deviation": float(values.mean())}
    return float(values.mean() * np.sqrt(area)), base, features


def _mirror(strange: Mask, inside: Mask) -> Mask:
    """Strange pixels of the other half, mirrored at the foreground's middle column and widened: buttons and pockets come in pairs."""
    columns = np.flatnonzero(inside.any(axis=0))
    centre = int(columns[0] + columns[-1])
    target = centre - np.arange(inside.shape[1])
    valid = (target >= 0) & (target < inside.shape[1])
    mirrored = np.zeros_like(strange)
    mirrored[:, valid] = strange[:, target[valid]]
    middle = np.abs(np.arange(inside.shape[1]) * 2 - centre) < 0.06 * (columns[-1] - columns[0] + 1)
    mirrored[:, middle] = False
    widened: Mask = cv2.dilate(mirrored.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return widened
