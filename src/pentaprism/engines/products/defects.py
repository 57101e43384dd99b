"""Defects: candidates of the surface, judged by a small network on what was measured on each, with type, severity and box."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.engines.products.options import Options
from pentaprism.engines.products.results import Attribute, Defect, Prepared
from pentaprism.engines.products.surface import FEATURES, Candidate, candidates

CARD = Path(__file__).parent / "weights" / "defect-net.json"
SMALLEST_SIDE = 64
SCRATCH_ELONGATION = 4.0
MOST_OVERLAP = 0.3
WORDS = {
    "scratch": "line that differs from the surface around it",
    "stain": "dark spot",
    "discoloration": "patch of another colour",
    "other": "mark that differs from the surface around it",
}


def defects_of(prepared: Prepared, plain: bool, options: Options) -> list[Defect]:
    """The defects of a product, the surest first. ``plain``: whether its pattern is solid; only then the lower threshold counts."""
    if prepared.smallest_side < SMALLEST_SIDE:
        return []
    found = candidates(prepared.rgb, prepared.mask)
    threshold = options.defect_threshold if plain else options.textured_defect_threshold
    judged = sorted(zip(confidences(found), found, strict=True), key=lambda pair: -pair[0])
    kept: list[tuple[float, Candidate]] = []
    for confidence, one in judged:
        if confidence >= threshold and all(overlap(one, other) < MOST_OVERLAP for _, other in kept):
            kept.append((confidence, one))
    return [_defect(one, confidence, prepared, options) for confidence, one in kept[: options.most_defects]]


def condition_of(prepared: Prepared, defects: list[Defect], new: bool) -> Attribute | None:
    """``new`` when the text says so, else by the worst defect; None for a picture that is too small to judge."""
    if new:
        return Attribute("condition", "new", 0.9, "text")
    if prepared.smallest_side < SMALLEST_SIDE:
        return None
    if not defects:
        plain = 0.6 if "blurry" not in prepared.quality.flags and "dark" not in prepared.quality.flags else 0.4
        return Attribute("condition", "like_new", plain)
    for severity, value in (("high", "poor"), ("medium", "fair"), ("low", "good")):
        mine = [defect.confidence for defect in defects if defect.severity == severity]
        if mine:
            return Attribute("condition", value, round(max(mine), 4))
    return None


def confidences(found: list[Candidate]) -> list[float]:
    """The judge's probability that each candidate is a defect, by a perceptron with one hidden layer (weights in the card)."""
    if not found:
        return []
    mean, spread, first, first_bias, second, second_bias = _judge()
    x = (np.stack([candidate.features for candidate in found]) - mean) / spread
    logits = np.tanh(x @ first + first_bias) @ second + second_bias
    return [float(p) for p in 1 / (1 + np.exp(-logits[:, 0]))]


def overlap(a: Candidate, b: Candidate) -> float:
    """Common area of two boxes as a share of the smaller."""
    width = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    height = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return max(0, width) * max(0, height) / min(a.width * a.height, b.width * b.height)


def kind_of(candidate: Candidate) -> str:
    """scratch: elongated; discoloration: the hue shifts more than the lightness; stain: darker and compact; else other."""
    light, red, yellow = candidate.change
    if candidate.elongation >= SCRATCH_ELONGATION:
        return "scratch"
    if np.hypot(red, yellow) > abs(light):
        return "discoloration"
    return "stain" if light < 0 else "other"


@cache
def card() -> dict[str, Any]:
    """The model card of the judge."""
    loaded: dict[str, Any] = json.loads(CARD.read_text("utf-8"))
    return loaded


@cache
def _judge() -> tuple[npt.NDArray[np.float64], ...]:
    engine = card()["engine"]
    names = ("mean", "spread", "first", "first_bias", "second", "second_bias")
    arrays = tuple(np.array(engine[name], np.float64) for name in names)
    if arrays[0].shape != (FEATURES,):
        raise ValueError(f"{CARD.name} is for {len(arrays[0])} features, there are {FEATURES}")
    return arrays


def _defect(candidate: Candidate, confidence: float, prepared: Prepared, options: Options) -> Defect:
    kind = kind_of(candidate)
    share = candidate.area / max(1, int(prepared.mask.sum()))
    severity = "low" if share < options.low_share else "medium" if share < options.medium_share else "high"
    scale_x, scale_y = prepared.width / prepared.rgb.shape[1], prepared.height / prepared.rgb.shape[0]
    left, top = int(candidate.x * scale_x), int(candidate.y * scale_y)
    right = min(prepared.width, max(left + 1, round((candidate.x + candidate.width) * scale_x)))
    bottom = min(prepared.height, max(top + 1, round((candidate.y + candidate.height) * scale_y)))
    box = (left, top, right - left, bottom - top)
    normalized = (
        round(box[0] / prepared.width, 6),
        round(box[1] / prepared.height, 6),
        round(box[2] / prepared.width, 6),
        round(box[3] / prepared.height, 6),
    )
    text = f"{severity.capitalize()} {kind if kind != 'other' else 'mark'}: {WORDS[kind]}, {share:.1%} of the product's area"
    return Defect(kind, severity, round(confidence, 4), box, normalized, text)
