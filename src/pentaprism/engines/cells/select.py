"""Chooses the model for a picture: clean two-level pictures, fluorescence, or bright field."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.cells import classical
from pentaprism.engines.cells.parameters import Mask, Picture

FLAT = 0.05
DARK_GROUND = 0.15
LARGE = 0.21


@dataclass(frozen=True)
class Look:
    """What the choice rests on.

    ``flatness`` is the structure left inside objects and background as a share of their contrast, ``ground`` the most frequent level
    (0..1), ``below`` the share of pixels clearly darker than it, ``largest`` the diameter of the largest disk inside an object over the
    picture's shorter side.
    """

    flatness: float
    ground: float
    below: float
    largest: float


def look_at(small: Picture, plan: classical.Plan) -> Look:
    """Measures a shrunk picture (0..1)."""
    smooth = cv2.GaussianBlur(small, (0, 0), 2.0)
    counts, edges = np.histogram(smooth, bins=64, range=(0.0, 1.0))
    counts = np.convolve(counts, np.ones(5), "same")
    ground = float(edges[int(np.argmax(counts))] + 0.5 / 64)
    below = float((smooth < ground - 0.12).mean())
    inside = _opened(classical.apply(plan, small, (0, 0), (small.shape[0], small.shape[1]), 1.0) > 0.5)
    largest = 2.0 * float(cv2.distanceTransform(inside, cv2.DIST_L2, 5).max()) / min(small.shape)
    return Look(plan.flatness, ground, below, largest)


def _opened(mask: Mask) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)


def choose(look: Look, plan: classical.Plan) -> str:
    """``classical`` for two flat levels (masks, rendered pictures), ``nuclei`` for small bright objects on dark, else ``spheroid``."""
    if plan.kind != "texture" and plan.score > 0 and look.flatness < FLAT:
        return "classical"
    if look.ground < DARK_GROUND and look.below < 0.05 and look.largest < LARGE:
        return "nuclei"
    return "spheroid"
