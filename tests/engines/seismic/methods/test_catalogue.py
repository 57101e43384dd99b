"""The list of models: fixed ids, what runs is listed, and what a card says was measured."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pentaprism.engines.seismic.methods import find_model, models
from pentaprism.engines.seismic.methods.catalogue import WEIGHTS, _read

IDS = {
    "auto-reconstruction": "655a1d31-6e62-57d3-829f-6b76a07df627",
    "radon-reconstruction": "8d3c4937-e100-5ac3-aea6-6856433eb0e3",
    "pocs-reconstruction": "df1797a0-2eed-5fc9-a505-516b8b8683f8",
    "mssa-reconstruction": "69ab75ef-83ab-5c4a-b738-fa64ccadabbd",
    "linear-reconstruction": "ca4b0343-df06-5141-9af5-41313ec59730",
    "unet-reconstruction": "aa00b959-6bd2-55d6-ac6e-8964832026ec",
    "auto-denoising": "54da3e66-5da1-54d9-990a-da101935ca62",
    "fkwiener-denoising": "5ebf738e-770b-5c78-a2ff-724784fce0c7",
    "fxdecon-denoising": "3a387842-91b8-52e4-a567-f952686df705",
    "mssa-denoising": "bebb7419-3a26-5fda-8cbc-20c8f65dba1b",
    "unet-denoising": "d4f87f8b-93bd-5be0-8737-650297bde284",
}


def test_all_models_have_their_fixed_ids() -> None:
    assert {model.name: model.id for model in models()} == IDS


def test_auto_comes_first() -> None:
    assert [model.architecture for model in models()[:2]] == ["auto", "auto"]


def test_a_model_is_found_by_id_name_and_architecture() -> None:
    for reference, kind in ((IDS["radon-reconstruction"], None), ("radon-reconstruction", "denoising"), ("radon", "reconstruction")):
        found = find_model(reference, kind)
        assert found is not None
        assert found.name == "radon-reconstruction"
    assert find_model("radon", "denoising") is None
    assert find_model("mssa") is None
    assert find_model("00000000-0000-0000-0000-000000000000") is None


def test_linear_needs_three_traces_and_others_eight() -> None:
    assert {model.name: model.min_traces for model in models() if model.min_traces != 8} == {"linear-reconstruction": 3}


def test_a_network_that_differs_from_its_card_is_not_listed(tmp_path: Path) -> None:
    for file in WEIGHTS.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "unet-denoising.onnx").write_bytes(b"something else")
    (tmp_path / "unet-reconstruction.onnx").unlink()
    assert {model.architecture for model in _read(tmp_path)} == {"auto", "radon", "pocs", "mssa", "linear", "fkwiener", "fxdecon"}


def test_weights_stay_below_four_megabytes() -> None:
    assert all(model.size_bytes < 4_000_000 for model in models())
    assert {model.architecture for model in models() if model.checksum} == {"unet"}


def test_metrics_are_the_means_of_the_benchmark() -> None:
    for model in models():
        assert set(model.metrics) == {"snr_improvement", "ssim", "basis"}
        for key in ("snr_improvement", "ssim"):
            values = [row[key] for row in model.benchmark if row[key] is not None]
            if values:
                assert model.metrics[key] == pytest.approx(sum(values) / len(values), abs=1e-4)
            else:
                assert model.metrics[key] is None


def test_every_number_of_a_card_is_in_the_file_of_measurements() -> None:
    file = Path(__file__).resolve().parents[4] / "training" / "seismic" / "scores.json"
    rows = [row["card"] | {"model": row["model"]} for row in json.loads(file.read_text("utf-8"))["rows"]]
    for model in models():
        assert model.benchmark
        assert all(entry | {"model": model.name} in rows for entry in model.benchmark)


def test_the_pages_are_those_that_the_script_makes(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[4]
    face, pages = root / "docs/faces/promethium.md", root / "docs/reference/models"
    copy = tmp_path / "face.md"
    copy.write_text(face.read_text("utf-8"), "utf-8")
    command = [sys.executable, "page.py", str(WEIGHTS), str(tmp_path), "--scores", "scores.json", "--face", str(copy)]
    subprocess.run(command, cwd=root / "training/seismic", check=True)
    assert copy.read_text("utf-8") == face.read_text("utf-8")
    for name in ("seismic-reconstruction.md", "seismic-denoising.md"):
        assert (tmp_path / name).read_text("utf-8") == (pages / name).read_text("utf-8")
