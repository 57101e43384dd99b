"""Weights beside their cards: only the very file that a card describes is run."""

import json
from pathlib import Path

import pytest

from pentaprism import engines
from pentaprism.engines.inference import WeightsError, session_of

CARDS = [
    path
    for path in sorted(Path(engines.__file__).parent.glob("*/weights/*.json"))
    if str(json.loads(path.read_bytes()).get("file", "")).endswith(".onnx")
]


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_every_network_of_the_package_is_the_file_that_its_card_describes(path: Path) -> None:
    card = json.loads(path.read_bytes())
    session = session_of(path.parent / card["file"], 1, card["sha256"])
    assert session.get_providers() == ["CPUExecutionProvider"]
    assert session.get_inputs()


def test_there_are_networks_of_three_engines() -> None:
    assert {path.parent.parent.name for path in CARDS} == {"cells", "products", "seismic"}


def test_a_file_with_another_bit_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    source = CARDS[0]
    card = json.loads(source.read_bytes())
    data = bytearray((source.parent / card["file"]).read_bytes())
    data[len(data) // 2] ^= 1
    file = tmp_path / card["file"]
    file.write_bytes(data)
    with pytest.raises(WeightsError, match="not the file"):
        session_of(file, 1, card["sha256"])
    file.unlink()
    with pytest.raises(WeightsError, match="cannot read"):
        session_of(file, 1, card["sha256"])
