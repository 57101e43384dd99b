"""Drawn scenes with known truth: one plain body on a light ground, clean, scratched or stained."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Rgb = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]


def plain_scene(rng: np.random.Generator, kind: str, side: int = 480) -> tuple[Rgb, Box | None]:
    """(picture [side, side, 3], box of the defect or None) with noise, shading and any of three bodies; ``kind`` clean, scratch, stain."""
    picture = np.full((side, side, 3), int(rng.integers(225, 256)), np.float32)
    colour = rng.integers(35, 225, 3).astype(np.float32)
    body = np.zeros((side, side), np.uint8)
    left, top, right, bottom = (int(v) for v in rng.integers(side // 10, side // 4, 4))
    if (form := rng.integers(3)) == 0:
        cv2.rectangle(body, (left, top), (side - right, side - bottom), 255, -1)
    elif form == 1:
        cv2.ellipse(body, (side // 2, side // 2), (side // 2 - left, side // 2 - top), float(rng.uniform(0, 180)), 0, 360, 255, -1)
    else:
        radius = side // 12
        cv2.rectangle(body, (left + radius, top + radius), (side - right - radius, side - bottom - radius), 255, -1)
        body = cv2.dilate(body, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))
    tilt = rng.uniform(-0.15, 0.15, 2)
    y, x = np.mgrid[:side, :side] / side - 0.5
    shade = (1 + tilt[0] * x + tilt[1] * y) if rng.random() < 0.6 else np.ones((side, side))
    picture = np.where(body[..., None] > 0, colour * shade[..., None], picture)
    box = None
    if kind != "clean":
        shape = np.zeros((side, side), np.uint8)
        middle = np.array([side / 2, side / 2]) + rng.uniform(-side / 10, side / 10, 2)
        if kind == "scratch":
            angle, half = rng.uniform(0, np.pi), rng.uniform(side / 14, side / 5)
            reach = half * np.array([np.cos(angle), np.sin(angle)])
            ends = [tuple(int(v) for v in middle + sign * reach) for sign in (-1, 1)]
            cv2.line(shape, ends[0], ends[1], 255, int(rng.integers(1, 5)))
        else:
            axes = tuple(int(v) for v in rng.integers(side // 48, side // 12, 2))
            cv2.ellipse(shape, tuple(int(v) for v in middle), axes, float(rng.uniform(0, 180)), 0, 360, 255, -1)
        shape &= body
        darker = kind == "stain" or rng.random() < 0.5 or colour.max() > 185
        goal = picture * rng.uniform(0.3, 0.7) if darker else picture + rng.uniform(45, 90)
        picture = np.where(shape[..., None] > 0, goal, picture)
        box = tuple(int(v) for v in cv2.boundingRect(shape))
    if rng.random() < 0.4:
        picture = cv2.GaussianBlur(picture, (0, 0), 0.7)
    noisy = picture + rng.normal(0, rng.uniform(0, 5), picture.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8), box  # type: ignore[return-value]
