"""Drawn products with known truth."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Rgb = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]


def product(colour: tuple[int, int, int], side: int = 400, ground: int = 250, noise: float = 2.0, seed: int = 0) -> tuple[Rgb, Any]:
    """(picture, true mask): a rounded body of one colour on a light ground."""
    mask = np.zeros((side, side), np.uint8)
    cv2.rectangle(mask, (side // 5, side // 4), (side - side // 5, side - side // 5), 255, -1)
    mask = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (31, 31)))
    picture = np.where(mask[..., None] > 0, np.array(colour), ground)
    picture = picture + np.random.default_rng(seed).normal(0, noise, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8), mask > 0


def scene(kind: str, seed: int, side: int = 440) -> tuple[Rgb, Box | None]:
    """(picture, box of the defect): a shaded body, clean, scratched or stained."""
    rng = np.random.default_rng([seed, {"clean": 0, "scratch": 1, "stain": 2}[kind]])
    base = np.array([rng.uniform(50, 210) for _ in range(3)])
    picture, mask = product((0, 0, 0), side, int(rng.integers(228, 256)), 0)
    y, x = np.mgrid[:side, :side] / side - 0.5
    shade = 1 + rng.uniform(-0.12, 0.12) * x + rng.uniform(-0.12, 0.12) * y
    body = np.where(mask[..., None], base * shade[..., None], picture).astype(np.float64)
    box = None
    if kind != "clean":
        shape = np.zeros((side, side), np.uint8)
        centre = np.array([side / 2, side / 2]) + rng.uniform(-side / 9, side / 9, 2)
        if kind == "scratch":
            angle, half = rng.uniform(0, np.pi), rng.uniform(side / 14, side / 7)
            ends = [(centre + sign * half * np.array([np.cos(angle), np.sin(angle)])).astype(int).tolist() for sign in (-1, 1)]
            cv2.line(shape, ends[0], ends[1], 255, int(rng.integers(2, 4)))
            goal = body + 55 if base.max() < 170 and rng.random() < 0.5 else body * 0.5
        else:
            axes = [int(v) for v in rng.integers(side // 36, side // 14, 2)]
            cv2.ellipse(shape, centre.astype(int).tolist(), axes, float(rng.uniform(0, 180)), 0, 360, 255, -1)
            goal = body * rng.uniform(0.4, 0.65)
        body = np.where(shape[..., None] > 0, goal, body)
        box = tuple(cv2.boundingRect(shape))
    noisy = body + rng.normal(0, rng.uniform(0.5, 3.5), body.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8), box  # type: ignore[return-value]


def iou(a: Box, b: Box) -> float:
    """Of two boxes x, y, width, height."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    both = max(0, width) * max(0, height)
    return both / (a[2] * a[3] + b[2] * b[3] - both)
