"""The open nuclei pictures (Data Science Bowl 2018, BBBC038, CC0), and a split in which whole groups of alike pictures are held out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage

SEED = 20180116
HELD_OUT = 60
LARGEST_GROUP = 14


@dataclass(frozen=True)
class Nuclei:
    """One picture [H, W] uint8 with its labels [H, W] int32 and the median diameter of its objects in pixels."""

    name: str
    picture: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int32]
    diameter: float


def load(folder: Path) -> list[Nuclei]:
    """Every ``X.png`` with its ``X_mask.png``, by name."""
    found = []
    for path in sorted(folder.glob("*_mask.png")):
        labels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED).astype(np.int32)
        picture = cv2.imread(str(path.with_name(path.name.replace("_mask", ""))), cv2.IMREAD_GRAYSCALE)
        areas = np.bincount(labels.ravel())[1:]
        areas = areas[areas > 0]
        diameter = float(2 * np.sqrt(np.median(areas) / np.pi)) if areas.size else 20.0
        found.append(Nuclei(path.stem.removesuffix("_mask"), picture, labels, diameter))
    return found


def features(item: Nuclei) -> npt.NDArray[np.float64]:
    """What tells one microscope and staining from another: size, object size, density, levels of light, sharpness."""
    inside = item.labels > 0
    levels = np.percentile(item.picture, [1, 50, 99])
    noise = np.median(np.abs(cv2.Laplacian(item.picture.astype(np.float32), cv2.CV_32F)))
    bright = item.picture[inside].mean() if inside.any() else 0.0
    values = [*item.picture.shape, item.diameter, 1 + inside.mean() * 100, *(1 + levels), 1 + noise, 1 + bright]
    return np.log(np.asarray(values, np.float64))


def split(items: list[Nuclei]) -> tuple[list[Nuclei], list[Nuclei]]:
    """(training, held out): groups by Ward linkage over the standardised features; whole groups are held out until there are 60 pictures.

    Pictures of one plate look alike, so a split by single pictures would flatter the score; groups above 14 stay in training, or one of
    them would fill the held-out part.
    """
    table = np.stack([features(i) for i in items])
    table = (table - table.mean(0)) / (table.std(0) + 1e-9)
    group = fcluster(linkage(table, "ward"), 60, "maxclust")
    held: set[int] = set()
    count = 0
    for candidate in np.random.default_rng(SEED).permutation(np.unique(group)):
        size = int((group == candidate).sum())
        if size <= LARGEST_GROUP and count + size <= HELD_OUT + 4 and count < HELD_OUT - 2:
            held.add(int(candidate))
            count += size
    train = [i for i, g in zip(items, group, strict=True) if int(g) not in held]
    return train, [i for i, g in zip(items, group, strict=True) if int(g) in held]
