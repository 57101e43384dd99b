"""Analysing product photographs without a server."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from engines.products.products_drawing import product, scene
from pentaprism.cli import console


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A red product, a stained one of the same name below, and a broken file."""
    pictures = tmp_path / "pictures"
    (pictures / "more").mkdir(parents=True)
    Image.fromarray(product((190, 30, 35))[0]).save(pictures / "mug.png")
    Image.fromarray(scene("stain", 3)[0]).save(pictures / "more" / "mug.jpg", quality=95)
    (pictures / "broken.png").write_bytes((pictures / "mug.png").read_bytes()[:3000])
    return pictures


def test_json_holds_everything_and_a_broken_picture_stops_nothing(pentaprism: Any, folder: Path, tmp_path: Path) -> None:
    ran = pentaprism("analyze", folder, "--out", "out", "--title", "Ceramic mug", "--json", status=1).json
    assert ran["summary"] == {"total": 3, "succeeded": 2, "failed": 1}
    by_name = {str(Path(image["file"]).relative_to(folder)): image for image in ran["images"]}
    assert by_name["broken.png"]["error"]
    assert by_name["broken.png"]["analysis"] is None
    red = by_name["mug.png"]["analysis"]
    assert red["label"] == "mug"
    assert red["scores"]["mug"] == red["confidence"]
    values = {attribute["name"]: attribute["value"] for attribute in red["attributes"]}
    assert (values["color"], values["material"]) == ("red", "ceramic")
    assert red["defects"] == []
    stained = by_name["more/mug.jpg"]["analysis"]
    assert stained["defects"]
    box = stained["defects"][0]["bounding_box"]
    assert box["x"] >= 0 and box["x"] + box["width"] <= stained["width"]
    outputs = [by_name[name]["output"] for name in ("mug.png", "more/mug.jpg")]
    assert len(set(outputs)) == 2
    plain = Image.open(folder / "more" / "mug.jpg").convert("RGB")
    with Image.open(tmp_path / by_name["more/mug.jpg"]["output"]) as drawn:
        assert drawn.width == plain.width
        below = np.asarray(drawn)[drawn.height - plain.height :].astype(int)
    changed = np.abs(below - np.asarray(plain)).max(axis=2) > 60
    x, _, w, _ = cv2.boundingRect(changed.astype(np.uint8))
    assert x <= box["x"] and x + w >= box["x"] + box["width"]
    assert changed.mean() < 0.2


def test_the_table_names_files_and_findings(pentaprism: Any, folder: Path) -> None:
    ran = pentaprism("analyze", folder / "mug.png")
    assert "mug.png" in ran.out
    assert "red" in ran.out
    assert "1 of 1 pictures done" in ran.out


def test_the_table_can_be_read_in_a_terminal_of_80_characters(pentaprism: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console.out, "width", 80)
    lines = pentaprism("analyze", folder / "mug.png").out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert any("mug.png" in line and "red" in line for line in lines)


def test_a_folder_without_pictures_is_a_wrong_command(pentaprism: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "no pictures" in pentaprism("analyze", "empty", status=2).err


def test_a_picture_that_is_not_there_is_reported(pentaprism: Any) -> None:
    ran = pentaprism("analyze", "missing.png", status=1)
    assert "missing.png" in ran.err
