import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from pentaprism.cli.main import build_app

PROGRAM = build_app({"generate", "crop"})


def run(*arguments: str):
    return CliRunner().invoke(PROGRAM, [*arguments])


def test_a_prompt_becomes_a_file_for_each_platform(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    done = run("generate", "A red sunset over the sea", "--platforms", "facebook-cover,96x64", "--out", str(folder), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [picture["platform"] for picture in told["pictures"]] == ["facebook-cover", "custom-96x64"]
    assert {"sunset", "sea"} <= set(told["recognized"])
    for picture in told["pictures"]:
        with Image.open(picture["file"]) as image:
            assert image.size == (picture["width"], picture["height"])
        assert Path(picture["file"]).stat().st_size == picture["bytes"]


def test_the_same_words_draw_the_same_picture_and_a_variation_another(tmp_path: Path) -> None:
    data = []
    for number, variation in enumerate(("0", "0", "1")):
        folder = tmp_path / str(number)
        assert run("generate", "a forest", "--platforms", "128x96", "--variation", variation, "--out", str(folder)).exit_code == 0
        data.append((folder / "custom-128x96-128x96.png").read_bytes())
    assert data[0] == data[1] != data[2]


def test_a_picture_is_cut_around_its_subject(tmp_path: Path) -> None:
    picture = np.full((400, 600, 3), (20, 40, 90), np.uint8)
    picture[150:250, 20:120] = (250, 220, 40)
    Image.fromarray(picture).save(tmp_path / "photo.png")
    done = run("crop", str(tmp_path / "photo.png"), "--platforms", "200x200", "--out", str(tmp_path), "--format", "webp")
    assert done.exit_code == 0, done.output
    with Image.open(tmp_path / "custom-200x200-200x200.webp") as image:
        cut = np.asarray(image.convert("RGB"), int)
    yellow = (cut[..., 0] > 180) & (cut[..., 2] < 120)
    assert yellow.sum() > 0.9 * 50 * 50


def test_a_focal_point_is_kept(tmp_path: Path) -> None:
    picture = np.zeros((100, 300, 3), np.uint8)
    picture[:, 250:] = 255
    Image.fromarray(picture).save(tmp_path / "wide.png")
    arguments = ("crop", str(tmp_path / "wide.png"), "--platforms", "100x100", "--focal-point", "1,0.5", "--out", str(tmp_path))
    assert run(*arguments).exit_code == 0
    with Image.open(tmp_path / "custom-100x100-100x100.png") as image:
        assert np.asarray(image).mean() > 120


@pytest.mark.parametrize("arguments", [["generate", "a forest"], ["crop", "wide.png"]])
def test_numerical_libraries_leave_the_cores_to_those_who_draw(tmp_path: Path, arguments: list[str]) -> None:
    Image.fromarray(np.zeros((60, 90, 3), np.uint8)).save(tmp_path / "wide.png")
    script = (
        "import ctypes, re, sys\nfrom pathlib import Path\nfrom pentaprism.cli.main import build_app\n"
        "build_app({'generate', 'crop'})(sys.argv[1:], standalone_mode=False)\n"
        "found = set(re.findall(r'/\\S+openblas\\S+', Path('/proc/self/maps').read_text()))\n"
        "libraries = [ctypes.CDLL(path) for path in found]\n"
        "print(max(each.scipy_openblas_get_num_threads64_() for each in libraries if hasattr(each, 'scipy_openblas_get_num_threads64_')))"
    )
    free = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    command = [sys.executable, "-c", script, *arguments, "--platforms", "40x40", "--out", "."]
    done = subprocess.run(command, cwd=tmp_path, env=free, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "1"


def test_wrong_commands_end_with_status_two(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    wrong = [
        ("generate", "sea", "--platforms", "myspace"),
        ("generate", "sea", "--platforms", ","),
        ("generate", "sea", "--format", "gif"),
        ("generate", " "),
        ("crop", str(broken)),
        ("crop", str(broken), "--focal-point", "middle"),
        ("crop", str(tmp_path / "absent.png")),
    ]
    for arguments in wrong:
        assert run(*arguments, "--out", str(tmp_path / "out")).exit_code == 2, arguments
    assert not (tmp_path / "out").exists()
