"""Descriptions by the template."""

import itertools

import numpy as np
import pytest

from pentaprism.engines.products import ATTRIBUTES, LABELS, Attribute, Classification, Defect, EngineUse, Hints, Prepared, Quality
from pentaprism.engines.products.describing import description_of
from pentaprism.engines.products.vocabulary import CATEGORIES, category_of, subcategory_of

ENGINE = EngineUse("product-net", "1.0.0", "embedded")
STAIN = Defect("stain", "medium", 0.7, (10, 10, 20, 20), (0.1, 0.1, 0.2, 0.2), "")


def prepared(*flags: str) -> Prepared:
    return Prepared(np.zeros((8, 8, 3), np.uint8), np.ones((8, 8), np.bool_), 100, 100, Quality(0.5, 0.5, 0.5, list(flags)))


def classified(label: str) -> Classification:
    return Classification(label, 0.9, {label: 1.0}, category_of(label), 0.9, subcategory_of(label), [], None, ENGINE)


@pytest.mark.parametrize("label", [*LABELS, *CATEGORIES])
def test_every_label_gives_forty_to_a_hundred_and_fifty_words(label: str) -> None:
    full = [Attribute(name, values[0], 0.8) for name, values in ATTRIBUTES.items()]
    long_title = Hints(title="word " * 100)
    for attributes, defects, hints in itertools.product(([], full), ([], [STAIN] * 10), (Hints(), long_title)):
        text = description_of(prepared("blurry", "dark"), classified(label), attributes, defects, hints)
        assert 40 <= len(text.split()) <= 150
        assert "_" not in text
        assert text == description_of(prepared("blurry", "dark"), classified(label), attributes, defects, hints)


def test_only_what_was_found_is_said() -> None:
    attributes = [Attribute("color", "red", 0.9), Attribute("material", "wood", 0.6), Attribute("condition", "fair", 0.7)]
    text = description_of(prepared(), classified("chair"), attributes, [STAIN], Hints(title="Grandmother's chair"))
    assert "red chair" in text
    assert "Grandmother's chair" in text
    assert "medium stain (upper left of the picture)" in text
    assert "looks as if it were made of wood" in text
    bare = description_of(prepared(), classified("chair"), [], [], Hints())
    assert not any(word in bare for word in ("red", "wood", "stain", "defect", "condition"))


def test_the_sellers_word_for_the_material_is_a_statement() -> None:
    text = description_of(prepared(), classified("chair"), [Attribute("material", "wood", 0.6, "text")], [], Hints())
    assert "is made of wood" in text
