from typing import Any

import pytest
from pydantic import ValidationError

from pentaprism.core.models.card import ModelCard

WHOLE: dict[str, Any] = {
    "id": "cells-nuclei",
    "name": "nuclei",
    "version": "1.0.0",
    "task": "cells",
    "architecture": "U-Net",
    "file": "nuclei.onnx",
    "sha256": "0" * 64,
    "size_bytes": 1000,
    "licence": "Apache-2.0",
    "origin": "trained by this project",
    "training_data": "generated pictures",
    "scores": {"f1": 0.9},
    "limitations": ["fluorescence only"],
    "engine": {"multiple": 32},
    "seed": 7,
}


def test_a_whole_card_is_read_with_what_belongs_to_its_engine() -> None:
    card = ModelCard.model_validate(WHOLE)
    assert card.engine == {"multiple": 32} and card.model_dump()["seed"] == 7
    assert card.memory == 2000
    assert ModelCard.model_validate({**WHOLE, "memory_bytes": 5}).memory == 5


@pytest.mark.parametrize("missing", ["id", "version", "task", "architecture", "sha256", "size_bytes", "licence", "scores", "limitations"])
def test_an_unfinished_card_is_refused(missing: str) -> None:
    with pytest.raises(ValidationError):
        ModelCard.model_validate({key: value for key, value in WHOLE.items() if key != missing})


@pytest.mark.parametrize(
    "wrong", [{"file": "../secret"}, {"file": ".hidden"}, {"sha256": "xyz"}, {"name": "a b"}, {"url": "file:///etc/passwd"}]
)
def test_a_card_cannot_point_anywhere(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ModelCard.model_validate({**WHOLE, **wrong})


def test_a_built_in_model_needs_no_file() -> None:
    card = ModelCard.model_validate({key: value for key, value in WHOLE.items() if key not in {"file", "sha256", "size_bytes"}})
    assert card.file is None and card.memory == 0
