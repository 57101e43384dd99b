"""Training targets from label pictures."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage


def depth_map(labels: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
    """Distance to the nearest pixel of another label or of the background, in pixels, [H, W]."""
    edge = np.zeros(labels.shape, bool)
    edge[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    edge[1:] |= labels[1:] != labels[:-1]
    inside = ((labels > 0) & ~edge).astype(np.uint8)
    return cv2.distanceTransform(inside, cv2.DIST_L2, 3)


def contact_map(labels: npt.NDArray[np.int32], reach: int) -> npt.NDArray[np.float32]:
    """1 where two different objects lie within ``reach`` pixels of each other, inside or between them."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    wide = labels.astype(np.float32)
    highest = cv2.dilate(wide, kernel)
    lowest = cv2.erode(np.where(labels > 0, wide, np.float32(1e6)).astype(np.float32), kernel)
    return ((highest > 0) & (lowest < 1e6) & (highest != lowest)).astype(np.float32)


def targets_of(labels: npt.NDArray[np.int32], foreground: npt.NDArray[np.float32] | None = None, reach: int = 1) -> npt.NDArray[np.float32]:
    """[4, H, W]: foreground, contact, distance relative to the object's largest depth, weight.

    ``foreground`` gives anti-aliased coverage where the generator knows it; else the labels' own pixels count.
    """
    cover = (labels > 0).astype(np.float32) if foreground is None else foreground
    depth = depth_map(labels)
    count = int(labels.max())
    peak = np.ones(count + 1, np.float32)
    if count:
        found = ndimage.maximum(depth, labels, np.arange(1, count + 1))
        peak[1:] = np.maximum(np.asarray(found, np.float32), 1.0)
    relative = np.clip(depth / peak[labels], 0.0, 1.0)
    contact = contact_map(labels, reach)
    weight = 1.0 + 2.0 * cv2.blur(contact, (5, 5))
    return np.stack([cover, contact, relative.astype(np.float32), weight]).astype(np.float32)
