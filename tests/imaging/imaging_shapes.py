"""Masks of known shapes at any sub-pixel position."""

import numpy as np

Mask = np.ndarray


def grid(height: int, width: int, factor: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates y, x of pixel centres (of `factor` x `factor` sub-pixels)."""
    y, x = np.mgrid[0 : height * factor, 0 : width * factor]
    return (y + 0.5) / factor, (x + 0.5) / factor


def disk(radius: float, centre: tuple[float, float], height: int, width: int) -> Mask:
    """Pixels whose centre lies in a disk; centre is x, y."""
    y, x = grid(height, width)
    return (x - centre[0]) ** 2 + (y - centre[1]) ** 2 <= radius**2


def covered_disk(radius: float, centre: tuple[float, float], side: int, factor: int = 8) -> np.ndarray:
    """Anti-aliased disk: the covered share of each pixel, float32."""
    low = np.sqrt(0.5)
    y, x = grid(side, side)
    distance = np.hypot(x - centre[0], y - centre[1]) - radius
    share = (distance < 0).astype(np.float32)
    for i, j in np.argwhere(np.abs(distance) <= low):
        sy, sx = grid(1, 1, factor)
        share[i, j] = ((sx + j - centre[0]) ** 2 + (sy + i - centre[1]) ** 2 <= radius**2).mean()
    return share


def square(side: float, angle: float, centre: tuple[float, float], size: int) -> Mask:
    """Pixels whose centre lies in a square turned by an angle in radians."""
    y, x = grid(size, size)
    x, y = x - centre[0], y - centre[1]
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    return (np.abs(u) <= side / 2) & (np.abs(v) <= side / 2)


def positions(number: int, seed: int) -> list[tuple[float, float]]:
    """Random sub-pixel offsets."""
    return [tuple(p) for p in np.random.default_rng(seed).random((number, 2))]
