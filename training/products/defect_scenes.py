"""Defects drawn onto photographs of real products: scratches, stains, discolorations, cracks, tears and dents, each with its box."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Rgb = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Box = tuple[int, int, int, int]
KINDS = ("scratch", "stain", "discoloration", "crack", "tear", "dent")


def defected(rng: np.random.Generator, rgb: Rgb, mask: Mask, kind: str) -> tuple[Rgb, Box] | None:
    """(picture with one defect, its box x, y, width, height); None where the product has no room for it."""
    size = float(np.sqrt(mask.sum()))
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    room = depth > 0.06 * size
    if room.sum() < 50:
        return None
    y, x = (int(v) for v in np.argwhere(room)[rng.integers(room.sum())])
    shape = np.zeros(mask.shape, np.float32)
    SHAPES[kind](rng, shape, x, y, size)
    shape *= cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8))
    seen = shape > 0.35
    if seen.sum() < max(8, 3e-4 * size**2) or seen.sum() < 0.6 * (shape > 0).sum() * 0.5:
        return None
    made = _paint(rng, rgb, shape, seen, kind)
    change = np.abs(made.astype(np.float32) - rgb)[seen].mean()
    if change < 14:
        return None
    return made, tuple(int(v) for v in cv2.boundingRect(seen.astype(np.uint8)))  # type: ignore[return-value]


def _walk(rng: np.random.Generator, x: float, y: float, length: float, bend: float) -> npt.NDArray[np.int32]:
    angle, points = rng.uniform(0, 2 * np.pi), [(x, y)]
    turn = rng.normal(0, bend)
    for _ in range(12):
        angle += turn / 12 + rng.normal(0, bend / 5)
        x, y = x + np.cos(angle) * length / 12, y + np.sin(angle) * length / 12
        points.append((x, y))
    return np.array(points).round().astype(np.int32)


def _scratch(rng: np.random.Generator, shape: npt.NDArray[np.float32], x: int, y: int, size: float) -> None:
    points = _walk(rng, x, y, size * rng.uniform(0.12, 0.5), 0.3)
    cv2.polylines(shape, [points], False, 1.0, max(1, round(size * rng.uniform(0.004, 0.014))), cv2.LINE_AA)


def _crack(rng: np.random.Generator, shape: npt.NDArray[np.float32], x: int, y: int, size: float) -> None:
    points = _walk(rng, x, y, size * rng.uniform(0.15, 0.5), 2.0)
    width = max(1, round(size * rng.uniform(0.004, 0.012)))
    cv2.polylines(shape, [points], False, 1.0, width, cv2.LINE_AA)
    for start in points[3::4]:
        cv2.polylines(shape, [_walk(rng, *start, size * rng.uniform(0.05, 0.15), 1.5)], False, 1.0, max(1, width - 1), cv2.LINE_AA)


def _blob(rng: np.random.Generator, shape: npt.NDArray[np.float32], x: int, y: int, radius: float, soft: float) -> None:
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ripple = 1 + sum(rng.normal(0, 0.22 / k) * np.cos(k * angles + rng.uniform(0, 6.3)) for k in range(2, 6))
    flat, turn = rng.uniform(0.55, 1.0), rng.uniform(0, np.pi)
    around = np.stack([np.cos(angles) * ripple, np.sin(angles) * ripple * flat], axis=1) * radius
    cos, sin = np.cos(turn), np.sin(turn)
    points = around @ np.array([[cos, sin], [-sin, cos]]) + [x, y]
    cv2.fillPoly(shape, [points.round().astype(np.int32)], 1.0, cv2.LINE_AA)
    shape[:] = cv2.GaussianBlur(shape, (0, 0), max(0.6, soft))


def _stain(rng: np.random.Generator, shape: npt.NDArray[np.float32], x: int, y: int, size: float) -> None:
    radius = size * rng.uniform(0.025, 0.11)
    _blob(rng, shape, x, y, radius, radius * rng.uniform(0.03, 0.25))


def _tear(rng: np.random.Generator, shape: npt.NDArray[np.float32], x: int, y: int, size: float) -> None:
    line = _walk(rng, x, y, size * rng.uniform(0.1, 0.3), 0.8).astype(np.float64)
    across = np.array([-(line[-1] - line[0])[1], (line[-1] - line[0])[0]])
    across /= max(float(np.linalg.norm(across)), 1e-6)
    open_ = np.sin(np.linspace(0, np.pi, len(line)))[:, None] * size * rng.uniform(0.01, 0.035)
    rim = rng.normal(0, 0.3, (len(line), 1))
    points = np.concatenate([line + across * open_ * (1 + rim), (line - across * open_ * (1 - rim))[::-1]])
    cv2.fillPoly(shape, [points.round().astype(np.int32)], 1.0, cv2.LINE_AA)


SHAPES = {"scratch": _scratch, "stain": _stain, "discoloration": _stain, "crack": _crack, "tear": _tear, "dent": _stain}


def _paint(rng: np.random.Generator, rgb: Rgb, shape: npt.NDArray[np.float32], seen: npt.NDArray[np.bool_], kind: str) -> Rgb:
    """The defect's colour over the surface, most of the surface's own texture kept."""
    x = rgb.astype(np.float32)
    base = x[seen].mean(axis=0)
    share = shape[..., None]
    if kind == "dent":
        gy, gx = np.gradient(cv2.GaussianBlur(shape, (0, 0), max(1.0, float(np.sqrt(seen.sum())) / 6)))
        angle = rng.uniform(0, 2 * np.pi)
        relief = gx * np.cos(angle) + gy * np.sin(angle)
        light = relief / max(float(np.abs(relief).max()), 1e-6) * rng.uniform(35, 75)
        return np.clip(x + light[..., None] * np.minimum(1, share * 3), 0, 255).astype(np.uint8)
    if kind in ("scratch", "crack"):
        dark = kind == "crack" or rng.random() < 0.5 or base.mean() > 190
        goal = base * rng.uniform(0.15, 0.5) if dark else base + (255 - base) * rng.uniform(0.4, 0.9)
    elif kind == "tear":
        goal = base * rng.uniform(0.05, 0.35) if base.mean() > 90 else base + rng.uniform(60, 130)
    elif kind == "stain":
        goal = base * rng.uniform(0.3, 0.7) * rng.uniform(0.8, 1.1, 3)
    else:
        goal = base + rng.choice([-1.0, 1.0]) * np.array([35, -10, -35]) * rng.uniform(0.7, 1.6) + rng.uniform(-8, 8, 3)
    strength = rng.uniform(0.6, 1.0) if kind != "discoloration" else rng.uniform(0.5, 0.85)
    return np.clip(x * (1 - share * strength) + goal * share * strength, 0, 255).astype(np.uint8)
