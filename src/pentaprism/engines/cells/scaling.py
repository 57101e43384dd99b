"""From raw samples to 0..1: scaling between the 0.1 and 99.9 percentiles of the analysed plane."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pentaprism.engines.cells.parameters import Picture, Plane

SAMPLES = 4_000_000


@dataclass(frozen=True)
class Scale:
    """Raw value ``low`` becomes 0, ``high`` becomes 1; ``high == low`` marks a picture without contrast."""

    low: float
    high: float

    @property
    def flat(self) -> bool:
        """True when nothing can be told apart."""
        return not self.high > self.low

    def apply(self, plane: Plane) -> Picture:
        """float32 0..1; samples that are not finite become 0."""
        if self.flat:
            return np.zeros(plane.shape, np.float32)
        if plane.dtype.kind == "f" and plane.dtype.itemsize > 4:
            values = ((plane - self.low) / (self.high - self.low)).astype(np.float32)
        else:
            values = (plane.astype(np.float32) - np.float32(self.low)) * np.float32(1.0 / (self.high - self.low))
        if plane.dtype.kind == "f":
            values = np.nan_to_num(values, nan=0.0, posinf=1.0, neginf=0.0)
        return np.clip(values, 0.0, 1.0, out=values)


def scale_of(plane: Plane) -> Scale:
    """The plane's 0.1 and 99.9 percentiles; above four million samples from a regular grid of them.

    Where these two coincide although the plane is not constant (a few bright spots on black), its extremes take their place.
    """
    step = max(1, int(np.ceil(np.sqrt(plane.size / SAMPLES))))
    values = plane[::step, ::step]
    if plane.dtype.kind == "b":
        values = values.astype(np.uint8)
    if plane.dtype.kind == "f":
        values = values[np.isfinite(values)]
    if values.size == 0:
        return Scale(0.0, 0.0)
    low, high = (float(v) for v in np.percentile(values, [0.1, 99.9]))
    if not high > low:
        low, high = float(values.min()), float(values.max())
    return Scale(low, high)


def shrink(plane: Plane, scale: Scale, limit: int) -> tuple[Picture, float]:
    """The scaled picture with its longer side at most ``limit`` and the factor by which it was shrunk (<= 1)."""
    factor = min(1.0, limit / max(plane.shape))
    if factor == 1.0:
        return scale.apply(plane), 1.0
    step = max(1, int(0.5 / factor))
    if step == 1:
        return resize(scale.apply(plane), (round(plane.shape[0] * factor), round(plane.shape[1] * factor))), factor
    rows = [
        cv2.blur(scale.apply(plane[top : top + 16 * step]), (step, step))[step // 2 :: step, step // 2 :: step]
        for top in range(0, plane.shape[0], 16 * step)
    ]
    shape = (max(1, round(plane.shape[0] * factor)), max(1, round(plane.shape[1] * factor)))
    return resize(np.concatenate(rows), shape), factor


def smooth(picture: Picture, sigma: float) -> Picture:
    """Gaussian blur; below 0.2 px the picture itself."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.float32) if sigma > 0.2 else picture


def resize(picture: Picture, shape: tuple[int, int]) -> Picture:
    """Area averaging downwards, bilinear upwards; pixel centres keep their place, no side gets below one pixel."""
    shape = (max(1, shape[0]), max(1, shape[1]))
    if picture.shape == shape:
        return picture
    kind = cv2.INTER_AREA if shape[0] <= picture.shape[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, shape[::-1], interpolation=kind), np.float32)


def part_of(small: Picture, place: tuple[int, int], shape: tuple[int, int], whole: tuple[int, int], cubic: bool = False) -> Picture:
    """What lies under the window at row, column ``place`` of a plane of shape ``whole`` in its reduced copy, at the plane's size.

    ``cubic`` results are cut to 0..1.
    """
    ratio_y, ratio_x = small.shape[0] / whole[0], small.shape[1] / whole[1]
    matrix = np.array([[ratio_x, 0, (place[1] + 0.5) * ratio_x - 0.5], [0, ratio_y, (place[0] + 0.5) * ratio_y - 0.5]], np.float64)
    flags = (cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
    part = np.asarray(cv2.warpAffine(small, matrix, shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)
    return np.clip(part, 0.0, 1.0, out=part) if cubic else part
