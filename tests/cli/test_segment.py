"""Segmenting without a server."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from pentaprism.samples.spheroids import Spheroid, render

DRAWN = [Spheroid(120, 120, 55), Spheroid(300, 180, 70)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures of the same name in two folders, and one that is broken."""
    pictures = tmp_path / "pictures"
    (pictures / "more").mkdir(parents=True)
    Image.fromarray(render(DRAWN, width=420, height=300, seed=5)).save(pictures / "well.png")
    Image.fromarray(render(DRAWN[:1], width=420, height=300, seed=6)).save(pictures / "more" / "well.tif")
    (pictures / "broken.png").write_bytes((pictures / "well.png").read_bytes()[:5000])
    return pictures


def test_every_format_is_written_and_a_broken_picture_stops_nothing(pentaprism: Any, folder: Path, tmp_path: Path) -> None:
    formats = "masks,geojson,coco,csv,overlay"
    ran = pentaprism("segment", folder, "--out", "out", "--format", formats, "--pixel-size", "0.5", "--json", status=1).json
    assert ran["summary"] == {"total": 3, "succeeded": 2, "failed": 1}
    by_name = {str(Path(image["file"]).relative_to(folder)): image for image in ran["images"]}
    assert by_name["broken.png"]["error"]
    assert by_name["broken.png"]["outputs"] == []
    assert (by_name["well.png"]["objects"], by_name["more/well.tif"]["objects"]) == (2, 1)
    outputs = [*by_name["well.png"]["outputs"], *by_name["more/well.tif"]["outputs"], *ran["outputs"]]
    assert len(outputs) == len(set(outputs))
    assert all((tmp_path / path).stat().st_size for path in outputs)


def test_areas_agree_between_the_formats_and_the_drawing(pentaprism: Any, folder: Path, tmp_path: Path) -> None:
    pentaprism("segment", folder / "well.png", "--out", "out", "--format", "masks,geojson,coco,csv", "--pixel-size", "0.5")
    out = tmp_path / "out"
    rows = list(csv.DictReader((out / "measurements.csv").read_text().splitlines()))
    areas = sorted(float(row["Area (px²)"]) for row in rows)
    assert areas == pytest.approx(sorted(np.pi * spheroid.radius**2 for spheroid in DRAWN), rel=0.15)
    assert [float(row["Area (µm²)"]) for row in rows] == pytest.approx([0.25 * float(row["Area (px²)"]) for row in rows])
    labels = np.asarray(Image.open(next((out / "masks").glob("*_labels.png"))))
    assert sorted(np.bincount(labels.ravel())[1:]) == pytest.approx(areas, rel=0.01)
    coco = COCO(str(out / "annotations.json"))
    assert sorted(annotation["area"] for annotation in coco.loadAnns(coco.getAnnIds())) == pytest.approx(areas)
    features = json.loads(next((out / "geojson").glob("*.geojson")).read_text())["features"]
    assert sorted(feature["properties"]["area"] for feature in features) == pytest.approx(areas)
    assert all(ring[0] == ring[-1] for feature in features for ring in feature["geometry"]["coordinates"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format", "psd"], "Unknown format: psd"),
        (["--model", "psychic"], "unknown model"),
        (["--threshold", "1.5"], "threshold"),
        (["--pixel-size", "0"], "--pixel-size"),
    ],
)
def test_a_wrong_command_is_named_before_any_work(pentaprism: Any, folder: Path, tmp_path: Path, arguments: list[str], said: str) -> None:
    refused = pentaprism("segment", folder, "--out", "out", *arguments, status=2)
    assert said in refused.err
    assert not (tmp_path / "out").exists()


def test_a_folder_without_pictures_is_a_wrong_command(pentaprism: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused = pentaprism("segment", "empty", status=2)
    assert "no pictures" in refused.err


def test_a_picture_that_is_not_there_is_reported(pentaprism: Any) -> None:
    ran = pentaprism("segment", "missing.png", "--json", status=1)
    assert ran.json["summary"]["failed"] == 1
    assert "missing.png" in ran.err
