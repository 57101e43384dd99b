"""What the cells engine is asked and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from pentaprism.engines.cells.names import MODELS

Plane = npt.NDArray[Any]
Labels = npt.NDArray[np.int32]
Picture = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Report = Callable[[float], None]
Tick = Callable[[], None]

Polarity = Literal["auto", "dark", "bright"]
ConfidenceMethod = Literal["mean_probability", "threshold_stability"]


@dataclass(frozen=True)
class SegmentParameters:
    """Settings of one run.

    ``threshold`` (0 < t < 1) is the probability cut, 0.5 the automatic level; raising it never enlarges the total foreground as long as
    ``exclude_border`` is off. ``min_size`` and ``min_hole_size`` are in px². ``split_touching`` separates objects that touch,
    ``fill_holes`` closes every hole of an object, ``exclude_border`` drops objects that reach the picture's edge. ``polarity`` tells
    whether objects are darker or brighter than what surrounds them.
    """

    model: str = "auto"
    threshold: float = 0.5
    min_size: float = 100.0
    min_hole_size: float = 50.0
    split_touching: bool = True
    fill_holes: bool = False
    exclude_border: bool = False
    polarity: Polarity = "auto"

    def __post_init__(self) -> None:
        """Raises ValueError for a value out of range."""
        if self.model not in MODELS:
            raise ValueError(f"unknown model {self.model!r}; known: {', '.join(MODELS)}")
        if not 0.0 < self.threshold < 1.0:
            raise ValueError("threshold must lie between 0 and 1")
        if not (self.min_size >= 0.0 and self.min_hole_size >= 0.0):
            raise ValueError("min_size and min_hole_size must not be negative")
        if self.polarity not in ("auto", "dark", "bright"):
            raise ValueError("polarity must be auto, dark or bright")


@dataclass(frozen=True)
class Segmentation:
    """Result of one run.

    ``labels`` [H, W] int32: 0 background, 1..n objects in reading order of their first pixel. ``probability`` [H, W], float32 0..1 or,
    for pictures above 2,048 px a side, uint8 0..255: a map whose half level follows the outlines at the threshold that was asked.
    ``confidences`` has one value in 0..1 for each label: with ``mean_probability`` the mean foreground probability of the object's
    pixels, with ``threshold_stability`` the IoU of the object at the threshold plus and minus 0.05. ``sha256`` names the weights file
    and is None for the classical engine, which has none. ``polarity`` and ``scale`` tell what the engine chose.
    """

    labels: Labels
    probability: npt.NDArray[np.float32] | npt.NDArray[np.uint8]
    confidences: list[float]
    confidence_method: ConfidenceMethod
    model: str
    version: str
    sha256: str | None
    polarity: str
    scale: float
    warnings: list[str] = field(default_factory=list)


def idle() -> None:
    """A tick without effect."""


def silent(_: float) -> None:
    """A report that goes nowhere."""
