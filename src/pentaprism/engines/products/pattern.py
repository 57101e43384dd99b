"""The pattern of a product's surface: peaks and directions of the spectrum of its largest inner square."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.products.colour import to_lab
from pentaprism.engines.products.results import Attribute, Mask, Rgb

Plane = npt.NDArray[np.float32]
SIDE = 128
PLAIN, BUSY = 2.2, 6.0
"""Deviations in CIE units of a surface without and with a pattern, shading taken off."""
SECTORS = 24


def pattern_of(rgb: Rgb, mask: Mask, threshold: float) -> Attribute | None:
    """solid, striped, plaid, dotted or textured, or None where no pattern reaches ``threshold`` or the product is too small."""
    patch = _patch(rgb, mask)
    if patch is None:
        return None
    value, confidence = judge(patch)
    return Attribute("pattern", value, round(confidence, 4)) if confidence >= threshold else None


def judge(patch: Rgb) -> tuple[str, float]:
    """(pattern, confidence) of a square [128, 128, 3] of surface."""
    lab = to_lab(patch)
    flat = lab - cv2.GaussianBlur(lab, (0, 0), SIDE / 6)
    strength = float(np.sqrt((np.clip(flat, -40, 40) ** 2).sum(axis=2).mean()))
    # The median deviation: a lone mark or crease makes no pattern.
    spread = float(np.median(np.linalg.norm(flat, axis=2)))
    if spread < PLAIN:
        return "solid", float(np.clip(1 - 0.4 * spread / PLAIN, 0, 1)) if strength < 2.5 * BUSY else 0.55
    plane = _main_plane(flat)
    first, second, peak = _directions(plane)
    dots = _dots(plane)
    scores = {
        "dotted": dots,
        "striped": _ramp(first, 0.5, 0.75) * _ramp(peak, 0.12, 0.3),
        "plaid": _ramp(first + second, 0.5, 0.75) * _ramp(second, 0.14, 0.26) * _ramp(peak, 0.1, 0.25),
        "textured": 0.85 * _ramp(spread, PLAIN, BUSY) * (1 - 0.5 * _ramp(peak, 0.15, 0.35)),
        "solid": 0.75 * (1 - _ramp(spread, PLAIN, BUSY)),
    }
    best = max(scores, key=lambda name: scores[name])
    return best, float(scores[best])


def _patch(rgb: Rgb, mask: Mask) -> Rgb | None:
    """The largest upright square inside the mask, found by the chessboard distance to its border."""
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_C, 3)[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    half = int(depth[y, x]) - 1
    if half < 12:
        return None
    square = rgb[max(0, y - half) : y + half + 1, max(0, x - half) : x + half + 1]
    kind = cv2.INTER_AREA if half * 2 > SIDE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(square, (SIDE, SIDE), interpolation=kind), np.uint8)


def _main_plane(flat: npt.NDArray[np.float32]) -> Plane:
    """The first principal component of the colour deviations."""
    points = flat.reshape(-1, 3)
    _, vectors = np.linalg.eigh(points.T @ points)
    plane: Plane = (points @ vectors[:, -1]).reshape(SIDE, SIDE).astype(np.float32)
    return np.clip(plane, -3 * plane.std(), 3 * plane.std())


def _directions(plane: Plane) -> tuple[float, float, float]:
    """(share of the energy within 11 degrees of the main direction, within 11 degrees of its perpendicular, share in the six
    highest peaks) of frequencies of at least 3 cycles per square."""
    window = np.hanning(SIDE)
    power = np.abs(np.fft.fftshift(np.fft.fft2((plane - plane.mean()) * window[:, None] * window))) ** 2
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE // 2
    radius = np.hypot(x, y)
    valid = (radius >= 3) & (radius < 48)
    power = np.where(valid, power, 0)
    total = float(power.sum()) + 1e-9
    sector = (np.degrees(np.arctan2(y, x)) % 180 / (180 / SECTORS)).astype(int) % SECTORS
    energy = np.bincount(sector[valid], weights=power[valid], minlength=SECTORS) / total
    wide = energy + np.roll(energy, 1) + np.roll(energy, -1)
    main = int(wide.argmax())
    blocks = cv2.boxFilter(power, -1, (3, 3), normalize=False)
    peak = 0.0
    for _ in range(6):
        py, px = np.unravel_index(int(blocks.argmax()), blocks.shape)
        peak += float(blocks[py, px])
        blocks[max(0, py - 3) : py + 4, max(0, px - 3) : px + 4] = 0
    return float(wide[main]), float(wide[(main + SECTORS // 2) % SECTORS]), peak / total


def _dots(plane: Plane) -> float:
    """How surely the square is covered by round spots of one size."""
    best = 0.0
    for sign in (1, -1):
        spots = (sign * plane > 0.9 * plane.std()).astype(np.uint8)
        spots = cv2.morphologyEx(spots, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        contours, _ = cv2.findContours(spots, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        areas = np.array([cv2.contourArea(c) for c in contours])
        rounds = np.array([4 * np.pi * a / max(cv2.arcLength(c, True), 1) ** 2 for a, c in zip(areas, contours, strict=True)])
        large = areas > 12
        if large.sum() < 8:
            continue
        size = areas[large]
        even = 1 - float(np.median(np.abs(size - np.median(size))) / np.median(size))
        best = max(best, _ramp(float((rounds[large] > 0.82).mean()), 0.5, 0.85) * _ramp(even, 0.5, 0.8))
    return best


def _ramp(value: float, low: float, high: float) -> float:
    return float(np.clip((value - low) / (high - low), 0, 1))
