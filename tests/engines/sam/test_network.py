"""The ONNX graphs against the architecture written in plain NumPy, on random weights in the official layout."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage import data

from engines.sam import sam_reference as reference
from engines.sam.pth_files import write_stream, write_zip
from pentaprism.engines.sam import AutoParameters, Embedding, EmbeddingError, WeightsError, load_model
from pentaprism.engines.sam.network.conversion import MANIFEST, converted
from pentaprism.engines.sam.network.engine import SamEngine
from pentaprism.engines.sam.network.picture import Enlarger, Frame
from pentaprism.engines.sam.network.sessions import Sessions

SIDE = 80


@pytest.fixture(scope="module")
def state() -> dict[str, np.ndarray]:
    return reference.vit_weights(3, SIDE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, state: dict[str, np.ndarray]) -> Path:
    path = tmp_path_factory.mktemp("weights")
    write_zip(path / "vit_b.pth", state)
    return path


@pytest.fixture(scope="module")
def engine(folder: Path) -> SamEngine:
    found = load_model("vit_b", folder / "vit_b.pth", threads=1)
    assert isinstance(found, SamEngine)
    return found


def photograph(height: int, width: int) -> np.ndarray:
    return np.ascontiguousarray(data.astronaut()[60 : 60 + height, 120 : 120 + width])


def test_the_vit_encoder_equals_the_reference(engine: SamEngine, state: dict[str, np.ndarray]) -> None:
    rgb = photograph(61, 100)
    wanted = reference.vit(Frame(61, 100, SIDE).prepare(rgb)[0].astype(float), state)
    found = engine.embed(rgb).arrays["tokens"]
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < 2e-4 * np.abs(wanted).max()


def test_the_tinyvit_encoder_equals_the_reference(tmp_path: Path) -> None:
    state = reference.tinyvit_weights(5)
    model = converted("vit_t", write_stream(tmp_path / "vit_t.pt", state), tmp_path, side=SIDE + 16)
    picture = np.random.default_rng(0).normal(size=(3, SIDE + 16, SIDE + 16))
    wanted = reference.tinyvit(picture, state)
    found = Sessions(model, 1).encode(picture[None].astype(np.float32))
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() < 2e-4 * np.abs(wanted).max()


@pytest.mark.parametrize(
    ("points", "labels"),
    [
        ([(20.0, 30.0), (0.0, 0.0)], [1, -1]),
        ([(20.0, 30.0), (60.5, 11.25), (0.0, 0.0)], [1, 0, -1]),
        ([(5.0, 6.0), (70.0, 50.0)], [2, 3]),
        ([(20.0, 30.0), (5.0, 6.0), (70.0, 50.0)], [1, 2, 3]),
    ],
)
def test_the_decoder_equals_the_reference(folder: Path, state: dict[str, np.ndarray], points: Any, labels: Any) -> None:
    sessions = Sessions(converted("vit_b", folder / "vit_b.pth", folder), 1)
    tokens = np.random.default_rng(1).normal(size=(25, 32)).astype(np.float32)
    where, what = np.array(points, np.float32), np.array(labels, np.int64)
    iou, weights, keys = sessions.ask(tokens, np.stack([where, where[::-1]]), np.stack([what, what[::-1]]))
    logits = sessions.draw(keys, weights)
    for index, (at, kind) in enumerate(((where, what), (where[::-1], what[::-1]))):
        wanted_iou, wanted = reference.decode(tokens.astype(float), at.astype(float), kind, SIDE, state)
        assert np.abs(iou[index] - wanted_iou).max() < 1e-4 * max(1.0, np.abs(wanted_iou).max())
        assert np.abs(logits[index] - wanted).max() < 2e-4 * np.abs(wanted).max()


def bilinear(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    """Interpolation between centres of pixels, the published way, one axis after the other."""
    for axis, target in enumerate((height, width)):
        source = plane.shape[axis]
        at = np.maximum((np.arange(target) + 0.5) * source / target - 0.5, 0)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, source - 1)
        share = (at - low).reshape((-1, 1) if axis == 0 else (1, -1))
        plane = np.take(plane, low, axis) * (1 - share) + np.take(plane, high, axis) * share
    return plane


def enlarged(logits: np.ndarray, height: int, width: int) -> np.ndarray:
    inner = Frame(height, width, SIDE).inner
    return bilinear(bilinear(logits.astype(float), SIDE, SIDE)[: inner[0], : inner[1]], height, width)


@pytest.mark.parametrize("shape", [(61, 100), (200, 90), (80, 80), (60, 300)])
def test_masks_are_enlarged_as_the_published_code_does(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(sum(shape))
    logits = np.pad(rng.normal(0, 3, (9, 8)), ((1, 10), (4, 8)), constant_values=-9).astype(np.float32)
    wanted = enlarged(logits, *shape)
    found = Enlarger(Frame(*shape, SIDE)).mask(logits, 1.0)
    assert found is not None
    pixels, left, top, stability = found
    full = np.zeros(shape, bool)
    full[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    assert np.count_nonzero(full != (wanted > 0)) <= 1
    assert stability == pytest.approx((wanted > 1).sum() / (wanted > -1).sum(), abs=2e-3)


def test_prompts_answer_with_the_masks_of_the_reference(engine: SamEngine, state: dict[str, np.ndarray]) -> None:
    rgb = photograph(100, 70)
    embedding = engine.embed(rgb)
    frame = Frame(100, 70, SIDE)
    tokens = embedding.arrays["tokens"].astype(float)
    at = np.concatenate([frame.points(np.array([(30.0, 40.0)])), np.zeros((1, 2))])
    iou, logits = reference.decode(tokens, at, np.array([1, -1]), SIDE, state)
    for multimask, wanted in ((True, (1, 2, 3)), (False, (0,))):
        found = engine.prompt(embedding, [(30, 40)], [1], multimask=multimask)
        expected = {round(float(iou[mask]), 3): enlarged(logits[mask], 100, 70) > 0 for mask in wanted}
        expected = {score: mask for score, mask in expected.items() if mask.any()}
        assert len(found) == len(expected)
        assert [mask.predicted_iou for mask in found] == sorted((mask.predicted_iou for mask in found), reverse=True)
        for mask in found:
            score = min(expected, key=lambda each, mask=mask: abs(each - mask.predicted_iou))
            assert abs(score - mask.predicted_iou) < 2e-3
            assert np.count_nonzero(mask.full(100, 70) != expected[score]) <= 4


def test_an_embedding_saves_the_encoder_and_is_refused_by_other_weights(engine: SamEngine, tmp_path: Path) -> None:
    rgb = photograph(64, 64)
    embedding = Embedding.from_bytes(engine.embed(rgb).to_bytes())
    parameters = AutoParameters(4, 0, 0, 0, 1, 0)
    assert engine.automatic(rgb, parameters, embedding=embedding).masks == engine.automatic(rgb, parameters).masks
    other = load_model("vit_b", write_zip(tmp_path / "other.pth", reference.vit_weights(4, SIDE)), threads=1)
    with pytest.raises(EmbeddingError):
        other.prompt(embedding, [(1, 1)])


def test_conversion_happens_once_and_damage_is_repaired(tmp_path: Path, state: dict[str, np.ndarray]) -> None:
    checkpoint = write_zip(tmp_path / "vit_b.pth", state)
    first = converted("vit_b", checkpoint, tmp_path)
    stamp = (first.folder / MANIFEST).stat().st_mtime_ns
    assert converted("vit_b", checkpoint, tmp_path) == first
    assert (first.folder / MANIFEST).stat().st_mtime_ns == stamp
    data_file = first.folder / "encoder.bin"
    whole = data_file.read_bytes()
    data_file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert converted("vit_b", checkpoint, tmp_path) == first
    assert data_file.read_bytes() == whole
    assert [path.name for path in first.folder.parent.iterdir() if path.is_dir()] == [first.folder.name]


@pytest.mark.parametrize("write", [write_zip, write_stream])
def test_a_checkpoint_is_converted_in_the_memory_of_little_more_than_its_weights(tmp_path: Path, write: Any) -> None:
    checkpoint = write(tmp_path / "wide.pth", reference.vit_weights(6, SIDE, width=384))
    tracemalloc.start()
    try:
        converted("vit_b", checkpoint, tmp_path, sha256="0" * 64)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.4 * checkpoint.stat().st_size


def test_checkpoints_of_something_else_are_refused(tmp_path: Path, state: dict[str, np.ndarray]) -> None:
    lacking = {name: tensor for name, tensor in state.items() if "iou_token" not in name}
    odd = {**state, "image_encoder.neck.0.weight": np.zeros((3, 3), np.float32)}
    for number, tensors in enumerate((lacking, odd, {"a": np.zeros(3, np.float32)})):
        with pytest.raises(WeightsError):
            load_model("vit_b", write_zip(tmp_path / f"{number}.pth", tensors))
    with pytest.raises(WeightsError):
        load_model("vit_b")
    with pytest.raises(ValueError, match="there is no model"):
        load_model("vit_x")
    assert not list((tmp_path / "converted").glob("*/"))
