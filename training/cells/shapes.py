"""Shapes, textures and optics that the generated pictures are drawn with. Everything takes a numpy generator, so a seed gives a picture."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.float32]


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], grain: float) -> Image:
    """Gaussian random field, mean 0 and standard deviation 1, with features about ``grain`` pixels wide."""
    height, width = (max(4, int(np.ceil(side / max(grain, 1.0))) + 3) for side in shape)
    field = cv2.resize(rng.standard_normal((height, width)).astype(np.float32), shape[::-1], interpolation=cv2.INTER_CUBIC)
    return (field - field.mean()) / (field.std() + 1e-6)


def fractal(rng: np.random.Generator, shape: tuple[int, int], grain: float, octaves: int = 4) -> Image:
    """Sum of random fields, each half as coarse and 0.6 as strong as the one before; standard deviation 1."""
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        total += 0.6**octave * smooth_noise(rng, shape, grain / 2**octave)
    return total / (total.std() + 1e-6)


class Outline:
    """A closed curve: an ellipse with angular waves, ``radius * (1 + sum a_k cos(k t + p_k))``."""

    def __init__(self, rng: np.random.Generator, radius: float, waves: float = 0.05, stretch: float = 1.3, highest: int = 7) -> None:
        orders = np.arange(2, highest + 1)
        self.orders = orders
        self.amplitudes = rng.normal(0, waves, orders.size) / (orders - 1.0)
        self.phases = rng.uniform(0, 2 * np.pi, orders.size)
        self.radius = radius
        ratio = np.sqrt(rng.uniform(1.0, stretch))
        angle = rng.uniform(0, np.pi)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        self.frame = np.diag([1 / ratio, ratio]) @ turn
        self.reach = radius * ratio * (1 + 2 * np.abs(self.amplitudes).sum())

    def depth(self, dx: Image, dy: Image) -> Image:
        """Approximate signed distance in pixels (positive inside) at offsets from the centre."""
        u = self.frame[0, 0] * dx + self.frame[0, 1] * dy
        v = self.frame[1, 0] * dx + self.frame[1, 1] * dy
        rho = np.sqrt(u * u + v * v) + 1e-6
        table = np.linspace(-np.pi, np.pi, 361)
        edge = self.radius * (1 + (self.amplitudes[:, None] * np.cos(self.orders[:, None] * table + self.phases[:, None])).sum(0))
        limit = np.interp(np.arctan2(v, u).ravel(), table, edge).reshape(u.shape)
        # In the stretched frame a step is not a pixel: the ratio of true to stretched distance along the ray corrects it.
        correction = np.sqrt(dx * dx + dy * dy) / rho
        return ((limit - rho) * np.clip(correction, 0.4, 2.5)).astype(np.float32)

    def place(self, shape: tuple[int, int], x: float, y: float, margin: float = 2.0) -> tuple[slice, slice, Image] | None:
        """(rows, columns, depth) of the part of a picture that the outline at (x, y) reaches, or None outside."""
        reach = self.reach + margin
        x0, x1 = max(0, int(x - reach)), min(shape[1], int(x + reach) + 2)
        y0, y1 = max(0, int(y - reach)), min(shape[0], int(y + reach) + 2)
        if x1 - x0 < 2 or y1 - y0 < 2:
            return None
        dx, dy = np.meshgrid(np.arange(x0, x1, dtype=np.float32) + 0.5 - x, np.arange(y0, y1, dtype=np.float32) + 0.5 - y)
        return slice(y0, y1), slice(x0, x1), self.depth(dx, dy)


def coverage(depth: Image) -> Image:
    """Share of a pixel inside the outline for a signed depth in pixels."""
    return np.clip(depth + 0.5, 0.0, 1.0)


def illumination(rng: np.random.Generator, shape: tuple[int, int], strength: float) -> Image:
    """Slowly varying factor about 1: a plane, a vignette and a soft field."""
    height, width = shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    cx, cy = rng.uniform(-0.5, 0.5, 2)
    field = rng.normal() * x + rng.normal() * y - np.abs(rng.normal(0, 1.2)) * ((x - cx) ** 2 + (y - cy) ** 2)
    field = field + 0.5 * smooth_noise(rng, shape, max(shape) / 2.5)
    return np.exp(strength * (field - field.mean()) / (field.std() + 1e-6)).astype(np.float32)


def camera(rng: np.random.Generator, picture: Image, blur: float, noise: float, jpeg: float = 0.25) -> Image:
    """Blur, shot and read noise, sometimes noise that was smoothed with the picture, sometimes compression; result scaled to 0..1."""
    if blur > 0.2:
        picture = cv2.GaussianBlur(picture, (0, 0), blur)
    spread = float(np.percentile(picture, 99.5) - np.percentile(picture, 0.5)) + 1e-6
    grain = rng.standard_normal(picture.shape).astype(np.float32)
    if rng.random() < 0.3:
        grain = cv2.GaussianBlur(grain, (0, 0), rng.uniform(0.5, 1.2))
        grain /= grain.std() + 1e-6
    shot = np.sqrt(np.clip((picture - picture.min()) / spread, 0.0, 2.0)) if rng.random() < 0.5 else 1.0
    picture = picture + noise * spread * grain * (0.5 + shot)
    picture = stretch(picture)
    if rng.random() < jpeg:
        quality = int(rng.uniform(25, 95))
        _, data = cv2.imencode(".jpg", (picture * 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])
        picture = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255
    elif rng.random() < 0.2:
        levels = rng.integers(20, 120)
        picture = np.round(picture * levels) / levels
    return picture.astype(np.float32)


def stretch(picture: Image) -> Image:
    """The engine's own scaling: 0.1 and 99.9 percentiles to 0 and 1."""
    low, high = np.percentile(picture, [0.1, 99.9])
    return np.clip((picture - low) / max(float(high - low), 1e-6), 0.0, 1.0).astype(np.float32)
