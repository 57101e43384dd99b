"""The classical engine: brightness, darkness and texture are candidates, and the one with the best outlines wins.

The map it gives is no probability: it is the candidate's value, scaled so that the background's mean is 0, the automatic level 0.5 and the
objects' mean 1. The automatic level lies half-way between the two means, where the outline of a blurred edge has no bias.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from pentaprism.engines.cells.parameters import Mask, Picture, Polarity
from pentaprism.engines.cells.scaling import part_of, resize, smooth

WORKING_SIDE = 640
Kind = Literal["bright", "dark", "texture"]


@dataclass(frozen=True)
class Plan:
    """What was decided on the small picture and is then applied to every tile.

    ``ground`` is the background's level, ``contrast`` the objects' level minus the background's (both in the candidate's units),
    ``blur`` the smoothing in full-size pixels, ``backdrop`` the small picture of uneven light (None when light is even), ``score`` the
    quality of the outlines and ``flatness`` the structure left inside the two classes as a share of the contrast.
    """

    kind: Kind
    ground: float
    contrast: float
    blur: float
    backdrop: Picture | None
    score: float
    flatness: float


def noise_of(picture: Picture) -> float:
    """Standard deviation of white noise from second differences (Immerkaer 1996), by the median so that edges count little."""
    if min(picture.shape) < 3:
        return 0.0
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    return float(np.median(np.abs(cv2.filter2D(picture, cv2.CV_32F, kernel)[1:-1, 1:-1])) / (6 * 0.6745))


def plan_of(small: Picture, factor: float, noise: float, polarity: Polarity) -> Plan:
    """Chooses candidate, level and smoothing on the shrunk picture.

    ``factor`` is its size over the full size, ``noise`` the noise of the full picture.
    """
    soft = smooth(small, 1.0 if factor == 1.0 and noise > 0.004 else 0.6)
    backdrop = _backdrop(soft)
    kinds: list[Kind] = ["bright", "dark"] if polarity == "auto" else [polarity]
    plans = [_intensity_plan(soft, kind, ground, noise, noise * factor) for kind in kinds for ground in (None, backdrop)]
    plans.append(_texture_plan(small))
    return max(plans, key=lambda plan: plan.score)


def apply(plan: Plan, tile: Picture, place: tuple[int, int], whole: tuple[int, int], factor: float) -> Picture:
    """The 0..1 map of a tile that starts at row, column ``place`` of a picture of shape ``whole``."""
    value = feature(plan, tile, factor)
    if plan.backdrop is not None:
        value = value - part_of(plan.backdrop, place, (tile.shape[0], tile.shape[1]), whole) * (-1.0 if plan.kind == "dark" else 1.0)
    level = (value - plan.ground) / max(plan.contrast, 1e-6)
    return np.asarray(np.clip(level, 0.0, 1.0), np.float32)


def feature(plan: Plan, tile: Picture, factor: float) -> Picture:
    """The candidate's raw value at full size, larger inside objects."""
    if plan.kind == "texture":
        shape = (max(1, round(tile.shape[0] * factor)), max(1, round(tile.shape[1] * factor)))
        return resize(texture_of(resize(tile, shape)), (tile.shape[0], tile.shape[1]))
    soft = smooth(tile, plan.blur)
    return -soft if plan.kind == "dark" else soft


def texture_of(small: Picture) -> Picture:
    """Log of the local standard deviation, about 2 % of the working side wide."""
    window = 4.0
    mean = smooth(small, window)
    square = smooth(small * small, window)
    return np.log(np.sqrt(np.maximum(square - mean * mean, 0.0)) + 0.004).astype(np.float32)


def _intensity_plan(soft: Picture, kind: Kind, backdrop: Picture | None, noise: float, grain: float) -> Plan:
    value = soft if backdrop is None else soft - backdrop
    value = -value if kind == "dark" else value
    level, ground, top = _two_levels(value)
    inside = value > level
    contrast = top - ground
    blur = float(np.clip(6.0 * noise / max(contrast, 1e-3), 0.0, 2.0))
    return Plan(kind, ground, contrast, blur, backdrop, _score(inside, soft), _flatness(value, inside, contrast, grain))


def _texture_plan(small: Picture) -> Plan:
    value = texture_of(small)
    level, ground, top = _two_levels(value)
    return Plan("texture", ground, top - ground, 0.0, None, 0.85 * _score(value > level, smooth(small, 1.5)), 1.0)


def _two_levels(value: Picture) -> tuple[float, float, float]:
    """(level, mean below, mean above): Otsu's level, then the mid-point of the medians away from the edge, until it settles."""
    low, high = float(value.min()), float(value.max())
    if not high > low:
        return high, low, high + 1.0
    scaled = ((value - low) * (255.0 / (high - low))).astype(np.uint8)
    otsu, _ = cv2.threshold(scaled, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    level = low + (otsu + 0.5) * (high - low) / 255.0
    ground, top = low, high
    kernel = np.ones((5, 5), np.uint8)
    for _ in range(3):
        inside = (value > level).astype(np.uint8)
        deep, outside = cv2.erode(inside, kernel) > 0, cv2.dilate(inside, kernel) == 0
        above = value[deep] if deep.any() else value[inside > 0]
        below = value[outside] if outside.any() else value[inside == 0]
        if above.size == 0 or below.size == 0:
            break
        ground, top = float(np.median(below)), float(np.median(above))
        if not top > ground:
            break
        level = 0.5 * (ground + top)
    return level, ground, max(top, ground + 1e-6)


def _backdrop(soft: Picture) -> Picture:
    """Uneven light: a second-order surface fitted to the pixels that stay near it (objects are left out by weight)."""
    step = max(1, max(soft.shape) // 128)
    part = soft[::step, ::step]
    rows, columns = (np.linspace(-1, 1, n, dtype=np.float32) for n in part.shape)
    y, x = np.meshgrid(rows, columns, indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1).reshape(-1, 6)
    values = part.ravel()
    weight = np.ones_like(values)
    solution = np.zeros(6, np.float32)
    for _ in range(6):
        solution = np.linalg.lstsq(terms * weight[:, None], values * weight, rcond=None)[0].astype(np.float32)
        rest = values - terms @ solution
        spread = 1.4826 * float(np.median(np.abs(rest))) + 1e-4
        weight = (1.0 / (1.0 + (rest / (1.5 * spread)) ** 2)).astype(np.float32)
    surface = np.asarray((terms @ solution).reshape(part.shape), np.float32)
    return resize(surface, (soft.shape[0], soft.shape[1]))


def _flatness(value: Picture, inside: Mask, contrast: float, grain: float) -> float:
    """Slow variation inside both classes beyond noise, as a share of the contrast: near 0 for rendered pictures and masks.

    ``grain`` is the noise of the shrunk picture; two blurs of 1 and 1.5 px leave 0.16 of it.
    """
    soft = smooth(value, 1.5)
    spread = 0.0
    for part in (inside, ~inside):
        wide, narrow = (cv2.erode(part.astype(np.uint8), np.ones((side, side), np.uint8)) > 0 for side in (7, 3))
        if wide.sum() >= 30:
            spread = max(spread, float(np.std(soft[wide])))
        elif narrow.sum() >= 5:
            spread = max(spread, float(np.std(value[narrow])))
        else:
            return 1.0
    return float(np.sqrt(max(spread**2 - (0.16 * grain) ** 2, 0.0))) / max(contrast, 1e-6)


def _score(inside: Mask, soft: Picture) -> float:
    """How much a mask looks like objects: outlines on strong edges, compact parts, little of the picture's frame covered."""
    share = float(inside.mean())
    if not 0.0005 < share < 0.9:
        return 0.0
    gx, gy = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    slope = cv2.magnitude(gx, gy)
    clean = cv2.morphologyEx(inside.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    contours, _ = cv2.findContours(clean, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    usual = float(slope.mean()) + 1e-6
    total, weights = 0.0, 0.0
    for contour in contours:
        area = cv2.contourArea(contour)
        if area < 20:
            continue
        points = contour[:, 0]
        solid = area / max(cv2.contourArea(cv2.convexHull(contour)), 1.0)
        edge = min(float(slope[points[:, 1], points[:, 0]].mean()) / usual, 6.0)
        total += area**0.5 * solid**2 * edge
        weights += area**0.5
    frame = np.concatenate([clean[0], clean[-1], clean[:, 0], clean[:, -1]]).mean()
    return float((1.0 - frame) ** 2 * total / weights) if weights else 0.0
