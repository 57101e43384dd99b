"""Pictures with known objects."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage import data, filters, measure, morphology, segmentation

BoolMask = npt.NDArray[np.bool_]


def discs(seed: int = 0) -> tuple[npt.NDArray[np.uint8], list[BoolMask]]:
    """24 discs of different colours on a gray ground with a little noise, 640 x 480."""
    rng = np.random.default_rng(seed)
    rgb = np.full((480, 640, 3), 118.0)
    y, x = np.mgrid[0:480, 0:640]
    masks = []
    for row in range(4):
        for column in range(6):
            mask = (x - 55 - column * 106) ** 2 + (y - 60 - row * 120) ** 2 < rng.uniform(22, 44) ** 2
            colour = rng.uniform(0, 255, 3)
            while np.abs(colour - 118).max() < 60:
                colour = rng.uniform(0, 255, 3)
            rgb[mask] = colour
            masks.append(mask)
    return (rgb + rng.normal(0, 3, rgb.shape)).clip(0, 255).astype(np.uint8), masks


def coins() -> tuple[npt.NDArray[np.uint8], list[BoolMask]]:
    """The coins of scikit-image with its tutorial's segmentation as truth."""
    gray = data.coins()
    markers = np.zeros(gray.shape, int)
    markers[gray < 30], markers[gray > 150] = 1, 2
    filled = ndimage.binary_fill_holes(segmentation.watershed(filters.sobel(gray), markers) == 2)
    labels = measure.label(morphology.remove_small_objects(filled, max_size=100))
    return np.dstack([gray] * 3), [labels == label for label in range(1, int(labels.max()) + 1)]


def best(found: list[BoolMask], truth: BoolMask) -> float:
    """The best IoU of any mask with the truth."""
    return max(((mask & truth).sum() / (mask | truth).sum() for mask in found), default=0.0)
