"""Models on the command line."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest


def test_the_shipped_models_are_here_and_right(pentaprism: Any) -> None:
    listed = pentaprism("models", "list", "--json").json
    states = {model["name"]: model["state"] for model in listed}
    elsewhere = {name for name in states if pentaprism("models", "show", name, "--json").json.get("url")}
    assert len(elsewhere) < len(states)
    assert {states[name] for name in states.keys() - elsewhere} <= {"verified", "built in"}
    assert {states[name] for name in elsewhere} <= {"absent"}
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


def test_a_diffusion_model_is_pulled_by_the_settings_of_the_face(pentaprism: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No diffusers model is configured" in pentaprism("models", "pull", "diffusers", status=1).err
    folder = tmp_path / "drawing"
    folder.mkdir()
    (folder / "model_index.json").write_text("{}")
    monkeypatch.setenv("PENTAPRISM_SNAPASSET__DIFFUSERS_MODEL", str(folder))
    assert pentaprism("models", "pull", "diffusers", "--json").json == {"name": "diffusers", "path": str(folder)}


def test_without_its_extra_a_diffusion_model_is_not_pulled(pentaprism: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "huggingface_hub" else find(name))
    monkeypatch.setenv("PENTAPRISM_SNAPASSET__DIFFUSERS_MODEL", "somebody/some-model")
    told = pentaprism("models", "pull", "diffusers", status=1).err
    assert "extra diffusers is not installed" in told and "pentaprism[diffusers]" in told
