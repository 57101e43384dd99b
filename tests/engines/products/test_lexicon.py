"""Evidence in the seller's words."""

import pytest

from pentaprism.engines.products import Hints
from pentaprism.engines.products.lexicon import brand_of, label_evidence, material_of, says_new, style_of


@pytest.mark.parametrize(
    ("title", "label"),
    [
        ("Wireless Over-Ear Headphones, black", "headphones"),
        ("Men's cotton T-Shirt (2 pack)", "t_shirt"),
        ("Leather ankle boots size 38", "boot"),
        ("Laptop stand for desk", "laptop"),
        ("Desk chair with wheels", "chair"),
        ("14k gold wedding band", "ring"),
        ("ThinkPad X1 with charger", "laptop"),
        ("Jigsaw puzzle, 1000 pieces", "puzzle"),
        ("All season tyres 205/55", "tire"),
        ("Stuffed animal, panda", "teddy_bear"),
        ("Comic book collection", "comic"),
        ("Car floor mats", "car_mat"),
    ],
)
def test_titles_name_their_label(title: str, label: str) -> None:
    found, in_title = label_evidence(Hints(title=title))
    assert in_title
    assert max(found, key=lambda name: found[name]) == label
    assert sum(found.values()) == pytest.approx(1)


def test_a_word_inside_another_is_no_hit() -> None:
    assert label_evidence(Hints(title="Scarlet bedspread, matched bookkeeping capsule")) == ({}, False)
    assert label_evidence(Hints()) == ({}, False)


def test_file_name_and_description_count_only_without_a_hit_in_the_title() -> None:
    assert label_evidence(Hints(filename="IMG_mountainBike-01.jpg")) == ({"bicycle": 1.0}, False)
    assert label_evidence(Hints(title="Teapot", filename="bike.png")) == ({"kettle": 1.0}, True)
    assert label_evidence(Hints(title="For sale", description="A sofa for two")) == ({"sofa": 1.0}, False)


def test_what_the_thing_is_for_weighs_less() -> None:
    found, _ = label_evidence(Hints(title="Case shelf for camera"))
    assert found["shelf"] > 3 * found["camera"]


def test_style_brand_and_material() -> None:
    hints = Hints(title="Vintage Casio watch", description="Brand: Casio. Stainless steel.")
    assert style_of(hints) == ("vintage", 0.8)
    assert brand_of(hints) == ("Casio", 0.9)
    assert material_of(hints) == ("metal", 0.6)
    assert brand_of(Hints(title="running shoes NIKE air")) == ("Nike", 0.8)
    assert brand_of(Hints(title="pineapple slicer")) is None
    assert material_of(Hints(title="leather and wood chair")) is None
    assert brand_of(Hints(description="brand: " + "x" * 200)) == ("x" * 80, 0.9)


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("Brand new in box", True),
        ("new with tags", True),
        ("New York poster", False),
        ("like new, used twice", False),
        ("brand new, worn once", False),
    ],
)
def test_only_plain_statements_make_a_thing_new(text: str, new: bool) -> None:
    assert says_new(Hints(title=text)) is new
