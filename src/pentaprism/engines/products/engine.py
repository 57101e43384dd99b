"""The pipeline of five steps, callable one by one, and what each engine is called."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from pentaprism.engines.products.attributes import attributes_of
from pentaprism.engines.products.bedrock import LONGEST_SIDE, BedrockFailure, BedrockWriter
from pentaprism.engines.products.classifying import belief_of, classification_of, of_labels
from pentaprism.engines.products.clip import ClipEngine
from pentaprism.engines.products.defects import card as defects_card
from pentaprism.engines.products.defects import condition_of, defects_of
from pentaprism.engines.products.describing import MODEL, description_of
from pentaprism.engines.products.foreground import foreground
from pentaprism.engines.products.lexicon import says_new
from pentaprism.engines.products.network import ProductNet
from pentaprism.engines.products.options import Correction, Hints, Options
from pentaprism.engines.products.quality import quality_of
from pentaprism.engines.products.results import Analysis, Attribute, Classification, Defect, Description, EngineUse, Prepared, Rgb
from pentaprism.engines.products.vocabulary import ATTRIBUTES, LABELS

STEPS = ("preprocess", "classify", "extract_attributes", "detect_defects", "generate_description")
SMALLEST_SIDE = 32
VERSION = "1.0.0"
ATTRIBUTES_NAME, DEFECTS_NAME = "product-attributes", "product-defects"
Check = Callable[[], None]
Report = Callable[[float], None]


def _never() -> None:
    """Nobody cancels."""


def _unheard(_share: float) -> None:
    """Nobody listens."""


class ProductsEngine:
    """Deterministic, but for Bedrock's texts; safe for several threads. Weights are loaded at the first classification."""

    def __init__(
        self,
        options: Options | None = None,
        *,
        threads: int = 2,
        clip: ClipEngine | None = None,
        clip_problem: str | None = None,
        writer: BedrockWriter | None = None,
    ) -> None:
        """``clip_problem`` is why a configured CLIP model is not there: the embedded classifier answers and says so.
        Raises WeightsError when the classifier's card is missing."""
        self.options = options or Options()
        self._net = ProductNet(threads)
        self._clip, self._writer = clip, writer
        own = EngineUse("product-net", str(self._net.card["version"]), "embedded")
        if clip is not None:
            self.classifier = clip.use()
            self.attributes_engine = clip.use()
        else:
            fallback = None if clip_problem is None else "clip"
            self.classifier = replace(own, fallback_from=fallback, reason=clip_problem)
            self.attributes_engine = EngineUse(ATTRIBUTES_NAME, VERSION, "embedded", fallback, clip_problem)
        self.defects_engine = EngineUse(DEFECTS_NAME, VERSION, "embedded")

    @property
    def model_version(self) -> str:
        """Of the classifier that answers."""
        return self._clip.model_version if self._clip else f"product-net-{self._net.card['version']}"

    def preprocess(self, rgb: Rgb, size: tuple[int, int] | None = None, check: Check = _never) -> Prepared:
        """Working copy, foreground and quality of an upright picture [h, w, 3] uint8. ``size`` is the width and height of the whole
        picture when ``rgb`` is a reduced copy of it. Raises ValueError for an array of another kind."""
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
            raise ValueError("a picture must be an array [height, width, 3] of bytes")
        check()
        width, height = size or (rgb.shape[1], rgb.shape[0])
        working = shrunk(rgb, self.options.working_side)
        mask = foreground(working)
        check()
        quality = quality_of(working, mask, width, height)
        large = shrunk(rgb, LONGEST_SIDE) if self._writer else None
        return Prepared(working, mask, width, height, quality, large)

    def classify(
        self, prepared: Prepared, hints: Hints | None = None, corrections: Sequence[Correction] = (), check: Check = _never
    ) -> Classification:
        """Label, category and scores. Raises WeightsError."""
        check()
        pixels, embedding, seen = None, None, None
        if prepared.smallest_side >= SMALLEST_SIDE:
            answer = self._net.run(prepared.rgb)
            embedding = answer.embedding
            pixels = belief_of(answer.probabilities, self._net.outputs, self._net.emitted)
            if self._clip:
                seen = self._clip.look(prepared.rgb)
                pixels = of_labels(seen["label"])
        check()
        found = classification_of(pixels, embedding, hints or Hints(), corrections, self.options, self.classifier)
        return replace(found, seen=seen)

    def extract_attributes(
        self, prepared: Prepared, classification: Classification, hints: Hints | None = None, check: Check = _never
    ) -> list[Attribute]:
        """Color, material, pattern, style, brand, each at most once; condition comes with the defects."""
        check()
        return attributes_of(prepared, hints or Hints(), self.options, classification.seen)

    def detect_defects(
        self, prepared: Prepared, attributes: Sequence[Attribute], hints: Hints | None = None, check: Check = _never
    ) -> tuple[list[Defect], Attribute | None]:
        """The defects, the surest first, and the condition that follows from them (None: too small to judge)."""
        check()
        pattern = next((attribute.value for attribute in attributes if attribute.name == "pattern"), None)
        found = defects_of(prepared, pattern in (None, "solid"), self.options)
        check()
        new = self.options.text_evidence and says_new(hints or Hints())
        return found, condition_of(prepared, found, new)

    def describe(
        self,
        prepared: Prepared,
        classification: Classification,
        attributes: Sequence[Attribute],
        defects: Sequence[Defect],
        hints: Hints | None = None,
        check: Check = _never,
    ) -> Description:
        """The text; a failure of Bedrock gives the template's, declared. ``attributes`` with the condition."""
        words = hints or Hints()
        check()
        template = description_of(prepared, classification, attributes, defects, words)
        own = EngineUse(MODEL, VERSION, "template")
        if self._writer is None:
            return Description(template, MODEL, None, None, own)
        asked = f"bedrock:{self._writer.options.model_id}"
        said = f"title: {words.title or ''}\ndescription: {words.description or ''}"
        picture = prepared.rgb if prepared.large is None else prepared.large
        try:
            text = self._writer.write(picture, findings(classification, attributes, defects), said, check)
        except BedrockFailure as failure:
            return Description(template, MODEL, asked, failure.reason, replace(own, fallback_from=asked, reason=failure.reason))
        return Description(text, asked, None, None, EngineUse(asked, self._writer.options.model_id, "bedrock"))

    def analyse(
        self,
        rgb: Rgb,
        hints: Hints | None = None,
        corrections: Sequence[Correction] = (),
        size: tuple[int, int] | None = None,
        check: Check = _never,
        report: Report = _unheard,
    ) -> Analysis:
        """All five steps with their milliseconds of wall time."""
        spent: dict[str, float] = {}
        start = time.perf_counter()

        def done(step: str) -> None:
            nonlocal start
            now = time.perf_counter()
            spent[step], start = round(1000 * (now - start), 3), now
            report(len(spent) / len(STEPS))

        prepared = self.preprocess(rgb, size, check)
        done("preprocess")
        classification = self.classify(prepared, hints, corrections, check)
        done("classify")
        attributes = self.extract_attributes(prepared, classification, hints, check)
        done("extract_attributes")
        defects, condition = self.detect_defects(prepared, attributes, hints, check)
        attributes = [*attributes, condition] if condition else attributes
        done("detect_defects")
        description = self.describe(prepared, classification, attributes, defects, hints, check)
        done("generate_description")
        engines = self.engines(classification, description)
        return Analysis(classification, attributes, defects, description, prepared.quality, engines, spent)

    def engines(self, classification: Classification, description: Description) -> dict[str, dict[str, Any]]:
        """What answered: classifier, attributes, defects, description."""
        used = (classification.engine, self.attributes_engine, self.defects_engine, description.engine)
        return {name: use.to_dict() for name, use in zip(("classifier", "attributes", "defects", "description"), used, strict=True)}

    def about(self) -> dict[str, dict[str, Any]]:
        """What is active, with labels, thresholds and the figures of the model cards."""
        o, card = self.options, self._net.card
        classifier = self.classifier.to_dict() | {
            "model_version": self.model_version,
            "labels": list(LABELS) if self._clip else sorted(self._net.emitted),
            "thresholds": {"label": o.fine_threshold, "category": o.category_threshold},
            "scores": None if self._clip else card["scores"],
        }
        thresholds = {"color": o.color_threshold, "pattern": o.pattern_threshold, "material": o.material_threshold}
        attributes = self.attributes_engine.to_dict() | {
            "values": {name: list(values) for name, values in ATTRIBUTES.items()},
            "thresholds": thresholds | {"style": o.style_threshold},
        }
        defects = self.defects_engine.to_dict() | {
            "labels": ["scratch", "stain", "discoloration", "other"],
            "thresholds": {"solid": o.defect_threshold, "patterned": o.textured_defect_threshold},
            "scores": defects_card()["scores"],
        }
        asked = None if self._writer is None else self._writer.options.model_id
        text = EngineUse(MODEL, VERSION, "template") if asked is None else EngineUse(f"bedrock:{asked}", asked, "bedrock")
        return {"classifier": classifier, "attributes": attributes, "defects": defects, "description": text.to_dict()}


def shrunk(rgb: Rgb, longest: int) -> Rgb:
    """The picture with a longest side of at most ``longest``, by area averaging."""
    scale = longest / max(rgb.shape[:2])
    if scale >= 1:
        return rgb
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def findings(classification: Classification, attributes: Sequence[Attribute], defects: Sequence[Defect]) -> str:
    """What the analysis found, a line each, for the writer."""
    lines = [f"category: {classification.category or 'unknown'}", f"label: {classification.label}"]
    lines += [f"{attribute.name}: {attribute.value}" for attribute in attributes]
    lines += [f"defect: {defect.description}" for defect in defects] or ["defects: none found"]
    return "\n".join(lines)
