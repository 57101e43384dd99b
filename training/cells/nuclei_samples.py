"""Training crops for the nuclei network: real pictures brought to a common object size, and generated ones."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from nuclei_data import Nuclei
from nuclei_scenes import nuclei_scene
from shapes import illumination, stretch
from targets import targets_of

DIAMETER = 38.0
GENERATED = 0.25

Sample = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]


def draw(rng: np.random.Generator, items: list[Nuclei], size: int) -> Sample:
    """(picture [1, size, size], target [4, size, size])."""
    if rng.random() < GENERATED:
        picture, labels, cover = nuclei_scene(rng, size)
        return picture[None], targets_of(labels, cover)
    item = items[rng.integers(len(items))]
    picture, labels = crop(rng, item, size)
    return degrade(rng, picture)[None], targets_of(labels)


def crop(rng: np.random.Generator, item: Nuclei, size: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]:
    """A turned, mirrored, scaled and slightly stretched part, with objects of about 38 px (16 to 60)."""
    wanted = float(np.clip(DIAMETER * np.exp(rng.normal(0, 0.3)), 16, 60))
    scale = np.clip(wanted / item.diameter, 0.4, 5.0)
    picture = stretch(item.picture.astype(np.float32))
    if scale < 0.8:
        picture = cv2.GaussianBlur(picture, (0, 0), 0.4 / scale)
    height, width = picture.shape
    half = 0.35 * size / scale
    x = rng.uniform(min(half, width / 2), max(width - half, width / 2))
    y = rng.uniform(min(half, height / 2), max(height - half, height / 2))
    angle = rng.uniform(0, 2 * np.pi) if rng.random() < 0.5 else rng.integers(4) * np.pi / 2
    squeeze = np.exp(rng.normal(0, 0.08))
    mirror = rng.choice([-1.0, 1.0])
    matrix = scale * np.array([[np.cos(angle) * squeeze, -np.sin(angle)], [mirror * np.sin(angle) * squeeze, mirror * np.cos(angle)]])
    shift = size / 2 - matrix @ np.array([x, y])
    affine = np.hstack([matrix, shift[:, None]])
    kind = cv2.INTER_CUBIC if rng.random() < 0.5 else cv2.INTER_LINEAR
    seen = cv2.warpAffine(picture, affine, (size, size), flags=kind, borderMode=cv2.BORDER_REFLECT_101)
    marks = cv2.warpAffine(item.labels.astype(np.float32), affine, (size, size), flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT_101)
    for _ in range(int(np.clip(np.round(scale - 0.6), 0, 3))):
        marks = cv2.medianBlur(marks, 5)
    return np.clip(seen, 0, 1), renumber(marks.astype(np.int32))


def renumber(labels: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Labels 1..n without gaps."""
    values, inverse = np.unique(labels, return_inverse=True)
    flat = inverse.reshape(labels.shape).astype(np.int32)
    return flat if values[0] == 0 else flat + 1


def degrade(rng: np.random.Generator, picture: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Contrast curve, uneven light, blur, noise and haze, then the engine's scaling again (often on other percentiles)."""
    if rng.random() < 0.6:
        picture = picture ** np.float32(np.exp(rng.normal(0, 0.35)))
    if rng.random() < 0.3:
        picture = picture * illumination(rng, picture.shape, rng.uniform(0.05, 0.3))
    if rng.random() < 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 2.0))
    if rng.random() < 0.25:
        picture = picture + rng.uniform(0.1, 0.5) * cv2.GaussianBlur(picture, (0, 0), rng.uniform(8, 30))
    if rng.random() < 0.4:
        noise = rng.standard_normal(picture.shape).astype(np.float32) * np.exp(rng.uniform(np.log(0.005), np.log(0.1)))
        picture = picture + (noise * np.sqrt(np.clip(picture, 0.05, 1)) if rng.random() < 0.5 else noise)
    if rng.random() < 0.5:
        return stretch(picture)
    low = picture.min() - rng.uniform(0, 0.1)
    return np.clip((picture - low) * rng.uniform(0.5, 1.1) / max(float(picture.max() - low), 1e-3), 0, 1).astype(np.float32)
