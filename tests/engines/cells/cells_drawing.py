"""Rendered pictures whose truth is known: anti-aliased shapes with Gaussian noise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.float32]


def disk(
    shape: tuple[int, int], x: float, y: float, radius: float, stretch: float = 1.0, angle: float = 0.0, ripple: float = 0.0
) -> Picture:
    """Coverage 0..1 of an ellipse (axes radius*sqrt(stretch), radius/sqrt(stretch)) with seven radial waves, 4x4 samples a pixel."""
    fine = 4
    rows = (np.arange(shape[0] * fine, dtype=np.float32) + 0.5) / fine - np.float32(y)
    columns = (np.arange(shape[1] * fine, dtype=np.float32) + 0.5) / fine - np.float32(x)
    dy, dx = np.meshgrid(rows, columns, indexing="ij")
    u = (dx * np.cos(angle) + dy * np.sin(angle)) / np.sqrt(stretch)
    v = (-dx * np.sin(angle) + dy * np.cos(angle)) * np.sqrt(stretch)
    limit = radius * (1 + ripple * np.cos(7 * np.arctan2(v, u))) if ripple else radius
    inside = (np.hypot(u, v) <= limit).astype(np.float32)
    return inside.reshape(shape[0], fine, shape[1], fine).mean((1, 3))


def noisy(cover: Picture, contrast_to_noise: float, rng: np.random.Generator, dark: bool = False) -> npt.NDArray[np.uint16]:
    """16-bit camera picture: 1,000 counts of background, 2,000 of contrast (downwards when dark), Gaussian noise."""
    level = 6000.0 - 2000.0 * cover if dark else 1000.0 + 2000.0 * cover
    return np.clip(level + rng.normal(0, 2000.0 / contrast_to_noise, cover.shape), 0, 65535).astype(np.uint16)


def iou(a: npt.NDArray[np.bool_], b: npt.NDArray[np.bool_]) -> float:
    """Intersection over union."""
    return float((a & b).sum() / max((a | b).sum(), 1))
