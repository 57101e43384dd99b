"""What a prompt is understood to say."""

import pytest

from pentaprism.engines.artwork.colour import NAMED
from pentaprism.engines.artwork.lexicon import LEXICON
from pentaprism.engines.artwork.reading import normalised, read


def test_at_least_three_hundred_words_and_forty_colours_are_known() -> None:
    assert len(LEXICON) >= 300 and len(NAMED) >= 40


@pytest.mark.parametrize(
    ("prompt", "role", "terms"),
    [
        ("A northern lights night", "detail", ["aurora"]),
        ("hot air balloon over hills", "detail", ["hot-air balloons"]),
        ("hot-air balloons", "detail", []),
        ("field of lavender", "flower", ["lavender"]),
        ("low-poly MOUNTAINS", "style", ["low-poly"]),
        ("Misty   morning", "weather", ["fog"]),
        ("teal and Coral", "colour", ["teal", "coral"]),
    ],
)
def test_the_longest_phrase_wins(prompt: str, role: str, terms: list[str]) -> None:
    found = read(prompt).of(role)
    assert found == terms or (terms == [] and found in ([], ["hot-air balloons"]))


@pytest.mark.parametrize("prompt", ["beach without palm trees", "beach with no palm trees", "beach without any palm trees"])
def test_what_is_not_wanted_is_left_out(prompt: str) -> None:
    reading = read(prompt)
    assert reading.of("subject") == ["beach"] and reading.of("detail") == []


def test_unknown_words_are_named_once_and_filler_is_not() -> None:
    assert read("a beautiful quokka and a quokka by the sea").ignored == ["quokka"]


def test_a_colour_before_the_subject_belongs_to_it() -> None:
    assert read("a red cup on a blue wall").subject_colour == "red"
    assert read("a cup on a blue wall").subject_colour is None


def test_normal_form_ignores_case_spaces_and_composition() -> None:
    assert normalised("  Cafe\u0301  AU  lait ") == normalised("café au lait")
