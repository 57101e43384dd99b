"""Scores of label pictures against truth, and the public baseline that they stand beside."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from skimage.filters import gaussian, threshold_otsu
from skimage.measure import label
from skimage.morphology import disk, opening, remove_small_objects
from skimage.segmentation import watershed

Labels = npt.NDArray[np.int32]
THRESHOLDS = np.arange(0.5, 0.96, 0.05)


@dataclass
class Scores:
    """Collected over pictures.

    Foreground IoU is taken per picture (1 where truth and result are both empty). F1 and AP at 0.5 count matched pairs over all pictures
    (2 TP / (2 TP + FP + FN) and TP / (TP + FP + FN)); mean AP averages the latter over IoU 0.5 to 0.95 in steps of 0.05.
    """

    iou: list[float] = field(default_factory=list)
    hits: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(THRESHOLDS.size, np.int64))
    found: int = 0
    wanted: int = 0
    pictures_ap: list[float] = field(default_factory=list)

    def add(self, truth: Labels, result: Labels) -> float:
        """Adds one picture; returns its F1 at 0.5."""
        union = ((truth > 0) | (result > 0)).sum()
        self.iou.append(float(((truth > 0) & (result > 0)).sum() / union) if union else 1.0)
        pairs = overlap(truth, result)
        hits = np.array([(pairs > t - 1e-9).sum() for t in THRESHOLDS])
        found, wanted = len(np.unique(result[result > 0])), len(np.unique(truth[truth > 0]))
        self.hits += hits
        self.found += found
        self.wanted += wanted
        rest = found + wanted - hits
        self.pictures_ap.append(float(np.mean(hits / rest)) if found + wanted else 1.0)
        return float(2 * hits[0] / (found + wanted)) if found + wanted else 1.0

    def row(self) -> dict[str, float]:
        """The figures, rounded to three decimals."""
        total = max(self.found + self.wanted, 1)
        precision = self.hits / np.maximum(total - self.hits, 1)
        figures = {
            "mean_iou": np.mean(self.iou),
            "median_iou": np.median(self.iou),
            "f1": 2 * self.hits[0] / total,
            "ap50": precision[0],
            "mean_ap": precision.mean(),
            "mean_ap_per_picture": np.mean(self.pictures_ap),
        }
        return {name: round(float(value), 3) for name, value in figures.items()} | {"pictures": len(self.iou)}


def overlap(truth: Labels, result: Labels) -> npt.NDArray[np.float64]:
    """IoU of the pairs with more than one half; such a pair is unique for both of its members."""
    size = int(result.max()) + 1
    keys, counts = np.unique(truth.astype(np.int64) * size + result, return_counts=True)
    a, b = keys // size, keys % size
    area_a, area_b = np.bincount(truth.ravel()), np.bincount(result.ravel())
    both = (a > 0) & (b > 0)
    shared = counts[both]
    values = shared / (area_a[a[both]] + area_b[b[both]] - shared)
    return values[values >= 0.5]


def otsu_watershed(picture: npt.NDArray[np.float32], min_size: int) -> Labels:
    """scikit-image's usual recipe: blur, Otsu, polarity by the frame, fill, open, distance watershed."""
    soft = gaussian(picture, 1.0)
    mask = soft > threshold_otsu(soft) if soft.max() > soft.min() else np.zeros(soft.shape, bool)
    frame = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).mean()
    mask = ~mask if frame > 0.5 else mask
    mask = remove_small_objects(opening(ndimage.binary_fill_holes(mask), disk(2)), max_size=max(min_size - 1, 1))
    distance = gaussian(ndimage.distance_transform_edt(mask), 2.0)
    peaks = (distance == ndimage.maximum_filter(distance, 15)) & mask
    return np.asarray(watershed(-distance, label(peaks), mask=mask), np.int32)
