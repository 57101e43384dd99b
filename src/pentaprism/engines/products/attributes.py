"""Colour, pattern and material by looking; material, style and brand by reading. One attribute a name."""

from __future__ import annotations

from collections.abc import Mapping

from pentaprism.engines.products.colour import colour_of
from pentaprism.engines.products.lexicon import brand_of, material_of, style_of
from pentaprism.engines.products.material import material_look
from pentaprism.engines.products.options import Hints, Options
from pentaprism.engines.products.pattern import pattern_of
from pentaprism.engines.products.results import Attribute, Prepared

SMALLEST_SIDE = 32


def attributes_of(prepared: Prepared, hints: Hints, options: Options, seen: Mapping[str, Mapping[str, float]] | None) -> list[Attribute]:
    """In the order color, material, pattern, style, brand; what does not reach its threshold is left out. ``seen``: what CLIP says of
    material, pattern and style, in place of the embedded measures."""
    found: list[Attribute | None] = []
    large = prepared.smallest_side >= SMALLEST_SIDE
    if large:
        found.append(colour_of(prepared.rgb, prepared.mask, options.color_threshold))
    found.append(_material(prepared, hints, options, seen, large))
    if large:
        pattern = pattern_of(prepared.rgb, prepared.mask, options.pattern_threshold)
        found.append(_best("pattern", seen, options.pattern_threshold) if seen else pattern)
    found.append(_text("style", style_of(hints) if options.text_evidence else None, options.style_threshold))
    if found[-1] is None and seen and large:
        found.append(_best("style", seen, options.style_threshold))
    found.append(_text("brand", brand_of(hints) if options.text_evidence else None, 0.0))
    return [attribute for attribute in found if attribute is not None]


def _material(
    prepared: Prepared, hints: Hints, options: Options, seen: Mapping[str, Mapping[str, float]] | None, large: bool
) -> Attribute | None:
    """What the seller names alone; else what CLIP or texture and gloss tell. Never surer than the cap."""
    words = material_of(hints) if options.text_evidence else None
    if words and min(words[1], options.material_cap) >= options.material_threshold:
        return Attribute("material", words[0], min(words[1], options.material_cap), "text")
    if not large:
        return None
    if seen:
        return _best("material", seen, options.material_threshold, options.material_cap)
    look = material_look(prepared.rgb, prepared.mask)
    if look is None or min(look[1], options.material_cap) < options.material_threshold:
        return None
    return Attribute("material", look[0], round(min(look[1], options.material_cap), 4))


def _best(name: str, seen: Mapping[str, Mapping[str, float]], threshold: float, cap: float = 1.0) -> Attribute | None:
    shares = seen[name]
    value = max(shares, key=lambda each: shares[each])
    confidence = round(min(cap, shares[value]), 4)
    return Attribute(name, value, confidence) if confidence >= threshold else None


def _text(name: str, found: tuple[str, float] | None, threshold: float) -> Attribute | None:
    return Attribute(name, found[0], found[1], "text") if found and found[1] >= threshold else None
