"""Models on the command line."""

from typing import Any


def test_the_shipped_models_are_here_and_right(pentaprism: Any) -> None:
    listed = pentaprism("models", "list", "--json").json
    states = {model["name"]: model["state"] for model in listed}
    assert states
    assert set(states.values()) <= {"verified", "built in"}
    assert {row["name"] for row in pentaprism("models", "verify", "--json").json} == set(states)


def test_a_card_tells_its_training_data_scores_and_limitations(pentaprism: Any) -> None:
    for model in pentaprism("models", "list", "--json").json:
        card = pentaprism("models", "show", model["name"], "--json").json
        assert all(card[key] for key in ("training_data", "scores", "limitations", "licence", "origin"))


def test_pulling_a_model_that_is_here_gives_its_path(pentaprism: Any) -> None:
    for model in pentaprism("models", "list", "--json").json:
        if model["state"] == "verified":
            assert pentaprism("models", "pull", model["name"], "--json").json["path"].endswith(".onnx")


def test_an_unknown_model_is_named(pentaprism: Any) -> None:
    assert "psychic" in pentaprism("models", "show", "psychic", status=1).err
    assert "psychic" in pentaprism("models", "verify", "psychic", status=1).err
