"""Non-maximum suppression of boxes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def box_iou(box: npt.NDArray[np.float64], boxes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """IoU of one box [4] with boxes [n, 4], all x1, y1, x2, y2; boxes without area share nothing."""
    width = np.minimum(box[2], boxes[:, 2]) - np.maximum(box[0], boxes[:, 0])
    height = np.minimum(box[3], boxes[:, 3]) - np.maximum(box[1], boxes[:, 1])
    common = np.maximum(width, 0) * np.maximum(height, 0)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    union = (box[2] - box[0]) * (box[3] - box[1]) + areas - common
    return np.asarray(np.divide(common, union, out=np.zeros(len(boxes)), where=union > 0))


def suppress(boxes: npt.ArrayLike, scores: npt.ArrayLike, most: float) -> list[int]:
    """Indices of the boxes [n, 4] that stay, best score first: each drops those after it that it covers at an IoU above ``most``."""
    corners = np.asarray(boxes, np.float64).reshape(-1, 4)
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    kept: list[int] = []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(int(best))
        order = order[box_iou(corners[best], corners[order]) <= most]
    return kept
