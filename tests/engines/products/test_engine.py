"""The five steps."""

import json
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from engines.products.products_drawing import product, scene
from pentaprism.core.models.card import ModelCard
from pentaprism.engines import products
from pentaprism.engines.inference import WeightsError
from pentaprism.engines.products import CATEGORIES, STEPS, Correction, Hints, Options, ProductsEngine
from pentaprism.engines.products.engine import shrunk
from pentaprism.engines.products.network import CARD, WEIGHTS, ProductNet

ENGINE = ProductsEngine(threads=1)


def test_the_same_picture_gives_the_same_analysis_in_any_thread() -> None:
    picture = data.chelsea()
    answers: list[object] = []

    def run() -> None:
        found = ENGINE.analyse(picture, Hints(title="A cat"))
        answers.append((found.classification, found.attributes, found.defects, found.description, found.quality))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 3
    assert answers[0] == answers[1] == answers[2]


def test_every_step_is_timed_and_reported() -> None:
    shares: list[float] = []
    found = ENGINE.analyse(product((190, 30, 35))[0], report=shares.append)
    assert tuple(found.milliseconds) == STEPS
    assert all(value >= 0 for value in found.milliseconds.values())
    assert shares == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert set(found.engines) == {"classifier", "attributes", "defects", "description"}
    assert all(set(use) == {"name", "version", "kind", "fallback_from", "reason"} for use in found.engines.values())
    assert {a.name: a.value for a in found.attributes}["color"] == "red"
    assert found.description.model == "template-1"


def test_cancelling_is_noticed_in_every_step() -> None:
    class Cancelled(Exception):
        pass

    def stop() -> None:
        raise Cancelled

    prepared = ENGINE.preprocess(product((190, 30, 35))[0])
    found = ENGINE.classify(prepared)
    for step in (
        lambda: ENGINE.preprocess(prepared.rgb, check=stop),
        lambda: ENGINE.classify(prepared, check=stop),
        lambda: ENGINE.extract_attributes(prepared, found, check=stop),
        lambda: ENGINE.detect_defects(prepared, [], check=stop),
        lambda: ENGINE.describe(prepared, found, [], [], check=stop),
    ):
        with pytest.raises(Cancelled):
            step()


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (31, 200), (33, 33), (3, 2000)])
def test_odd_shapes_are_analysed(shape: tuple[int, int]) -> None:
    found = ENGINE.analyse(np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8))
    if min(shape) < 32:
        assert (found.classification.label, found.classification.scores) == ("other", {})
        assert found.classification.category is None
    assert "small" in found.quality.flags
    assert 40 <= len(found.description.text.split()) <= 150


def test_arrays_of_another_kind_are_refused() -> None:
    for wrong in (
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ):
        with pytest.raises(ValueError, match="picture"):
            ENGINE.preprocess(wrong)


def test_no_label_outside_the_emit_list_comes_from_pixels() -> None:
    allowed = set(json.loads((WEIGHTS / CARD).read_text())["engine"]["emitted"]) | set(CATEGORIES)
    for name in ("chelsea", "coffee", "rocket", "astronaut", "camera", "coins"):
        picture = getattr(data, name)()
        rgb = picture if picture.ndim == 3 else np.dstack([picture] * 3)
        for turned in (rgb, rgb[::-1], 255 - rgb):
            assert ENGINE.classify(ENGINE.preprocess(turned)).label in allowed


def test_a_correction_teaches_the_same_product_only() -> None:
    first = ENGINE.classify(ENGINE.preprocess(product((190, 30, 35), seed=1)[0]))
    again = ENGINE.preprocess(product((190, 30, 35), seed=2)[0])
    assert first.embedding is not None
    taught = [Correction(first.embedding, "watering_can")]
    assert ENGINE.classify(again, corrections=taught).label == "watering_can"
    other = ENGINE.preprocess(shrunk(data.rocket(), 400))
    assert ENGINE.classify(other, corrections=taught).label != "watering_can"


def test_quality_flags() -> None:
    sharp, _ = scene("stain", 1)
    assert ENGINE.preprocess(cv2.resize(sharp, (800, 800))).quality.flags == []
    soft = ENGINE.preprocess(cv2.GaussianBlur(cv2.resize(sharp, (800, 800)), (0, 0), 9)).quality
    assert "blurry" in soft.flags
    assert "dark" in ENGINE.preprocess((sharp * 0.12).astype(np.uint8)).quality.flags
    assert "overexposed" in ENGINE.preprocess(np.clip(sharp.astype(int) + 215, 0, 255).astype(np.uint8)).quality.flags
    assert "small" in ENGINE.preprocess(cv2.resize(sharp, (200, 400))).quality.flags
    blocks = np.random.default_rng(0).integers(0, 256, (44, 44, 3)).astype(np.uint8)
    busy = blocks.repeat(10, axis=0).repeat(10, axis=1)
    busy[110:330, 110:330] = (60, 90, 160)
    assert "busy_background" in ENGINE.preprocess(busy).quality.flags
    for name, value in ENGINE.preprocess(sharp).quality.to_dict().items():
        assert name == "flags" or 0 <= value <= 1


def test_the_cards_are_model_cards_and_the_weights_are_theirs() -> None:
    for path in sorted(WEIGHTS.glob("*.json")):
        ModelCard.model_validate_json(path.read_bytes())
    assert (WEIGHTS / "product-net.onnx").stat().st_size < 8_000_000
    about = ENGINE.about()
    assert about["classifier"]["model_version"] == "product-net-1.2.0"
    assert all(
        row["precision"] >= 0.6 for label, row in about["classifier"]["scores"]["labels"].items() if label in about["classifier"]["labels"]
    )


def test_changed_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot read"):
        ProductNet(folder=tmp_path)
    (tmp_path / CARD).write_bytes((WEIGHTS / CARD).read_bytes())
    with pytest.raises(WeightsError, match="cannot read"):
        ProductNet(folder=tmp_path).run(np.zeros((64, 64, 3), np.uint8))
    (tmp_path / "product-net.onnx").write_bytes((WEIGHTS / "product-net.onnx").read_bytes()[:-1] + b"?")
    with pytest.raises(WeightsError, match="not the file"):
        ProductNet(folder=tmp_path).run(np.zeros((64, 64, 3), np.uint8))


def test_an_absent_clip_is_declared() -> None:
    found = ProductsEngine(Options(), threads=1, clip_problem="the vocabulary is no JSON").analyse(product((190, 30, 35))[0])
    assert found.engines["classifier"]["fallback_from"] == "clip"
    assert found.engines["attributes"]["reason"] == "the vocabulary is no JSON"


@pytest.mark.alone
def test_twelve_megapixels_take_less_than_a_second() -> None:
    picture = cv2.resize(scene("stain", 1)[0], (4000, 3000), interpolation=cv2.INTER_CUBIC)
    engine = ProductsEngine()
    engine.analyse(picture)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        engine.analyse(picture)
        times.append(time.perf_counter() - start)
    assert min(times) < 1.0


def test_the_package_knows_its_names() -> None:
    assert all(getattr(products, name) is not None for name in products.__all__)
    with pytest.raises(AttributeError):
        _ = products.nothing
