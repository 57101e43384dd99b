"""From a prompt to a plan, and what is said about it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentaprism.engines.artwork import MODEL, SceneRequest, describe
from pentaprism.engines.artwork.scene import seed_of


@pytest.mark.parametrize(
    ("prompt", "composition", "land"),
    [
        ("A beautiful sunset over mountains", "land", "mountains"),
        ("mountains by the sea", "land", "lake"),
        ("a beach", "land", "beach"),
        ("city by the river at night", "city", "lake"),
        ("a cup of tea", "still", ""),
        ("galaxy", "space", ""),
        ("birthday party", "party", ""),
        ("fairy lights", "lights", ""),
        ("bauhaus shapes", "geometric", ""),
        ("logo for an alpine club in the mountains", "emblem", ""),
        ("a beautiful sunset", "land", "sea"),
        ("xyzzy plugh", "flow", ""),
    ],
)
def test_the_subject_decides_the_composition(prompt: str, composition: str, land: str) -> None:
    scene = describe(SceneRequest(prompt))
    assert (scene.composition, scene.land) == (composition, land)


def test_the_text_names_what_is_drawn_and_the_engine() -> None:
    scene = describe(SceneRequest("Misty pine forest at dawn with a cabin and a quokka"))
    assert "cabin" in scene.revised_prompt and "fog" in scene.revised_prompt and "dawn" in scene.revised_prompt
    assert MODEL in scene.revised_prompt and MODEL not in scene.alt
    assert "quokka" not in scene.revised_prompt and scene.ignored_terms == ("quokka",)


def test_details_that_the_scene_has_no_place_for_are_declared_ignored() -> None:
    scene = describe(SceneRequest("a cup of coffee with a lighthouse"))
    assert "lighthouse" not in scene.revised_prompt
    assert "lighthouse" in scene.ignored_terms and "lighthouse" not in scene.recognized_terms


def test_a_prompt_without_a_known_word_says_so() -> None:
    scene = describe(SceneRequest("qwertz uiop asdf"))
    assert scene.composition == "flow" and "No word of the prompt was recognised" in scene.revised_prompt
    assert scene.recognized_terms == () and scene.ignored_terms == ("qwertz", "uiop", "asdf")


def test_everything_but_the_size_changes_the_seed() -> None:
    base = SceneRequest("sunset over mountains")
    others = [
        SceneRequest("sunset over mountains", variation=1),
        SceneRequest("sunset over mountains", style="natural"),
        SceneRequest("sunset over mountains", quality="hd"),
        SceneRequest("sunset over mountains", image_type="logo"),
        SceneRequest("sunset over hills"),
    ]
    assert len({seed_of(base), *(seed_of(other) for other in others)}) == 6
    assert seed_of(base) == seed_of(SceneRequest("  Sunset  over MOUNTAINS "))


@given(st.text(max_size=300))
def test_any_text_has_a_scene(prompt: str) -> None:
    scene = describe(SceneRequest(prompt))
    assert scene.revised_prompt.count(MODEL) == 1
    assert not set(scene.recognized_terms) & set(scene.ignored_terms)
