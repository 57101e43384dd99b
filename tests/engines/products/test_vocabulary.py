"""The words that the engine may say."""

import pytest

from pentaprism.engines.products import CATEGORIES, LABELS, OTHER, PLACES, TREE, category_of, subcategory_of


def test_every_label_has_one_category_and_every_category_a_label() -> None:
    labels = [label for subcategories in TREE.values() for group in subcategories.values() for label in group]
    assert len(labels) == len(set(labels)) == len(PLACES)
    assert set(TREE) | {OTHER} == set(CATEGORIES)
    assert not set(labels) & set(CATEGORIES)
    assert {category_of(label) for label in LABELS} == set(CATEGORIES)


def test_places_of_labels_and_categories() -> None:
    assert (category_of("headphones"), subcategory_of("headphones")) == ("electronics", "audio")
    assert (category_of("books"), subcategory_of("books")) == ("books", None)
    assert (category_of(OTHER), subcategory_of(OTHER)) == (OTHER, None)
    with pytest.raises(KeyError):
        category_of("spaceship")
