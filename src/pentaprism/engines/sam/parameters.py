"""What an automatic run is asked for, and what it answers."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from pentaprism.engines.sam.masks import Mask

MOST_POINTS = 262_144
SMALLEST_SIDE = 16
RANGES = {
    "points_per_side": (1, 256),
    "pred_iou_thresh": (0.0, 1.0),
    "stability_score_thresh": (0.0, 1.0),
    "crop_n_layers": (0, 4),
    "crop_n_points_downscale_factor": (1, 16),
    "min_mask_region_area": (0, 16_777_216),
    "max_masks": (1, 1000),
}


@dataclass(frozen=True, slots=True)
class AutoParameters:
    """Parameters of an automatic run, named as in the published code. A threshold or an area of 0 switches its step off.

    Raises ValueError for a value outside its range, a layer left without points, or more than 262,144 points in all.
    """

    points_per_side: int = 64
    pred_iou_thresh: float = 0.90
    stability_score_thresh: float = 0.92
    crop_n_layers: int = 1
    crop_n_points_downscale_factor: int = 2
    min_mask_region_area: int = 1000
    max_masks: int = 500

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if not (math.isfinite(value) and low <= value <= high):
                raise ValueError(f"{name} must lie between {low} and {high}")
        if any(side < 1 for side in self.sides()):
            raise ValueError("points_per_side divided by crop_n_points_downscale_factor must leave a point in every layer")
        if self.points() > MOST_POINTS:
            raise ValueError(f"all layers together must have at most {MOST_POINTS} points")

    def sides(self) -> list[int]:
        """Points per side of the whole picture and of the crops of every layer."""
        return [int(self.points_per_side / self.crop_n_points_downscale_factor**layer) for layer in range(self.crop_n_layers + 1)]

    def points(self) -> int:
        """Points of all layers: 4^layer crops, each with its grid."""
        return sum(4**layer * side**2 for layer, side in enumerate(self.sides()))

    def fitted(self, most_points: int, *, crops: bool) -> tuple[AutoParameters, list[str]]:
        """Parameters of at most ``most_points`` points (without crops where ``crops`` is False), and a sentence on every change."""
        fitting, notes = self, []
        if not crops and self.crop_n_layers:
            fitting = replace(fitting, crop_n_layers=0)
            notes.append(f"crop_n_layers was lowered from {self.crop_n_layers} to 0 to answer in time.")
        side = fitting.points_per_side
        while fitting.points() > most_points and side > 1:
            side -= 1
            if int(side / fitting.crop_n_points_downscale_factor**fitting.crop_n_layers) < 1:
                fitting = replace(fitting, crop_n_layers=fitting.crop_n_layers - 1)
                notes.append(f"crop_n_layers was lowered to {fitting.crop_n_layers} to answer in time.")
            fitting = replace(fitting, points_per_side=side)
        if side != self.points_per_side:
            notes.append(f"points_per_side was lowered from {self.points_per_side} to {side} to answer in time.")
        return fitting, notes


@dataclass(frozen=True, slots=True)
class AutoResult:
    """Masks, best first. ``truncated``: the deadline ended the run, or of ``found`` masks the best stayed; ``share`` of points done."""

    masks: list[Mask]
    truncated: bool
    share: float
    found: int
