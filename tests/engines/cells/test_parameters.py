"""What each parameter does, on every model."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from engines.cells.cells_drawing import disk, noisy
from pentaprism.engines.cells import CellsEngine, Segmentation, SegmentParameters

MODELS = ("auto", "classical", "nuclei", "spheroid")


@pytest.fixture(scope="module")
def engine() -> CellsEngine:
    return CellsEngine()


def blurred_blobs(seed: int = 0) -> npt.NDArray[np.uint16]:
    """Soft blobs of different brightness: the threshold matters here."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:200, :260].astype(np.float32)
    total = np.zeros((200, 260), np.float32)
    for _ in range(14):
        cx, cy, width = rng.uniform(20, 240), rng.uniform(20, 180), rng.uniform(6, 12)
        total += rng.uniform(0.6, 1.0) * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * width**2))
    return (2000 + 3000 * total + rng.normal(0, 60, total.shape)).astype(np.uint16)


def run(engine: CellsEngine, picture: npt.NDArray[Any], **values: Any) -> Segmentation:
    return engine.segment(picture, SegmentParameters(**values))


@pytest.mark.parametrize("model", MODELS)
def test_raising_the_threshold_never_enlarges_the_foreground(engine: CellsEngine, model: str) -> None:
    for seed in range(3):
        picture = blurred_blobs(seed)
        masks = [run(engine, picture, model=model, threshold=t).labels > 0 for t in (0.1, 0.3, 0.45, 0.5, 0.6, 0.7, 0.9)]
        areas = [int(m.sum()) for m in masks]
        assert areas == sorted(areas, reverse=True)
        assert areas[1] > areas[5]
        assert all(not (high & ~low).any() for low, high in itertools.pairwise(masks))


def test_small_objects_are_dropped_and_labels_count_up(engine: CellsEngine) -> None:
    rng = np.random.default_rng(1)
    cover = np.maximum(disk((160, 200), 50, 60, 24), disk((160, 200), 150, 110, 5))
    picture = noisy(cover, 20.0, rng)
    assert run(engine, picture, min_size=40).labels.max() == 2
    assert run(engine, picture, min_size=100).labels.max() == 1
    labels = run(engine, picture, min_size=0).labels
    assert set(np.unique(labels)) == set(range(int(labels.max()) + 1))


def test_holes_follow_min_hole_size_and_fill_holes(engine: CellsEngine) -> None:
    rng = np.random.default_rng(2)
    cover = disk((160, 160), 80, 80, 50) - disk((160, 160), 60, 80, 12) - disk((160, 160), 105, 80, 3.5)
    picture = noisy(cover, 20.0, rng)
    area = {
        name: int((run(engine, picture, **values).labels > 0).sum())
        for name, values in {"default": {}, "keep": {"min_hole_size": 0}, "fill": {"fill_holes": True}}.items()
    }
    assert area["default"] - area["keep"] == pytest.approx(np.pi * 3.5**2, abs=12)
    assert area["fill"] - area["default"] == pytest.approx(np.pi * 12**2, rel=0.1)


def test_an_island_in_a_ring_is_an_object_of_its_own(engine: CellsEngine) -> None:
    cover = disk((260, 260), 130, 130, 100) - disk((260, 260), 130, 130, 60) + disk((260, 260), 130, 130, 25)
    assert run(engine, noisy(cover, 10.0, np.random.default_rng(4))).labels.max() == 2


def test_objects_at_the_edge_can_be_left_out(engine: CellsEngine) -> None:
    cover = np.maximum(disk((160, 200), 60, 80, 30), disk((160, 200), 195, 80, 25))
    picture = noisy(cover, 10.0, np.random.default_rng(5))
    assert run(engine, picture).labels.max() == 2
    labels = run(engine, picture, exclude_border=True).labels
    assert labels.max() == 1
    assert labels[80, 60] == 1


@pytest.mark.parametrize("dark", [False, True])
def test_polarity_is_found_or_obeyed(engine: CellsEngine, dark: bool) -> None:
    cover = disk((160, 200), 90, 80, 30)
    picture = noisy(cover, 10.0, np.random.default_rng(6), dark)
    for polarity in ("auto", "dark" if dark else "bright"):
        labels = run(engine, picture, model="classical", polarity=polarity).labels
        assert labels[80, 90] == 1
        assert labels[5, 5] == 0
    wrong = run(engine, picture, model="classical", polarity="bright" if dark else "dark").labels
    assert wrong[80, 90] == 0


@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "int32", "float32", "float64"])
def test_every_sample_type_gives_the_same_objects(engine: CellsEngine, dtype: str) -> None:
    cover = disk((120, 140), 60, 60, 30)
    values = cover > 0.5 if dtype == "bool" else (cover * 200).astype(dtype)
    result = run(engine, values)
    assert result.labels.max() == 1
    assert (result.labels > 0).sum() == pytest.approx(np.pi * 900, rel=0.02)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("picture", [np.zeros((50, 60), np.uint8), np.full((3, 4), 7, np.uint16), np.zeros((1, 1), np.float32)])
def test_a_picture_without_contrast_has_no_objects(engine: CellsEngine, model: str, picture: npt.NDArray[Any]) -> None:
    result = run(engine, picture, model=model)
    assert result.labels.shape == picture.shape
    assert result.labels.max() == 0
    assert result.confidences == []
    assert result.warnings


def test_samples_that_are_not_finite_are_background(engine: CellsEngine) -> None:
    values = noisy(disk((120, 140), 60, 60, 30), 10.0, np.random.default_rng(7)).astype(np.float32)
    values[:10, :10] = np.nan
    values[0, 100] = np.inf
    assert run(engine, values).labels.max() == 1


@pytest.mark.parametrize("shape", [(1, 300), (300, 1), (7, 5), (33, 1000)])
def test_odd_shapes_are_accepted(engine: CellsEngine, shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(8).integers(0, 255, shape).astype(np.uint8)
    for model in MODELS:
        assert run(engine, picture, model=model).labels.shape == shape


@pytest.mark.parametrize("values", [{"threshold": 0.0}, {"threshold": 1.0}, {"min_size": -1}, {"model": "other"}, {"polarity": "grey"}])
def test_values_out_of_range_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must|unknown"):
        SegmentParameters(**values)


@pytest.mark.parametrize("shape", [(0, 5), (5,), (4, 4, 3)])
def test_a_plane_has_two_axes_and_pixels(engine: CellsEngine, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="plane"):
        engine.segment(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("model", MODELS)
def test_the_same_input_gives_the_same_output(engine: CellsEngine, model: str) -> None:
    first, second = (run(engine, blurred_blobs(9), model=model) for _ in range(2))
    assert np.array_equal(first.labels, second.labels)
    assert np.array_equal(first.probability, second.probability)
    assert first.confidences == second.confidences


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7])
def test_the_half_level_of_the_map_follows_the_labels(engine: CellsEngine, model: str, threshold: float) -> None:
    result = run(engine, blurred_blobs(10), model=model, threshold=threshold)
    assert np.array_equal(result.probability >= 0.5, result.labels > 0)


@pytest.mark.parametrize("model", MODELS)
def test_each_object_has_a_confidence_between_nought_and_one(engine: CellsEngine, model: str) -> None:
    result = run(engine, blurred_blobs(11), model=model)
    assert len(result.confidences) == result.labels.max() > 0
    assert all(0 < c <= 1 for c in result.confidences)
    assert result.confidence_method == ("threshold_stability" if result.model == "classical" else "mean_probability")


def test_sharp_objects_are_more_stable_than_soft_ones(engine: CellsEngine) -> None:
    y, x = np.mgrid[:160, :320].astype(np.float32)
    soft = np.exp(-((x - 240) ** 2 + (y - 80) ** 2) / (2 * 22**2))
    picture = (1000 + 2000 * np.maximum(disk((160, 320), 80, 80, 26), soft)).astype(np.uint16)
    sharp, blurred = run(engine, picture, model="classical").confidences
    assert sharp > 0.97
    assert blurred < 0.9


class Stop(Exception):
    pass


@pytest.mark.parametrize("model", MODELS)
def test_progress_rises_and_its_exception_cancels(engine: CellsEngine, model: str) -> None:
    seen: list[float] = []
    engine.segment(blurred_blobs(12), SegmentParameters(model=model), seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert len(seen) >= 4

    def stop(share: float) -> None:
        if share > 0.3:
            raise Stop

    with pytest.raises(Stop):
        engine.segment(blurred_blobs(12), SegmentParameters(model=model), stop)
