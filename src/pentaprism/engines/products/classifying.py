"""From the evidence of pixels, words and corrections to one label with scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pentaprism.engines.products.lexicon import label_evidence
from pentaprism.engines.products.options import Correction, Hints, Options
from pentaprism.engines.products.results import Classification, EngineUse, Evidence
from pentaprism.engines.products.vocabulary import CATEGORIES, OTHER, PLACES, category_of, subcategory_of

CORRECTION_WEIGHT = 0.8
NEIGHBOURS = 5
BEST = 5


@dataclass(frozen=True, slots=True)
class Belief:
    """``labels``: probability of fine labels; ``categories``: of whole categories, those of their labels included, and of ``other``."""

    labels: Mapping[str, float]
    categories: Mapping[str, float]


def belief_of(probabilities: npt.NDArray[np.float64], outputs: Sequence[str], emitted: frozenset[str]) -> Belief:
    """Of the network's probabilities: labels that may not be emitted, and outputs for the rest of a category, count for the category.

    A network that was taught the uniform distribution on what it has no word for shows it by its floor: as much of the mass as is
    spread evenly is ``other``.
    """
    count = len(probabilities)
    even = min(1.0, float(np.sort(probabilities)[: count // 2].mean()) * count)
    left = np.maximum(probabilities - even / count, 0)
    left = left / max(float(left.sum()), 1e-12) * (1 - even)
    categories = dict.fromkeys(CATEGORIES, 0.0)
    for name, value in zip(outputs, left, strict=True):
        categories[category_of(name)] += float(value)
    categories[OTHER] += even
    return Belief({name: float(value) for name, value in zip(outputs, left, strict=True) if name in emitted}, categories)


def of_labels(labels: Mapping[str, float]) -> Belief:
    """Of a distribution over labels and categories."""
    categories = dict.fromkeys(CATEGORIES, 0.0)
    for name, value in labels.items():
        categories[category_of(name)] += value
    return Belief({name: value for name, value in labels.items() if name in PLACES}, categories)


def mixed(first: Belief, second: Belief, weight: float) -> Belief:
    """(1 - weight) first + weight second."""

    def mix(a: Mapping[str, float], b: Mapping[str, float]) -> dict[str, float]:
        return {name: (1 - weight) * a.get(name, 0.0) + weight * b.get(name, 0.0) for name in {**a, **b}}

    return Belief(mix(first.labels, second.labels), mix(first.categories, second.categories))


def corrected(embedding: npt.NDArray[np.float32], corrections: Sequence[Correction], least: float) -> dict[str, float]:
    """Label to share of the votes of the nearest corrected pictures with a cosine of at least ``least``; empty without one."""
    votes: list[tuple[float, str]] = []
    for correction in corrections:
        other = np.frombuffer(correction.embedding, "<f4")
        if other.shape == embedding.shape and (cosine := float(other @ embedding)) >= least:
            votes.append((cosine, correction.label))
    votes.sort(key=lambda vote: (-vote[0], vote[1]))
    shares: dict[str, float] = {}
    for cosine, label in votes[:NEIGHBOURS]:
        shares[label] = shares.get(label, 0.0) + 1 / (1.0001 - min(cosine, 1.0))
    total = sum(shares.values())
    return {label: share / total for label, share in shares.items()}


def classification_of(
    pixels: Belief | None,
    embedding: npt.NDArray[np.float32] | None,
    hints: Hints,
    corrections: Sequence[Correction],
    options: Options,
    engine: EngineUse,
) -> Classification:
    """Mixes the sources and decides. ``pixels`` is None for a picture that is too small to look at."""
    evidence: list[Evidence] = []
    belief = pixels
    if pixels is not None:
        evidence.append(_evidence("image", pixels))
    words, in_title = label_evidence(hints) if options.text_evidence else ({}, False)
    if words:
        text = of_labels(words)
        evidence.append(_evidence("text", text))
        weight = options.title_weight if in_title else options.text_weight
        belief = mixed(belief or of_labels({OTHER: 1.0}), text, weight)
    votes = corrected(embedding, corrections, options.correction_similarity) if embedding is not None else {}
    if votes and belief is not None:
        vote = of_labels(votes)
        evidence.append(_evidence("corrections", vote))
        belief = mixed(belief, vote, CORRECTION_WEIGHT)
    stored = None if embedding is None else embedding.astype("<f4").tobytes()
    if belief is None:
        return Classification(OTHER, None, {}, None, None, None, evidence, stored, engine)
    return _decide(belief, evidence, stored, options, engine)


def _decide(belief: Belief, evidence: list[Evidence], stored: bytes | None, options: Options, engine: EngineUse) -> Classification:
    fine = max(PLACES, key=lambda name: belief.labels.get(name, 0.0))
    category = max((name for name in CATEGORIES if name != OTHER), key=lambda name: belief.categories.get(name, 0.0))
    if belief.labels.get(fine, 0.0) >= options.fine_threshold:
        label, category = fine, category_of(fine)
        best = sorted(PLACES, key=lambda name: -belief.labels.get(name, 0.0))[:BEST]
        scores = {name: round(belief.labels[name], 4) for name in best if belief.labels.get(name, 0.0) >= 5e-5}
        scores[OTHER] = round(max(0.0, 1 - sum(scores.values())), 4)
    else:
        label = category if belief.categories[category] >= options.category_threshold else OTHER
        scores = {name: round(belief.categories.get(name, 0.0), 4) for name in CATEGORIES}
        scores[OTHER] = round(max(0.0, 1 - sum(value for name, value in scores.items() if name != OTHER)), 4)
        category = label
    category_confidence = scores[OTHER] if category == OTHER else round(belief.categories[category], 4)
    return Classification(label, scores[label], scores, category, category_confidence, subcategory_of(label), evidence, stored, engine)


def _evidence(source: str, belief: Belief) -> Evidence:
    """The best label alone, or the best category where no label is told."""
    label = max(belief.labels, key=lambda name: belief.labels[name], default=None)
    if label is not None and belief.labels[label] > 0:
        return Evidence(source, label, round(belief.labels[label], 4))  # type: ignore[arg-type]
    category = max(belief.categories, key=lambda name: belief.categories[name])
    return Evidence(source, category, round(belief.categories[category], 4))  # type: ignore[arg-type]
