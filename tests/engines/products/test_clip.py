"""CLIP encoders that the operator supplies; tiny ones are built here."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from engines.products.clip_encoders import MERGES, save, vocabulary, write_encoders
from engines.products.products_drawing import product
from pentaprism.engines.products import PLACES, ClipEngine, ClipError, ClipFiles, ProductsEngine
from pentaprism.engines.products.clip import prompts
from pentaprism.engines.products.clip_tokenizer import END, START, ClipTokenizer, TokenizerError, split_words


@pytest.fixture
def files(tmp_path: Path) -> ClipFiles:
    return ClipFiles(*write_encoders(tmp_path), name="tiny")


def test_the_picture_meets_its_text(files: ClipFiles) -> None:
    clip = ClipEngine.load(files, threads=1)
    for colour, label in (((250, 20, 20), "mug"), ((20, 20, 250), "chair")):
        found = clip.look(np.full((100, 100, 3), colour, np.uint8))
        assert set(found) == {"label", "material", "pattern", "style"}
        assert all(sum(group.values()) == pytest.approx(1) for group in found.values())
        assert set(found["label"]) == set(PLACES)
        assert found["label"][label] > 0.99


def test_it_answers_in_the_engine_and_says_so(files: ClipFiles) -> None:
    clip = ClipEngine.load(files, threads=1)
    engine = ProductsEngine(threads=1, clip=clip)
    found = engine.analyse(product((250, 20, 20), side=300)[0])
    assert found.classification.label == "mug"
    assert engine.model_version == clip.model_version == f"clip-tiny-{clip.digest[:8]}"
    assert found.engines["classifier"]["kind"] == found.engines["attributes"]["kind"] == "clip"
    assert found.engines["defects"]["kind"] == "embedded"
    assert engine.about()["classifier"]["model_version"] == clip.model_version


def test_vectors_are_kept_for_the_same_bytes_only(files: ClipFiles, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = ClipEngine.load(files, threads=1, cache=cache)
    assert len(list(cache.iterdir())) == 1
    again = ClipEngine.load(files, threads=1, cache=cache)
    picture = np.full((50, 80, 3), (200, 40, 40), np.uint8)
    assert first.look(picture) == again.look(picture)
    (tmp_path / "merges.txt").write_text("\n".join(MERGES[:2]) + "\n")
    changed = ClipEngine.load(files, threads=1, cache=cache)
    assert changed.digest != first.digest
    assert len(list(cache.iterdir())) == 2
    for stored in cache.iterdir():
        stored.write_bytes(b"broken")
    assert ClipEngine.load(files, threads=1, cache=cache).look(picture) == changed.look(picture)


@pytest.mark.parametrize("name", ["image.onnx", "text.onnx", "vocab.json", "merges.txt"])
@pytest.mark.parametrize("content", [None, b"", b"\x00\x01nonsense", b'{"a": 1}'])
def test_unusable_files_are_named_in_plain_words(files: ClipFiles, tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / name
    if content is None:
        path.unlink()
    elif name == "merges.txt" and content == b"":
        path.write_bytes(b"three parts here\n")
    else:
        path.write_bytes(content)
    if name == "merges.txt" and content == b'{"a": 1}':
        assert ClipEngine.load(files, threads=1).model_version.startswith("clip-tiny-")
        return
    with pytest.raises(ClipError) as refused:
        ClipEngine.load(files, threads=1)
    assert str(tmp_path) not in str(refused.value)


def test_encoders_that_give_nothing_are_refused(files: ClipFiles, tmp_path: Path) -> None:
    picture = helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["n", 3, 224, 224])
    vector = helper.make_tensor_value_info("image_embeds", TensorProto.FLOAT, ["n", 3])
    nodes = [
        helper.make_node("GlobalAveragePool", ["pixel_values"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Sub", ["flat", "flat"], ["image_embeds"]),
    ]
    save(tmp_path / "image.onnx", helper.make_graph(nodes, "image", [picture], [vector]))
    with pytest.raises(ClipError, match="without length"):
        ClipEngine.load(files, threads=1)


def test_every_value_has_three_prompts() -> None:
    for label in PLACES:
        sentences = prompts("label", label)
        assert len(set(sentences)) >= 3
        assert not any("_" in sentence for sentence in sentences)


def test_tokens(files: ClipFiles) -> None:
    tokenizer = ClipTokenizer(files.vocabulary, files.merges)
    ids = vocabulary()
    row = tokenizer.encode(["A  Mug, 2 chairs!"])[0]
    spelled = ["a</w>", "mug</w>", ",</w>", "2</w>", *("chai", "r", "s</w>")]
    assert row[: len(spelled) + 2].tolist() == [ids[START], *(ids[part] for part in spelled), ids[END]]
    assert (row[len(spelled) + 2 :] == ids[END]).all()
    long = tokenizer.encode(["mug " * 200])[0]
    assert len(long) == 77
    assert (long[0], long[-1]) == (ids[START], ids[END])


def test_words_are_split_as_published() -> None:
    assert split_words("it's 42 mugs!? don't") == ["it", "'s", "4", "2", "mugs", "!?", "don", "'t"]


def test_a_vocabulary_without_the_marks_is_refused(files: ClipFiles) -> None:
    files.vocabulary.write_text('{"a": 0}')
    with pytest.raises(TokenizerError, match="must map"):
        ClipTokenizer(files.vocabulary, files.merges)
