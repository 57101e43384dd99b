"""Saving an edit measures only what changed, and gives the numbers that measuring everything gives."""

import copy
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pentaprism.engines.cells.document import PlaneChoice
from pentaprism.faces.spheroseg.segmentation import edits, versions

WIDTH, HEIGHT = 640, 480
COLUMNS, CELL = 8, 80


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("known") / "noise.png"
    cv2.imwrite(str(path), np.random.default_rng(3).integers(0, 65536, (HEIGHT, WIDTH)).astype(np.uint16))
    return str(path)


def build(polygons: list[Any], previous: list[Any], path: str | None) -> edits.Edited:
    return edits.build(polygons, (WIDTH, HEIGHT), previous, path, PlaneChoice(), None)


def star(rng: np.random.Generator, x: float, y: float, radius: float) -> list[dict[str, float]]:
    angles = np.linspace(0, 2 * np.pi, int(rng.integers(5, 30)), endpoint=False)
    radii = radius * rng.uniform(0.7, 1.0, len(angles))
    return [{"x": float(x + r * np.cos(a)), "y": float(y + r * np.sin(a))} for r, a in zip(radii, angles, strict=True)]


def drawing(rng: np.random.Generator, count: int = 40) -> list[dict[str, Any]]:
    """Objects in a grid, some with one or two holes, one that crosses itself."""
    polygons: list[dict[str, Any]] = []
    for index in range(count):
        x, y = CELL * (index % COLUMNS) + CELL / 2, CELL * (index // COLUMNS) + CELL / 2
        polygons.append({"id": f"o{index}", "points": star(rng, x, y, 36)})
        for hole in range(int(rng.integers(0, 3))):
            ring = star(rng, x + (10 if hole else -10), y, 7)
            polygons.append({"id": f"h{index}.{hole}", "type": "internal", "parentId": f"o{index}", "points": ring})
    bow = [{"x": x, "y": y} for x, y in ((10, 410), (30, 430), (30, 410), (10, 430))]
    return [*polygons, {"id": "bow", "points": bow}]


def stored(edited: edits.Edited) -> list[dict[str, Any]]:
    return versions.unpack(versions.pack(edited.polygons))


def changed(rng: np.random.Generator, polygons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Some rings moved by little, turned round, begun elsewhere, some holes gone, some ids gone, the order another."""
    result = []
    for item in copy.deepcopy(polygons):
        action = int(rng.integers(0, 12))
        points = item["points"]
        if action == 0:
            points[0]["x"] += 0.01
        elif action == 1:
            item["points"] = points[::-1]
        elif action == 2:
            item["points"] = [*points[1:], points[0]]
        elif action == 3 and item["type"] == "internal":
            continue
        elif action == 4 and item["type"] == "external":
            item.pop("id")
        result.append({key: item[key] for key in ("id", "type", "parentId", "points") if key in item})
    rng.shuffle(result)
    return result


def comparable(polygons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what a client's lost id decides: the id itself and whether the object is the model's."""
    return [{key: value for key, value in item.items() if key not in {"id", "parentId"}} for item in polygons]


@pytest.mark.parametrize("seed", range(6))
def test_an_edit_has_the_numbers_of_measuring_everything(picture: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    base = stored(build(drawing(rng), [], picture))
    sent = changed(rng, base)
    edited, measured = build(sent, base, picture), build(sent, [], picture)
    assert comparable(edited.polygons) == comparable(measured.polygons)
    assert edited.summary == measured.summary


def test_only_objects_whose_rings_are_the_same_keep_what_was_measured(picture: str) -> None:
    base = stored(build(drawing(np.random.default_rng(1)), [], picture))
    for item in base:
        if item.get("features"):
            item["features"]["area"] = 1.5
    with_hole = next(item["parentId"] for item in base if item["type"] == "internal")
    sent = [item for item in copy.deepcopy(base) if not (item["type"] == "internal" and item["parentId"] == with_hole)]
    moved = next(item for item in sent if item["type"] == "external" and item["valid"] and item["id"] != with_hole)
    moved["points"][0]["y"] += 0.5
    areas = {item["id"]: item["area"] for item in build(sent, base, picture).polygons if item["type"] == "external" and item["valid"]}
    assert {name for name, area in areas.items() if area != 1.5} == {with_hole, moved["id"]}


def test_nothing_is_kept_of_an_image_that_cannot_be_read_or_could_not(picture: str, tmp_path: Path) -> None:
    base = stored(build(drawing(np.random.default_rng(2)), [], picture))
    without = build(base, base, str(tmp_path / "gone.png"))
    kept = [item["features"] for item in without.polygons if item.get("features")]
    assert kept
    assert all(features["mean_intensity"] is None for features in kept)
    again = build(base, stored(without), picture)
    assert [item.get("features") for item in again.polygons] == [item.get("features") for item in base]
