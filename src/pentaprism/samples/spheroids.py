"""Bright-field pictures of spheroids, drawn by rule.

Nobody may redistribute the real pictures that we know of, so these are rendered: a vignetted, slightly uneven background, dark
rough-edged spheroids with a bright halo and inner texture, floating debris, blur of the optics, shot noise. They show what the
pipeline does; they say nothing about its accuracy on real pictures.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Picture = npt.NDArray[np.uint8]
Field = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spheroid:
    """One object: centre and mean radius in pixels, how rough its outline is (relative amplitude), how dark it is (0..1)."""

    x: float
    y: float
    radius: float
    roughness: float = 0.05
    darkness: float = 0.55


def render(spheroids: list[Spheroid], *, width: int = 900, height: int = 700, seed: int = 0) -> Picture:
    """A grey picture [height, width], uint8, of ``spheroids``; the same seed gives the same picture."""
    random = np.random.default_rng(seed)
    light = _background(width, height, random)
    for spheroid in spheroids:
        light = _draw(light, spheroid, random)
    light = _debris(light, random)
    light = ndimage.gaussian_filter(light, 1.1)
    photons = random.poisson(np.clip(light, 0.02, 1.0) * 2600) / 2600
    return np.clip(np.round(photons * 255), 0, 255).astype(np.uint8)


def outline_factor(angle: Field, roughness: float, random: np.random.Generator) -> Field:
    """Radius over mean radius at each ``angle`` (radians): a sum of a few random harmonics, smooth and closed."""
    factor = np.ones_like(angle)
    for harmonic in range(2, 9):
        factor += roughness / harmonic * random.normal() * np.cos(harmonic * angle + random.uniform(0, 2 * np.pi))
    return factor


def _background(width: int, height: int, random: np.random.Generator) -> Field:
    """Uneven light: a tilted vignette and slow spots, about 0.72 in the middle."""
    y, x = np.mgrid[0:height, 0:width]
    across, down = (x / width - 0.5), (y / height - 0.5)
    vignette = 0.74 - 0.22 * (across**2 + down**2) + 0.05 * across * random.uniform(-1, 1)
    spots = ndimage.gaussian_filter(random.normal(size=(height, width)), 60)
    light: Field = vignette + 0.02 * spots / np.abs(spots).max()
    return light


def _draw(light: Field, spheroid: Spheroid, random: np.random.Generator) -> Field:
    """``light`` with one spheroid in it: a soft dark body, a rim, cell-sized texture and a halo outside."""
    height, width = light.shape
    y, x = np.mgrid[0:height, 0:width]
    dx, dy = x - spheroid.x, y - spheroid.y
    factor = outline_factor(np.arctan2(dy, dx), spheroid.roughness, random)
    ratio = np.hypot(dx, dy) / (spheroid.radius * factor)
    inside = 1 / (1 + np.exp((ratio - 1) * spheroid.radius / 1.6))
    texture = _noise(light.shape, max(3.0, spheroid.radius / 18), 0.055, random) + _noise(light.shape, 1.7, 0.075, random)
    thickness = np.sqrt(np.clip(1 - ratio**2, 0, 1))
    body = 1 - spheroid.darkness * (0.62 + 0.38 * thickness)
    rim = -0.10 * np.exp(-(((ratio - 0.97) * spheroid.radius / 4) ** 2))
    halo = 0.09 * np.exp(-(((ratio - 1.0) * spheroid.radius / 7 - 1.2) ** 2))
    drawn: Field = light * (1 - inside + inside * body) + inside * (texture + rim) + (1 - inside) * halo
    return drawn


def _noise(shape: tuple[int, ...], scale: float, amplitude: float, random: np.random.Generator) -> Field:
    """Smooth noise with features of ``scale`` pixels between -``amplitude`` and ``amplitude``."""
    noise: Field = ndimage.gaussian_filter(random.normal(size=shape), scale)
    noise *= amplitude / np.abs(noise).max()
    return noise


def _debris(light: Field, random: np.random.Generator) -> Field:
    """A few dots of dust and single cells, too small to be objects."""
    height, width = light.shape
    result = light.copy()
    for _ in range(25):
        radius = random.uniform(1.2, 3.2)
        cx, cy = random.uniform(8, width - 8), random.uniform(8, height - 8)
        reach = int(radius * 3) + 1
        top, left = max(0, int(cy) - reach), max(0, int(cx) - reach)
        window = result[top : int(cy) + reach, left : int(cx) + reach]
        y, x = np.mgrid[top : top + window.shape[0], left : left + window.shape[1]]
        window -= 0.16 * np.exp(-(((x - cx) ** 2 + (y - cy) ** 2) / (2 * radius**2)))
    return result
