"""The product's mask: a colour model of the picture's border, and GrabCut where that ground is not plain."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from pentaprism.engines.products.colour import clusters, to_lab
from pentaprism.engines.products.results import Mask, Rgb

PLAIN_SPREAD = 5.0
"""Border colours within this distance (CIE76) of few centres are a plain ground."""
LEAST_SHARE, MOST_SHARE = 0.01, 0.97
CUT_SIDE = 192
CUT_ROUNDS = 3

# GrabCut draws from OpenCV's generator, which all threads share.
_GRABCUT = threading.Lock()


def foreground(rgb: Rgb) -> Mask:
    """The product [h, w] in a picture [h, w, 3]. A picture that shows nothing but surface is all foreground."""
    height, width = rgb.shape[:2]
    if min(height, width) < 8:
        return np.ones((height, width), np.bool_)
    lab = to_lab(np.asarray(cv2.GaussianBlur(rgb, (0, 0), 1.0), np.uint8))
    edge = _border(lab)
    centres, shares = clusters(edge, 3)
    distance = _distance(lab, centres[shares >= 0.08])
    spread = float(np.quantile(_distance(edge[None], centres[shares >= 0.08]), 0.9))
    mask = _plain(distance, spread) if spread < PLAIN_SPREAD else _cut(rgb, distance, spread)
    mask = _solid(mask)
    share = mask.mean()
    return mask if LEAST_SHARE <= share <= MOST_SHARE else np.ones((height, width), np.bool_)


def _border(lab: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Colours of a frame of 2 % of the shorter side, at most 4,000 of them. A product that is cut off at the lower border is usual,
    so the frame is of the other three sides."""
    depth = max(1, round(min(lab.shape[:2]) * 0.02))
    parts = (lab[:depth], lab[:, :depth], lab[:, -depth:])
    edge = np.concatenate([part.reshape(-1, 3) for part in parts])
    return edge[:: max(1, len(edge) // 4000)]


def _distance(lab: npt.NDArray[np.float32], centres: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """To the nearest centre [h, w]; lightness counts half, so that a soft shadow is ground."""
    # Channel by channel: NumPy takes several times as long for sums over an axis of three.
    lightness, a, b = cv2.split(lab)
    nearest: npt.NDArray[np.float32] | None = None
    for centre in centres:
        square = ((lightness - centre[0]) * np.float32(0.6)) ** 2
        square += (a - centre[1]) ** 2
        square += (b - centre[2]) ** 2
        nearest = square if nearest is None else np.minimum(nearest, square, out=nearest)
    return np.sqrt(np.asarray(nearest, np.float32))


def _plain(distance: npt.NDArray[np.float32], spread: float) -> Mask:
    level = max(3.5, 2.5 * spread)
    grown = ndimage.binary_propagation(distance > level, mask=distance > 0.7 * level)
    found: Mask = np.asarray(grown, np.bool_)
    return found


def _cut(rgb: Rgb, distance: npt.NDArray[np.float32], spread: float) -> Mask:
    """GrabCut at a small size, started from the border model and the middle of the picture."""
    height, width = distance.shape
    scale = min(1.0, CUT_SIDE / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    far = cv2.resize(distance, size, interpolation=cv2.INTER_AREA)
    y, x = np.mgrid[: size[1], : size[0]]
    central = np.hypot((x + 0.5) / size[0] - 0.5, (y + 0.5) / size[1] - 0.5) * 2
    state = np.where((far > 2.0 * spread) & (central < 0.85) | (central < 0.35), cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    rim = max(1, round(min(size) * 0.02))
    state[:rim], state[:, :rim], state[:, -rim:] = cv2.GC_BGD, cv2.GC_BGD, cv2.GC_BGD
    models = np.zeros((1, 65)), np.zeros((1, 65))
    with _GRABCUT:
        cv2.setRNGSeed(7)
        cv2.grabCut(np.ascontiguousarray(small[:, :, ::-1]), state, (0, 0, 0, 0), *models, CUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
    found = ((state == cv2.GC_FGD) | (state == cv2.GC_PR_FGD)).astype(np.float32)
    large = cv2.resize(cv2.GaussianBlur(found, (0, 0), 1.0), (width, height), interpolation=cv2.INTER_LINEAR)
    mask: Mask = large > 0.5
    return mask


def _solid(mask: Mask) -> Mask:
    """Without specks: parts of at least a twentieth of the largest, holes below 2 % of the product filled."""
    radius = max(1, round(min(mask.shape) / 256))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    closed = cv2.morphologyEx(closed, cv2.MORPH_OPEN, kernel)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    sizes = stats[:, cv2.CC_STAT_AREA].copy()
    sizes[0] = 0
    kept = (sizes >= 0.05 * sizes.max())[labels] & (closed > 0) if sizes.max() else closed > 0
    count, labels, stats, _ = cv2.connectedComponentsWithStats((~kept).astype(np.uint8), connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] < 0.02 * max(1, int(kept.sum()))
    small[0] = False
    solid: Mask = kept | (small[labels] if count > 1 else np.zeros_like(kept))
    return solid
