"""Generated fluorescence pictures: textured blobs, clumps, out-of-focus light, and plain disks whose outline is known exactly."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from shapes import Image, Outline, camera, coverage, fractal, illumination, smooth_noise

Scene = tuple[Image, npt.NDArray[np.int32], Image]


def nuclei_scene(rng: np.random.Generator, size: int) -> Scene:
    """(picture 0..1, labels, anti-aliased foreground), each [size, size]."""
    plain = rng.random() < 0.35
    shape = (size, size)
    labels = np.zeros(shape, np.int32)
    cover = np.zeros(shape, np.float32)
    light = np.zeros(shape, np.float32)
    radius = float(np.clip(15 * np.exp(rng.normal(0, 0.4)), 6, 60))
    spots = _spots(rng, size, radius)
    spread = 0.0 if plain and rng.random() < 0.6 else rng.uniform(0.05, 0.6)
    overlap_adds = rng.random() < 0.4
    for number, (x, y) in enumerate(spots, start=1):
        waves = 0.0 if plain and rng.random() < 0.5 else rng.uniform(0.01, 0.09)
        outline = Outline(rng, radius * np.exp(rng.normal(0, 0.18)), waves, 1.0 + rng.exponential(0.4), 5)
        placed = outline.place(shape, x, y)
        if placed is None:
            continue
        rows, columns, depth = placed
        share = coverage(depth)
        taken = labels[rows, columns] > 0
        if (taken & (share > 0.5)).mean() > 0.35 * (share > 0.5).mean():
            continue
        level = np.exp(rng.normal(0, spread))
        glow = share * level if plain else share * level * _texture(rng, depth, outline.radius)
        light[rows, columns] = light[rows, columns] + glow if overlap_adds else np.maximum(light[rows, columns], glow)
        labels[rows, columns][(share > 0.5) & ~taken] = number
        cover[rows, columns] = np.maximum(cover[rows, columns], share)
    picture = _expose(rng, light, plain, radius)
    return picture, labels, cover


def _spots(rng: np.random.Generator, size: int, radius: float) -> list[tuple[float, float]]:
    """Scattered and clustered centres; about one picture in twenty is empty."""
    if rng.random() < 0.05:
        return []
    room = (size / radius) ** 2
    count = max(1, int(room * rng.uniform(0.02, 0.26)))
    spots = [(float(x), float(y)) for x, y in rng.uniform(-radius, size + radius, (count, 2))]
    for x, y in spots[: int(count * rng.uniform(0, 0.7))]:
        for _ in range(rng.integers(1, 4)):
            angle, step = rng.uniform(0, 2 * np.pi), radius * rng.uniform(1.45, 2.1)
            spots.append((x + step * np.cos(angle), y + step * np.sin(angle)))
    return spots


def _texture(rng: np.random.Generator, depth: Image, radius: float) -> Image:
    grain = 1 + rng.uniform(0, 0.35) * fractal(rng, depth.shape, radius * rng.uniform(0.15, 0.7), 3)
    dome = np.clip(depth / radius, 0, 1) ** rng.uniform(0.05, 0.7) if rng.random() < 0.6 else 1.0
    holes = 1.0
    if rng.random() < 0.3:
        holes = 1 - rng.uniform(0.2, 0.6) * (smooth_noise(rng, depth.shape, radius * 0.4) > 1.1)
    return (np.clip(grain, 0.1, 3) * dome * holes).astype(np.float32)


def _expose(rng: np.random.Generator, light: Image, plain: bool, radius: float) -> Image:
    """Out-of-focus haze, background, debris, uneven light and the camera."""
    if plain and rng.random() < 0.6:
        contrast = np.exp(rng.uniform(np.log(4), np.log(25)))
        return camera(rng, light + (1 / contrast) * rng.standard_normal(light.shape).astype(np.float32), rng.uniform(0, 0.4), 0.0, 0.05)
    haze = rng.uniform(0, 0.35) * cv2.GaussianBlur(light, (0, 0), radius * rng.uniform(0.5, 2.5))
    picture = light + haze + rng.uniform(0, 0.6)
    if rng.random() < 0.25:
        ghosts = np.roll(light, tuple(int(v) for v in rng.integers(20, 120, 2)), (0, 1))
        picture += rng.uniform(0.05, 0.25) * cv2.GaussianBlur(ghosts, (0, 0), radius * rng.uniform(0.4, 0.8))
    if rng.random() < 0.3:
        dots = (rng.random(light.shape) < 10 ** rng.uniform(-4, -2.6)).astype(np.float32) * rng.uniform(0.5, 4)
        picture += cv2.GaussianBlur(dots, (0, 0), rng.uniform(0.6, 1.6)) * 4
    picture *= illumination(rng, light.shape, rng.uniform(0, 0.25))
    return camera(rng, picture, rng.uniform(0, 1.8), float(np.exp(rng.uniform(np.log(0.005), np.log(0.12)))))
