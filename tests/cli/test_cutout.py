"""Cutting objects out without a server."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A red disc, a blue square and a green square on grey."""
    image = Image.new("RGB", (320, 240), (120, 120, 120))
    draw = ImageDraw.Draw(image)
    draw.ellipse((40, 60, 119, 139), fill=(210, 40, 40))
    draw.rectangle((200, 40, 269, 109), fill=(30, 60, 200))
    draw.rectangle((200, 150, 269, 199), fill=(40, 180, 60))
    image.save(tmp_path / "shapes.png")
    return tmp_path / "shapes.png"


def test_a_point_cuts_its_object_out(pentaprism: Any, picture: Path, tmp_path: Path) -> None:
    ran = pentaprism("cutout", picture, "--point", "235,75", "--out", "out", "--json").json
    assert ran["engine"]["kind"] == "embedded"
    (row,) = ran["objects"]
    assert row["area"] == pytest.approx(4900, rel=0.05)
    mask = np.asarray(Image.open(tmp_path / "out" / row["mask"]))
    assert mask.shape == (240, 320)
    assert set(np.unique(mask)) == {0, 255}
    assert np.count_nonzero(mask) == row["area"]
    with Image.open(tmp_path / "out" / row["file"]) as cut:
        assert cut.mode == "RGBA"
        assert cut.getpixel((cut.width // 2, cut.height // 2)) == (30, 60, 200, 255)
    with Image.open(tmp_path / "out" / "shapes_overlay.png") as overlay:
        assert max(overlay.size) >= 1000


def test_each_box_is_an_object(pentaprism: Any, picture: Path, tmp_path: Path) -> None:
    ran = pentaprism("cutout", picture, "--box", "30,50,100,100", "--box", "190,140,90,70", "--out", "out", "--json").json
    assert [row["area"] for row in ran["objects"]] == pytest.approx([np.pi * 40**2, 3500], rel=0.06)
    many = pentaprism("cutout", picture, "--box", "30,50,100,100", "--candidates", "--out", "more", "--json").json
    assert 1 <= len(many["objects"]) <= 3


@pytest.mark.parametrize("options", [[], ["--tiles"]])
def test_all_objects_are_found(pentaprism: Any, picture: Path, tmp_path: Path, options: list[str]) -> None:
    ran = pentaprism("cutout", picture, "--auto", "--out", "out", "--crop-layers", "0", "--json", *options).json
    areas = [row["area"] for row in ran["objects"]]
    for wanted in (np.pi * 40**2, 4900, 3500):
        assert any(abs(area - wanted) < 0.06 * wanted for area in areas)
    assert len(list((tmp_path / "out").glob("shapes_*_mask.png"))) == len(areas)


def test_a_blank_picture_has_nothing_to_cut(pentaprism: Any, tmp_path: Path) -> None:
    Image.new("L", (100, 80), 90).save(tmp_path / "blank.png")
    ran = pentaprism("cutout", "blank.png", "--out", "out", status=1)
    assert "No object" in ran.out
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--point", "3"], "--point takes 2 numbers"), (["--box", "1,2,3"], "--box takes 4 numbers"), (["--point", "a,b"], "--point takes"),
        (["--box", "5,5,0,9"], "No part of the box"), (["--not", "3,3"], "needs a box or a point"), (["--quality", "2"], "pred_iou_thresh"),
        (["--model", "vit_b"], "models pull vit_b"), (["--auto", "--point", "3,3"], "leave --point"), (["--model", "vit_x"], "no model"),
        (["--point", "99999,2"], "outside the picture"), (["--not", "-1,2"], "outside the picture"), (["--point", "nan,2"], "takes 2"),
        (["--box", "0,0,inf,9"], "takes 4 numbers"), (["--box", "99999,0,9,9"], "No part"),
    ],
)  # fmt: skip
def test_wrong_commands_are_told(pentaprism: Any, picture: Path, tmp_path: Path, arguments: list[str], said: str) -> None:
    assert said in pentaprism("cutout", picture, "--out", "out", *arguments, status=2).err
    assert not (tmp_path / "out").exists()


def test_files_that_are_no_pictures_are_told(pentaprism: Any, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("text")
    assert pentaprism("cutout", "text.png", status=2).err
    assert "absent.png cannot be read: No such file" in pentaprism("cutout", "absent.png", status=2).err
