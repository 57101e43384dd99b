"""Small regions that follow the edges of a picture: watershed on the strength of its edges.

Source: Meyer, Topographic distance and watershed lines (1994); markers one a cell of a grid, at the flattest pixel, after
Machairas et al., Waterpixels (2015).
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from skimage.segmentation import watershed

Plane = npt.NDArray[np.float32]
Regions = npt.NDArray[np.int32]

SCALES = (0.8, 1.6, 3.2)
COARSE_WEIGHT = 0.8
# Outlines are drawn by the finest edges alone: coarse ones round corners off.
OUTLINE_SCALES = (0.7,)
OUTLINE_SMOOTHING = 0.6
SETTLING = 0.5
FEWEST = 4


def lab_of(rgb: npt.NDArray[np.uint8]) -> Plane:
    """CIE L*a*b* [H, W, 3] of a picture whose noise and fine texture are smoothed where no edge is crossed."""
    smooth = cv2.bilateralFilter(rgb, 5, 22, 3)
    return np.asarray(cv2.cvtColor(smooth.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def edge_strength(lab: Plane, scales: tuple[float, ...] = SCALES) -> Plane:
    """Change of colour per pixel [H, W], the strongest of the ``scales`` (standard deviations of a Gaussian, px)."""
    strongest = np.zeros(lab.shape[:2], np.float32)
    for scale in scales:
        blurred = cv2.GaussianBlur(lab, (0, 0), scale)
        across, down = cv2.Scharr(blurred, cv2.CV_32F, 1, 0), cv2.Scharr(blurred, cv2.CV_32F, 0, 1)
        change = cv2.transform(across * across + down * down, np.ones((1, 3), np.float32))
        strongest = np.maximum(strongest, np.sqrt(change) / 32 * scale**COARSE_WEIGHT)
    return strongest


def superpixels(lab: Plane, wanted: int) -> tuple[Regions, int]:
    """Labels 0..n-1 [H, W] of about ``wanted`` connected regions of a picture."""
    height, width = lab.shape[:2]
    step = max(4, round(float(np.sqrt(height * width / wanted))))
    relief = np.asarray(cv2.GaussianBlur(edge_strength(lab, OUTLINE_SCALES), (0, 0), OUTLINE_SMOOTHING), np.float32)
    markers = _flattest(relief, step)
    labels = watershed(relief, markers)  # type: ignore[no-untyped-call]
    regions = np.asarray(labels, np.int32) - 1
    kept, renumbered = np.unique(_settled(regions, lab), return_inverse=True)
    return np.asarray(renumbered.reshape(regions.shape), np.int32), len(kept)


def _settled(labels: Regions, lab: Plane) -> Regions:
    """Pixels beside another region go over to it when their colour is far nearer to that region's mean: the smoothed relief rounds corners
    off by a pixel."""
    count = int(labels.max()) + 1
    sizes = np.maximum(np.bincount(labels.ravel(), minlength=count), 1)
    means = np.stack([np.bincount(labels.ravel(), lab[..., k].ravel(), count) / sizes for k in range(3)], axis=1).astype(np.float32)
    own = np.linalg.norm(lab - means[labels], axis=2)
    # A region of a few pixels is its own mean, so it has to go to whichever neighbour is nearest.
    best = np.where(sizes[labels] < FEWEST, np.float32(np.inf), own * np.float32(SETTLING))
    settled = labels.copy()
    padded = np.pad(labels, 1, mode="edge")
    for row, column in ((0, 1), (2, 1), (1, 0), (1, 2)):
        other = padded[row : row + labels.shape[0], column : column + labels.shape[1]]
        places = np.nonzero(other != labels)
        distance = np.linalg.norm(lab[places] - means[other[places]], axis=1)
        nearer = distance < best[places]
        rows, columns = places[0][nearer], places[1][nearer]
        best[rows, columns], settled[rows, columns] = distance[nearer], other[rows, columns]
    return settled


def _flattest(strength: Plane, step: int) -> Regions:
    """One marker in every cell of a grid of ``step`` px, at its lowest value."""
    height, width = strength.shape
    rows, columns = -(-height // step), -(-width // step)
    padded = np.full((rows * step, columns * step), np.inf, np.float32)
    padded[:height, :width] = strength
    cells = padded.reshape(rows, step, columns, step).swapaxes(1, 2).reshape(rows, columns, step * step)
    lowest = cells.argmin(axis=2)
    y = np.arange(rows)[:, None] * step + lowest // step
    x = np.arange(columns)[None, :] * step + lowest % step
    markers = np.zeros((height, width), np.int32)
    markers[y, x] = np.arange(1, rows * columns + 1).reshape(rows, columns)
    return markers
