"""What the engine answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Rgb = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Kind = Literal["embedded", "clip", "template", "bedrock"]
Source = Literal["image", "text", "corrections"]


@dataclass(frozen=True, slots=True)
class EngineUse:
    """Which engine answered, and, after a fallback, in whose place and why."""

    name: str
    version: str
    kind: Kind
    fallback_from: str | None = None
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The five keys."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Quality:
    """``sharpness``, ``brightness`` and ``background_share`` in 0..1; ``flags`` from ``QUALITY_FLAGS``."""

    sharpness: float
    brightness: float
    background_share: float
    flags: list[str]

    def to_dict(self) -> dict[str, Any]:
        """The four keys."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Prepared:
    """The working copy [h, w, 3], the foreground [h, w], and the size in pixels of the whole picture; ``large`` is a larger copy for
    a writer that wants one."""

    rgb: Rgb
    mask: Mask
    width: int
    height: int
    quality: Quality
    large: Rgb | None = None

    @property
    def scale(self) -> float:
        """Pixels of the whole picture per pixel of the working copy."""
        return float(max(self.width, self.height) / max(self.rgb.shape[:2]))

    @property
    def smallest_side(self) -> int:
        """The shorter side of the whole picture in pixels."""
        return min(self.width, self.height)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one source says alone."""

    source: Source
    label: str | None
    probability: float | None

    def to_dict(self) -> dict[str, Any]:
        """The three keys."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Classification:
    """``scores`` sums to 1 within rounding and holds ``confidence`` under ``label``; it is empty when nothing could be said.
    ``seen`` is what CLIP says of attributes, where it answers."""

    label: str
    confidence: float | None
    scores: dict[str, float]
    category: str | None
    category_confidence: float | None
    subcategory: str | None
    evidence: list[Evidence]
    embedding: bytes | None
    engine: EngineUse
    seen: Mapping[str, Mapping[str, float]] | None = None


@dataclass(frozen=True, slots=True)
class Attribute:
    """One found property."""

    name: str
    value: str
    confidence: float
    source: Literal["image", "text"] = "image"


@dataclass(frozen=True, slots=True)
class Defect:
    """``box`` is x, y, width, height in whole pixels of the whole picture, ``normalized`` the same as fractions of its sides."""

    defect_type: str
    severity: str
    confidence: float
    box: tuple[int, int, int, int]
    normalized: tuple[float, float, float, float]
    description: str


@dataclass(frozen=True, slots=True)
class Description:
    """``model`` wrote ``text``; after a fallback ``fallback_from`` and ``reason`` tell in whose place."""

    text: str
    model: str
    fallback_from: str | None
    reason: str | None
    engine: EngineUse


@dataclass(frozen=True, slots=True)
class Analysis:
    """All five steps. ``engines`` has the keys classifier, attributes, defects and description."""

    classification: Classification
    attributes: list[Attribute]
    defects: list[Defect]
    description: Description
    quality: Quality
    engines: dict[str, dict[str, Any]]
    milliseconds: dict[str, float] = field(default_factory=dict)
