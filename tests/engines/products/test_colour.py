"""Colour names of foregrounds."""

import numpy as np
import pytest

from engines.products.products_drawing import product
from pentaprism.engines.products.colour import ANCHORS, clusters, colour_of, likeness, to_lab
from pentaprism.engines.products.foreground import foreground
from pentaprism.engines.products.vocabulary import ATTRIBUTES

PAINTS = {
    "red": (190, 30, 35),
    "blue": (35, 70, 190),
    "green": (40, 140, 60),
    "yellow": (240, 215, 50),
    "orange": (240, 130, 30),
    "purple": (110, 50, 150),
    "pink": (240, 140, 175),
    "brown": (110, 70, 40),
    "black": (20, 20, 22),
    "gray": (128, 128, 130),
    "beige": (215, 195, 165),
}


@pytest.mark.parametrize(("name", "paint"), PAINTS.items())
def test_a_painted_product_has_its_colour_whatever_the_ground(name: str, paint: tuple[int, int, int]) -> None:
    for ground in (255, 120 if name != "gray" else 30):
        picture, truth = product(paint, ground=ground)
        mask = foreground(picture)
        assert (mask & truth).sum() / (mask | truth).sum() > 0.95
        found = colour_of(picture, mask, 0.35)
        assert found is not None
        assert found.value == name


def test_a_white_product_on_a_dark_ground_is_white() -> None:
    picture, _ = product((244, 244, 242), ground=40)
    found = colour_of(picture, foreground(picture), 0.35)
    assert found is not None
    assert found.value == "white"


def test_the_threshold_decides_whether_a_colour_is_told() -> None:
    picture, _ = product((190, 30, 35))
    picture[:200, :, :] = np.where((picture[:200] > 225).all(axis=2, keepdims=True), picture[:200], np.array((35, 70, 190), np.uint8))
    mask = foreground(picture)
    found = colour_of(picture, mask, 0.0)
    assert found is not None
    assert found.confidence < 0.9
    assert colour_of(picture, mask, found.confidence + 0.01) is None


def test_every_anchor_is_named_after_itself_and_the_names_are_the_vocabulary() -> None:
    assert set(ANCHORS) == set(ATTRIBUTES["color"])
    for name, anchors in ANCHORS.items():
        for anchor in anchors:
            shares = likeness(np.array(anchor))
            assert max(shares, key=lambda each: shares[each]) == name
            assert sum(shares.values()) == pytest.approx(1)


def test_clusters_find_two_paints_with_their_shares() -> None:
    paints = np.zeros((10, 100, 3), np.uint8)
    paints[:, :70] = (190, 30, 35)
    paints[:, 70:] = (35, 70, 190)
    centres, shares = clusters(to_lab(paints).reshape(-1, 3))
    assert shares.sum() == pytest.approx(1)
    assert sorted(np.round(shares, 3)) == [0.3, 0.7]
    likes = [likeness(centre) for centre in centres[np.argsort(shares)]]
    assert [max(like, key=lambda each: like[each]) for like in likes] == ["blue", "red"]


@pytest.mark.parametrize("paint", ["black", "brown", "blue"])
def test_its_reflection_on_white_paper_does_not_name_a_product(paint: str) -> None:
    picture = np.full((300, 300, 3), 255, np.uint8)
    picture[60:150, 60:240] = PAINTS[paint]
    picture[150:260, 60:240] = 226
    mask = (picture < 250).all(axis=2)
    found = colour_of(picture, mask, 0.35)
    assert found is not None
    assert found.value == paint


def test_a_pale_product_on_white_paper_keeps_its_colour() -> None:
    picture = np.full((300, 300, 3), 255, np.uint8)
    picture[60:260, 60:240] = (232, 231, 229)
    picture[60:80, 60:240] = (40, 40, 42)
    found = colour_of(picture, (picture < 250).all(axis=2), 0.35)
    assert found is not None
    assert found.value == "white"
