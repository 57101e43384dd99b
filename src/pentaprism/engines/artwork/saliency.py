"""Where people look in a picture: spectral residual, edges, skin and faces, as one map.

The spectral residual is that of Hou and Zhang, "Saliency Detection: A Spectral Residual Approach", CVPR 2007. Faces are found by the
cascade of local binary patterns that scikit-image carries (Liao et al., "Learning Multi-scale Block Local Binary Patterns", ICB 2007).
"""

from functools import cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Map = npt.NDArray[np.float32]

RESIDUAL_SIDE = 64
MAP_SIDE = 256
WEIGHTS = {"residual": 1.0, "edges": 0.4, "skin": 0.8}
CENTRE_PULL = 0.25
FACE_SHARE = 0.5
FACE_MARGIN = 0.35
SMALLEST_FACE = 24
LEAST_CONTRAST = 4


def saliency(picture: npt.NDArray[Any]) -> Map:
    """Saliency of uint8 [H, W, 3] RGB as float32 [h, w] that sums to 1; its long side has at most 256 pixels. Deterministic."""
    height, width = picture.shape[:2]
    scale = min(1.0, MAP_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(picture[..., :3], size, interpolation=cv2.INTER_AREA)
    if np.ptp(small.reshape(-1, 3), axis=0).max() < LEAST_CONTRAST:
        return np.full(small.shape[:2], 1 / (size[0] * size[1]), np.float32)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)
    total = WEIGHTS["residual"] * _residual(lab) + WEIGHTS["edges"] * _edges(lab) + WEIGHTS["skin"] * _skin(small)
    total = np.asarray(total * _centre(*total.shape), np.float32)
    # Faint clutter everywhere would pull a window to the middle, so only what stands out counts.
    total = np.maximum(total - np.float32(total.mean()), 0)
    found = faces(small)
    mass, face_mass = float(total.sum()), float(found.sum())
    total = total / max(mass, 1e-9)
    if face_mass > 0:
        total = (1 - FACE_SHARE) * total + FACE_SHARE * found / face_mass
    return np.asarray(total / total.sum(), np.float32)


def faces(small: npt.NDArray[Any]) -> Map:
    """Frontal faces of uint8 [h, w, 3] as float32 [h, w], 0 where there is none; larger faces weigh more."""
    marks = np.zeros(small.shape[:2], np.float32)
    side = min(small.shape[:2])
    if side < 2 * SMALLEST_FACE:
        return marks
    boxes = _cascade().detect_multi_scale(
        small, scale_factor=1.2, step_ratio=1.3, min_size=(SMALLEST_FACE, SMALLEST_FACE), max_size=(side, side)
    )
    for box in boxes:
        margin = round(FACE_MARGIN * box["width"])
        top, left = max(box["r"] - margin, 0), max(box["c"] - margin, 0)
        marks[top : box["r"] + box["height"] + margin, left : box["c"] + box["width"] + margin] += box["width"]
    return marks


@cache
def _cascade() -> Any:
    from skimage.data import lbp_frontal_face_cascade_filename  # noqa: PLC0415 - loads with the first crop
    from skimage.feature import Cascade  # noqa: PLC0415 - loads with the first crop

    trained: Any = lbp_frontal_face_cascade_filename
    return Cascade(trained())


def _residual(lab: Map) -> Map:
    """Spectral residual of the three channels at 64 pixels, enlarged again, 0..1."""
    side = (RESIDUAL_SIDE, RESIDUAL_SIDE)
    found = np.zeros(side, np.float32)
    for channel in range(3):
        spectrum = np.fft.fft2(cv2.resize(lab[..., channel], side, interpolation=cv2.INTER_AREA))
        magnitude = np.log(np.abs(spectrum) + 1e-6).astype(np.float32)
        residual = magnitude - cv2.blur(magnitude, (3, 3))
        found += np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))).astype(np.float32) ** 2
    smooth = cv2.GaussianBlur(found, (0, 0), 2.5)
    return _to_one(cv2.resize(smooth, (lab.shape[1], lab.shape[0]), interpolation=cv2.INTER_CUBIC))


def _edges(lab: Map) -> Map:
    """Density of edges in lightness and colour, 0..1."""
    strength = np.zeros(lab.shape[:2], np.float32)
    for channel in range(3):
        plane = np.ascontiguousarray(lab[..., channel])
        strength = strength + np.hypot(cv2.Sobel(plane, cv2.CV_32F, 1, 0), cv2.Sobel(plane, cv2.CV_32F, 0, 1))
    return _to_one(cv2.GaussianBlur(strength, (0, 0), max(lab.shape[:2]) / 40))


def _skin(small: npt.NDArray[Any]) -> Map:
    """Closeness to skin in the chroma plane (Cr about 152, Cb about 108), where it is not too dark, 0..1."""
    chroma = cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb).astype(np.float32)
    distance = ((chroma[..., 1] - 152) / 12) ** 2 + ((chroma[..., 2] - 108) / 12) ** 2
    like = np.exp(-0.5 * distance) * (chroma[..., 0] > 50)
    return np.asarray(cv2.GaussianBlur(like.astype(np.float32), (0, 0), max(small.shape[:2]) / 60), np.float32)


def _centre(height: int, width: int) -> Map:
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, width, dtype=np.float32)[None]
    return np.asarray(1 - CENTRE_PULL * np.clip(rows**2 + columns**2, 0, 2) / 2, np.float32)


def _to_one(values: npt.NDArray[Any]) -> Map:
    low, high = float(values.min()), float(values.max())
    return np.asarray((values - low) / max(high - low, 1e-9), np.float32)
