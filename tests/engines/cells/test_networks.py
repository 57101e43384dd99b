"""The shipped networks: their files, their cards, what they find, and the choice between them."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from engines.cells.cells_drawing import disk, iou, noisy
from pentaprism.engines.cells import CellsEngine, NetworkStore, SegmentParameters, cards
from pentaprism.engines.cells.networks import WEIGHTS
from pentaprism.engines.inference import WeightsError


@pytest.fixture(scope="module")
def engine() -> CellsEngine:
    return CellsEngine()


def grain(rng: np.random.Generator, shape: tuple[int, int], sigma: float) -> npt.NDArray[np.float32]:
    field = cv2.GaussianBlur(rng.standard_normal(shape).astype(np.float32), (0, 0), sigma)
    return np.asarray(field / field.std(), np.float32)


def bright_field(rng: np.random.Generator, radius: float = 70) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """One grainy dark ball on uneven light with specks around it, 300 x 400."""
    cover = disk((300, 400), 200 + rng.uniform(-20, 20), 150 + rng.uniform(-10, 10), radius, 1.15, rng.uniform(0, 3), 0.01)
    x = np.linspace(-1, 1, 400, dtype=np.float32)
    light = 190 * (1 + 0.08 * x) * (1 - cover * (0.6 + 0.08 * grain(rng, cover.shape, 5)))
    specks = cv2.GaussianBlur((rng.random(cover.shape) < 6e-4).astype(np.float32), (0, 0), 1.2) * 9
    light = cv2.GaussianBlur(light * (1 - 0.5 * np.clip(specks, 0, 1)), (0, 0), 1.2) + rng.normal(0, 3, cover.shape)
    return np.clip(light, 0, 255).astype(np.uint8), cover


def fluorescence(rng: np.random.Generator, count: int = 14) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.int32]]:
    """Grainy blurred nuclei of different brightness on a 240 x 320 dark ground, and their labels."""
    light, labels = np.zeros((240, 320), np.float32), np.zeros((240, 320), np.int32)
    while labels.max() < count:
        x, y, radius = rng.uniform(20, 300), rng.uniform(20, 220), rng.uniform(11, 15)
        cover = disk(light.shape, x, y, radius, rng.uniform(1, 1.4), rng.uniform(0, 3))
        if (labels[cv2.dilate(cover, np.ones((9, 9))) > 0] > 0).any():
            continue
        labels[cover > 0.5] = labels.max() + 1
        light += cover * rng.uniform(0.5, 1.0) * (1 + 0.15 * grain(rng, light.shape, 2))
    picture = 300 + 4000 * cv2.GaussianBlur(light, (0, 0), 1.0) + rng.normal(0, 60, light.shape)
    return np.clip(picture, 0, 65535).astype(np.uint16), labels


def test_both_networks_are_shipped_below_eight_megabytes_with_true_cards() -> None:
    shipped = cards()
    assert {card.name for card in shipped} == {"nuclei", "spheroid"}
    assert sum(card.details["size_bytes"] for card in shipped) < 8_000_000
    for card in shipped:
        assert (WEIGHTS / card.file).stat().st_size == card.details["size_bytes"]
        assert NetworkStore().get(card.name).card == card
        for key in ("task", "architecture", "licence", "origin", "training_data", "limitations"):
            assert card.details[key]
        assert card.details["scores"]["data"]
        assert {card.name, "otsu_watershed", "classical"} <= set(card.details["scores"])


def test_a_changed_or_missing_weights_file_is_refused(tmp_path: Path) -> None:
    for path in WEIGHTS.iterdir():
        shutil.copy(path, tmp_path)
    file = tmp_path / "nuclei.onnx"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(WeightsError, match="not the file"):
        NetworkStore(folder=tmp_path).get("nuclei")
    file.unlink()
    with pytest.raises(WeightsError, match="cannot read"):
        NetworkStore(folder=tmp_path).get("nuclei")
    with pytest.raises(WeightsError, match="no weights"):
        NetworkStore(folder=tmp_path).get("other")


def test_without_weights_auto_falls_back_to_the_classical_engine(tmp_path: Path) -> None:
    picture, _ = fluorescence(np.random.default_rng(0))
    result = CellsEngine(networks=NetworkStore(folder=tmp_path)).segment(picture)
    assert result.model == "classical"
    assert any("nuclei" in warning for warning in result.warnings)


@pytest.mark.parametrize("seed", range(3))
def test_a_spheroid_among_specks_is_found_by_the_spheroid_network(engine: CellsEngine, seed: int) -> None:
    picture, cover = bright_field(np.random.default_rng(seed))
    result = engine.segment(picture)
    assert result.model == "spheroid"
    assert result.labels.max() == 1
    assert iou(result.labels > 0, cover > 0.5) > 0.9
    assert result.confidence_method == "mean_probability"
    assert result.confidences[0] > 0.7
    assert result.sha256 == json.loads((WEIGHTS / "spheroid.json").read_text("utf-8"))["sha256"]


@pytest.mark.parametrize("seed", range(3))
def test_nuclei_are_found_one_by_one_by_the_nuclei_network(engine: CellsEngine, seed: int) -> None:
    picture, labels = fluorescence(np.random.default_rng(seed))
    result = engine.segment(picture)
    assert result.model == "nuclei"
    assert result.labels.max() == labels.max()
    for index in range(1, int(labels.max()) + 1):
        found = np.bincount(result.labels[labels == index]).argmax()
        assert found > 0
        assert iou(result.labels == found, labels == index) > 0.75


def test_dark_nuclei_are_found_by_turning_the_picture_over(engine: CellsEngine) -> None:
    picture, labels = fluorescence(np.random.default_rng(1))
    turned = picture.max() - picture
    for polarity in ("auto", "dark"):
        result = engine.segment(turned, SegmentParameters(model="nuclei", polarity=polarity))
        assert result.polarity == "dark"
        assert result.labels.max() == labels.max()


def test_bright_nuclei_that_fill_most_of_the_picture_are_not_taken_for_the_ground(engine: CellsEngine) -> None:
    rng = np.random.default_rng(5)
    light = np.zeros((300, 300), np.float32)
    for x, y in ((x, y) for x in range(15, 300, 27) for y in range(15, 300, 27)):
        light = np.maximum(light, disk(light.shape, x + rng.uniform(-1, 1), y + rng.uniform(-1, 1), 13.0))
    picture = 60 + 160 * cv2.GaussianBlur(light, (0, 0), 1.0) + rng.normal(0, 3, light.shape)
    result = engine.segment(np.clip(picture, 0, 255).astype(np.uint8), SegmentParameters(model="nuclei"))
    assert result.polarity == "bright"
    assert result.labels.max() == pytest.approx(121, abs=4)


def test_tiny_nuclei_side_by_side_are_looked_at_closely_enough_to_be_counted(engine: CellsEngine) -> None:
    rng = np.random.default_rng(1)
    tile = np.zeros((60, 60), np.float32)
    for x, y in ((x, y) for x in range(5, 60, 10) for y in range(5, 60, 10)):
        tile = np.maximum(tile, rng.uniform(0.6, 1) * disk(tile.shape, x + rng.uniform(-0.7, 0.7), y + rng.uniform(-0.7, 0.7), 4.2))
    light = np.tile(tile, (10, 20))
    picture = 30 + 180 * cv2.GaussianBlur(light, (0, 0), 1.2) + rng.normal(0, 4, light.shape)
    result = engine.segment(np.clip(picture, 0, 255).astype(np.uint8), SegmentParameters(model="nuclei", min_size=5))
    assert result.labels.max() == pytest.approx(36 * 200, rel=0.02)


def test_spheroids_of_the_wrong_polarity_are_left_out(engine: CellsEngine) -> None:
    picture, cover = bright_field(np.random.default_rng(2))
    middle = tuple(int(v.mean()) for v in np.nonzero(cover > 0.5))
    assert engine.segment(picture, SegmentParameters(model="spheroid", polarity="dark")).labels[middle] > 0
    assert engine.segment(picture, SegmentParameters(model="spheroid", polarity="bright")).labels[middle] == 0


def test_the_zoom_follows_the_size_of_the_objects(engine: CellsEngine) -> None:
    picture, labels = fluorescence(np.random.default_rng(2))
    large = cv2.resize(picture, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    small, big = (engine.segment(p, SegmentParameters(model="nuclei")) for p in (picture, large))
    assert big.scale < 0.6 * small.scale
    assert big.labels.max() == labels.max()


def test_rendered_disks_go_to_the_classical_engine(engine: CellsEngine) -> None:
    picture = noisy(disk((200, 260), 120, 100, 50), 5.0, np.random.default_rng(3))
    assert engine.segment(picture).model == "classical"


def test_threads_share_a_network_and_agree(engine: CellsEngine) -> None:
    pictures = [fluorescence(np.random.default_rng(seed))[0] for seed in (0, 1)] * 3
    alone = [engine.segment(p, SegmentParameters(model="nuclei")) for p in pictures[:2]]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda p: engine.segment(p, SegmentParameters(model="nuclei")), pictures))
    for index, result in enumerate(together):
        assert np.array_equal(result.labels, alone[index % 2].labels)
        assert np.array_equal(result.probability, alone[index % 2].probability)


def test_confidence_is_the_mean_probability_of_the_objects_pixels(engine: CellsEngine) -> None:
    result = engine.segment(fluorescence(np.random.default_rng(4))[0], SegmentParameters(model="nuclei", min_hole_size=0))
    means = [float(result.probability[result.labels == k].mean()) for k in range(1, int(result.labels.max()) + 1)]
    assert result.confidences == pytest.approx(means, abs=1e-4)


def test_nuclei_on_tile_borders_measure_as_inside_a_tile(engine: CellsEngine) -> None:
    picture, labels = fluorescence(np.random.default_rng(5))
    height, width = picture.shape
    result = engine.segment(np.tile(picture, (9, 7)), SegmentParameters(model="nuclei")).labels
    rows, columns = np.nonzero(result)
    label = result[rows, columns]
    area = np.bincount(label)[1:]
    y, x = np.bincount(label, rows)[1:] / area, np.bincount(label, columns)[1:] / area
    inner = (y > height) & (y < 8 * height) & (x > width) & (x < 6 * width)
    copies = 0
    for index in range(1, int(labels.max()) + 1):
        own = np.argwhere(labels == index).mean(0)
        near = inner & (np.hypot(np.mod(y - own[0] + 20, height) - 20, np.mod(x - own[1] + 20, width) - 20) < 4)
        assert near.sum() == 7 * 5
        assert np.abs(area[near] / np.median(area[near]) - 1).max() < 0.01
        copies += int(near.sum())
    assert copies == inner.sum()
