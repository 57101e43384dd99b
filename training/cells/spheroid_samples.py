"""Training pictures for the spheroid network: a scene, or a closer look at a part of a larger one."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from nuclei_samples import renumber
from nuclei_scenes import nuclei_scene
from shapes import stretch
from spheroid_scenes import spheroid_scene
from targets import targets_of

Sample = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]


def draw(rng: np.random.Generator, size: int) -> Sample:
    """(picture [1, size, size], target [4, size, size])."""
    if rng.random() < 0.06:
        picture, labels, cover = nuclei_scene(rng, size)
    else:
        picture, labels, cover = spheroid_scene(rng, size)
    if rng.random() < 0.2:
        picture, labels, cover = closer(rng, picture, labels, cover)
    turns, mirror = int(rng.integers(4)), rng.random() < 0.5
    picture, labels, cover = (np.rot90(v, turns)[:, :: -1 if mirror else 1] for v in (picture, labels, cover))
    labels = np.ascontiguousarray(labels)
    return np.ascontiguousarray(picture)[None], targets_of(labels, np.ascontiguousarray(cover), reach=2)


def closer(
    rng: np.random.Generator, picture: npt.NDArray[np.float32], labels: npt.NDArray[np.int32], cover: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """A part enlarged to the same size, or the picture squeezed in one direction and mirrored at the edge."""
    size = picture.shape[0]
    zoom = np.diag(rng.uniform(0.8, 1.8) * np.array([1.0, np.exp(rng.normal(0, 0.15))]))
    shift = np.full(2, size / 2) - zoom @ rng.uniform(size * 0.3, size * 0.7, 2)
    affine = np.hstack([zoom, shift[:, None]])
    mode = cv2.BORDER_REFLECT_101
    seen = cv2.warpAffine(picture, affine, (size, size), flags=cv2.INTER_LINEAR, borderMode=mode)
    share = cv2.warpAffine(cover, affine, (size, size), flags=cv2.INTER_LINEAR, borderMode=mode)
    marks = cv2.warpAffine(labels.astype(np.float32), affine, (size, size), flags=cv2.INTER_NEAREST, borderMode=mode)
    return stretch(seen), renumber(marks.astype(np.int32)), share
