"""The description that needs no language model: a template of 40 to 150 words that states only what was found."""

from __future__ import annotations

from collections.abc import Sequence

from pentaprism.engines.products.options import Hints
from pentaprism.engines.products.results import Attribute, Classification, Defect, Prepared
from pentaprism.engines.products.vocabulary import CATEGORIES, OTHER

MODEL = "template-1"
LEAST_WORDS, MOST_WORDS = 40, 150
TITLE_WORDS = 16
CATEGORY_WORDS = {
    "electronics": "electronic device",
    "clothing": "item of clothing",
    "footwear": "piece of footwear",
    "furniture": "piece of furniture",
    "jewelry": "piece of jewelry",
    "toys": "toy",
    "sports": "piece of sports equipment",
    "home_garden": "item for home and garden",
    "automotive": "automotive part",
    "books": "printed publication",
    OTHER: "product",
}
PLURAL = frozenset({"headphones", "earphones", "trousers", "jeans", "shorts", "building_blocks"})
CONDITIONS = {
    "new": "The seller states that it is new.",
    "like_new": "No visible defect was found in the photograph.",
    "good": "Its visible condition is good, with minor marks.",
    "fair": "Its visible condition is fair, with noticeable marks.",
    "poor": "Its visible condition is poor, with large marks.",
}
FLAG_WORDS = {
    "blurry": "the photograph is blurry",
    "dark": "the photograph is dark",
    "overexposed": "the photograph is overexposed",
    "small": "the photograph is small",
    "busy_background": "the background is busy",
}
CLOSING = (
    "This text was written from the photograph and the details given by the seller; what neither of them shows is left out.",
    "Size, weight and function cannot be judged from a photograph.",
    "Please look at the pictures closely and ask the seller about anything that they leave open.",
)


def description_of(
    prepared: Prepared, classification: Classification, attributes: Sequence[Attribute], defects: Sequence[Defect], hints: Hints
) -> str:
    """40 to 150 words, the same for the same input."""
    found = {attribute.name: attribute for attribute in attributes}
    parts = [_opening(classification, found, hints), _look(found), *_state(found, defects), _photograph(prepared)]
    text = [part for part in parts if part]
    for sentence in CLOSING:
        if len(" ".join(text).split()) < LEAST_WORDS:
            text.append(sentence)
    words = " ".join(text).split()
    return " ".join(words[:MOST_WORDS])


def _opening(classification: Classification, found: dict[str, Attribute], hints: Hints) -> str:
    noun = thing(classification)
    describing = [found[name].value for name in ("style", "color") if name in found]
    plural = classification.label in PLURAL
    words = " ".join([*describing, noun])
    article = "a pair of" if plural else _article(words)
    brand = f" by {found['brand'].value}" if "brand" in found else ""
    title = " ".join((hints.title or "").split()[:TITLE_WORDS]).rstrip(".,;:")
    if title:
        return f'"{title}" is shown in the photograph as {article} {words}{brand}.'
    return f"The photograph shows {article} {words}{brand}."


def thing(classification: Classification) -> str:
    """What the product is called."""
    if classification.label in CATEGORIES:
        return CATEGORY_WORDS[classification.category or OTHER]
    return classification.label.replace("t_shirt", "T-shirt").replace("_", " ")


def _look(found: dict[str, Attribute]) -> str:
    pattern, material = found.get("pattern"), found.get("material")
    parts = []
    if material:
        # The seller's word is a statement; a look at texture and gloss is an impression.
        parts.append(f"is made of {material.value}" if material.source == "text" else f"looks as if it were made of {material.value}")
    if pattern:
        parts.append("has a plain surface" if pattern.value == "solid" else f"has a {pattern.value} surface")
    return f"It {' and '.join(parts)}." if parts else ""


def _state(found: dict[str, Attribute], defects: Sequence[Defect]) -> list[str]:
    sentences = []
    if "condition" in found:
        sentences.append(CONDITIONS[found["condition"].value])
    if defects:
        each = [f"a {_side(defect)} {defect.severity} {_word(defect)}" for defect in defects[:4]]
        listed = each[0] if len(each) == 1 else f"{', '.join(each[:-1])} and {each[-1]}"
        more = f", and {len(defects) - 4} more" if len(defects) > 4 else ""
        sentences.append(f"Visible defects: {listed}{more}.".replace("  ", " "))
    return sentences


def _word(defect: Defect) -> str:
    return f"{'mark' if defect.defect_type == 'other' else defect.defect_type} ({_place(defect)})"


def _side(defect: Defect) -> str:
    return "long" if defect.defect_type == "scratch" and max(defect.normalized[2:]) > 0.3 else ""


def _place(defect: Defect) -> str:
    x, y, width, height = defect.normalized
    row = ("upper", "middle", "lower")[min(2, int((y + height / 2) * 3))]
    column = ("left", "centre", "right")[min(2, int((x + width / 2) * 3))]
    return f"{row} {column} of the picture"


def _photograph(prepared: Prepared) -> str:
    flags = [FLAG_WORDS[flag] for flag in prepared.quality.flags]
    return f"Note that {' and '.join(flags)}, so that details may be missing." if flags else ""


def _article(words: str) -> str:
    return "an" if words[:1].lower() in "aeiou" else "a"
