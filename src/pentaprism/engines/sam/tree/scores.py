"""How good a region is likely to be: monotone functions fitted on generated scenes (``training/sam``)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.engines.sam.tree.regions import RegionTree

CARD = Path(__file__).resolve().parents[1] / "weights" / "embedded.json"
Floats = npt.NDArray[np.float64]
LONGEST_LIFE = 20.0
LEAST_BIRTH = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Features are weighed (no weight is negative), and the sum is looked up in a rising, piecewise linear table."""

    weights: Floats
    knots: Floats
    values: Floats

    @classmethod
    def of(cls, fitted: dict[str, Any]) -> Calibration:
        """From a card."""
        return cls(*(np.asarray(fitted[name], np.float64) for name in ("weights", "knots", "values")))

    def __call__(self, features: Floats) -> Floats:
        """Estimated IoU with the true object [n], 0..1, of ``features`` [n, k]."""
        return np.interp(features @ self.weights, self.knots, self.values)


@lru_cache(maxsize=1)
def card() -> dict[str, Any]:
    """The card of the embedded engine."""
    found: dict[str, Any] = json.loads(CARD.read_text("utf-8"))
    return found


@lru_cache(maxsize=2)
def calibration(name: str) -> Calibration:
    """The function fitted for ``regions`` of the tree or for ``boxes``."""
    return Calibration.of(card()["engine"][name])


def region_features(tree: RegionTree) -> Floats:
    """[nodes, 2]: logarithms of how long a node lives and of its contrast, the level that ends it.

    Where the outline is the edge of the picture nothing is known of the object's own, so contrast counts by the square of the rest.
    """
    born = np.maximum(tree.birth.astype(np.float64), LEAST_BIRTH)
    ends = np.maximum(np.where(np.isfinite(tree.death), tree.death, born), born)
    life = np.log(np.minimum(ends / born, LONGEST_LIFE))
    return np.stack([life, np.log1p(ends * tree.inside.astype(np.float64) ** 2)], axis=1)


def predicted_iou(tree: RegionTree) -> Floats:
    """Estimated IoU of every node with the true object."""
    return calibration("regions")(region_features(tree))
